"""Every real net that Caffe can build: renamed, run in real Caffe, and taken back to its bytes.

    python -m tests.corpus.rename [--material FOLDER] [--only TEXT] [--out FILE.json]

Real Caffe is the command in BLOBSCOPE_CAFFE_PYTHON.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.edits.give_back import plan_give_back
from core.errors import AppError
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename_all
from core.net.text import encode_prototxt
from core.net.text_edits import apply_edits
from tests.corpus.caffe_pair import PairResult, run_pair

REPOSITORY = Path(__file__).resolve().parents[2]


def check_file(path: Path, command: Sequence[str]) -> dict[str, Any]:
    """What became of one file, in plain values."""
    net = load_net(path)
    row: dict[str, Any] = {"file": path.name, "in_place": len(net.in_place_layers)}
    if not net.in_place_layers:
        return {**row, "outcome": "nothing in place"}
    plan = plan_rename_all(net)
    after = read_net(plan.new_text)
    undone = apply_edits(plan.new_text, plan.inverse().edits)
    row["undo"] = encode_prototxt(undone) == path.read_bytes()
    try:
        layers = list(dict.fromkeys(rename.layer for rename in plan.renames))
        back = plan_give_back(after, layers).new_text
        row["give_back"] = encode_prototxt(back) == path.read_bytes()
    except AppError as error:
        row["give_back"] = str(error)
    started = time.perf_counter()
    try:
        result = _run(command, net.text, plan.new_text)
    except Exception as error:  # whatever stops one net must not stop the list
        return {**row, "outcome": "not run", "why": f"{type(error).__name__}: {error}"[:400]}
    row |= {
        "outcome": "identical" if result.is_identical else "DIFFERENT",
        "outputs": result.n_outputs,
        "different": result.different,
        "dull": result.dull,
        "splits_added": result.n_layers[1] - result.n_layers[0],
        "seconds": round(time.perf_counter() - started, 1),
    }
    return row


def _run(command: Sequence[str], before: str, after: str) -> PairResult:
    """With other numbers where an output came out as one value, on which equality says little."""
    for seed in range(3, 7):
        result = run_pair(command, before, after, seed=seed)
        if not result.dull:
            break
    return result


def main() -> int:
    """Print a line a file and the counts; 1 where a net differs or does not come back."""
    parser = argparse.ArgumentParser(description=__doc__)
    named = os.environ.get("BLOBSCOPE_TEST_MATERIAL")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    parser.add_argument("--material", type=Path, default=folder)
    parser.add_argument("--only", default="", help="files whose name has this text")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    command = shlex.split(os.environ.get("BLOBSCOPE_CAFFE_PYTHON", ""))
    if not command:
        parser.error("set BLOBSCOPE_CAFFE_PYTHON to a Python with pycaffe")
    rows = []
    for entry in json.loads((options.material / "corpus.json").read_text()):
        if entry.get("instantiates") and options.only in entry["file"]:
            rows.append(check_file(options.material / "prototxts" / entry["file"], command))
            print(json.dumps(rows[-1]), flush=True)
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n")
    counts = Counter(row["outcome"] for row in rows)
    renamed = [row for row in rows if "undo" in row]
    print(
        f"{len(rows)} nets: {dict(counts)}; undo gives the original bytes: "
        f"{sum(row['undo'] for row in renamed)} of {len(renamed)}; given back: "
        f"{sum(row['give_back'] is True for row in renamed)} of {len(renamed)}"
    )
    is_good = all(row["undo"] for row in renamed) and not counts["DIFFERENT"]
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
