"""Holds every real prototxt against real Caffe and writes core/net/CORPUS.md.

    python -m tests.corpus.report [--ask-caffe "COMMAND"] [--run] [--check]

Without --ask-caffe the kept answers of real Caffe are used. --run takes the nets through the torch
engine too. --check writes nothing and fails where the file would change.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import PrototxtError
from core.net.text import read_prototxt
from tests.corpus import running
from tests.corpus.checks import Checked, check
from tests.corpus.golden import ask_all, load_golden, save_golden
from tests.corpus.table import write_table

REPOSITORY = Path(__file__).resolve().parents[2]
TABLE = REPOSITORY / "core" / "net" / "CORPUS.md"
RUNS = REPOSITORY / "tests" / "data" / "corpus_runs.json"


def material() -> Path:
    """The folder of the optional test material."""
    named = os.environ.get("BLOBSCOPE_TEST_MATERIAL")
    return Path(named) if named else REPOSITORY.parent / "shared" / "data"


def corpus() -> list[dict[str, Any]]:
    """Its list of files."""
    return list(json.loads((material() / "corpus.json").read_text(encoding="utf-8")))


def check_all(golden: dict[str, dict[str, Any]]) -> Iterator[Checked]:
    """Every file of the corpus that real Caffe was asked about."""
    for entry in corpus():
        path = material() / "prototxts" / entry["file"]
        yield check(path, golden[path.name])


def run_all(names: Sequence[str]) -> dict[str, str]:
    """By file name, "" or why the torch engine did not run it."""
    said: dict[str, str] = {}
    process = running.start()
    try:
        for name in names:
            if not process.is_alive:
                process.close()
                process = running.start()
            try:
                said[name] = running.run(process, read_prototxt(material() / "prototxts" / name))
            except PrototxtError as error:
                said[name] = f"line {error.position.line}: {error.sentence}"
            sys.stderr.write(f"{name}: {said[name] or 'ran'}\n")
    finally:
        process.close()
    return said


def main() -> int:
    """Write the table; 1 where something is wrong, or with --check where it would change."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--ask-caffe", metavar="COMMAND")
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.ask_caffe:
        paths = [material() / "prototxts" / entry["file"] for entry in corpus()]
        solvers = {entry["file"] for entry in corpus() if entry.get("parses_as") == "solver"}
        save_golden(ask_all(shlex.split(options.ask_caffe), paths, solvers))
    found = list(check_all(load_golden()))
    if options.run:
        nets = [one.name for one in found if one.kind not in ("solver", "no net", "unreadable")]
        RUNS.write_text(json.dumps(run_all(nets), indent=1, sort_keys=True) + "\n")
    text = write_table(found, json.loads(RUNS.read_text(encoding="utf-8")))
    faults = [f"{one.name}: {fault}" for one in found for fault in one.faults]
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    if options.check:
        return int(bool(faults) or TABLE.read_text(encoding="utf-8") != text)
    TABLE.write_text(text, encoding="utf-8")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
