"""What real Caffe makes of every file of the corpus, kept so that checks run without it."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import PrototxtError
from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.net.text import decode_prototxt, encode_prototxt
from tests.corpus.oracle import ask, task
from tests.corpus.stand_ins import with_stand_ins

GOLDEN = Path(__file__).parents[1] / "data" / "corpus_in_caffe.json.gz"
STATES = {"TEST": ["TEST", 0, []], "TRAIN": ["TRAIN", 0, []]}
_SPLIT = re.compile(r"_split(_\d+)?$")
_FATAL = re.compile(r"^F\d{4} \S+ +\d+ ([\w.]+:\d+)\] (.*)$", re.MULTILINE)
_PARSING = re.compile(r"text-format caffe\.\w+: (\d+):\d+: (.*)")


def load_golden() -> dict[str, dict[str, Any]]:
    """By file name: sha256, reads, refusal, upgraded, states, built, stand_in, renamed."""
    with gzip.open(GOLDEN, "rt", encoding="utf-8") as file:
        return dict(json.load(file))


def save_golden(entries: dict[str, dict[str, Any]]) -> None:
    """The same entries give the same bytes."""
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    GOLDEN.write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))


def digest(rows: object) -> str:
    """A short hash of plain values."""
    return hashlib.sha256(json.dumps(rows).encode("utf-8")).hexdigest()[:16]


def sha256(content: bytes) -> str:
    """The hash that says whether an answer is about these bytes."""
    return hashlib.sha256(content).hexdigest()


def ask_about(command: Sequence[str], path: Path, is_solver: bool) -> dict[str, Any]:
    """Everything real Caffe says of one file."""
    content = path.read_bytes()
    steps = ("solver",) if is_solver else ("upgrade",)
    (answer,) = ask(command, [task(content, *steps, states=STATES)])
    entry: dict[str, Any] = {"sha256": sha256(content), "reads": answer["reads"]}
    entry["refusal"] = "" if answer["reads"] else reason(answer["log"])
    if is_solver:
        return entry
    if answer["reads"]:
        entry["upgraded"] = digest(answer["upgraded"])
        entry["states"] = {name: digest(kept) for name, kept in answer["states"].items()}
        entry["built"] = build(command, content)
    try:
        net = read_net(decode_prototxt(content))
    except PrototxtError:
        return entry
    if answer["reads"] and "blobs" not in entry["built"]:
        entry["stand_in"] = _built_of(command, with_stand_ins(net))
    if answer["reads"] and "blobs" in entry["built"] and net.in_place_layers:
        entry["renamed"] = _built_of(command, plan_rename_all(net).new_text)
    return entry


def _built_of(command: Sequence[str], text: str) -> dict[str, Any]:
    if not text:
        return {}
    content = encode_prototxt(text)
    return {"sha256": sha256(content), **build(command, content)}


def build(command: Sequence[str], content: bytes) -> dict[str, Any]:
    """Blobs and parameters with their shapes and the outputs; {"reason"} when Caffe refuses."""
    (answer,) = ask(command, [task(content, "build", state=STATES["TEST"])])
    if "net" not in answer:
        return {"reason": reason(answer["log"])}
    net = answer["net"]
    return {
        "blobs": {name: size for name, size in net["blobs"].items() if not _SPLIT.search(name)},
        "parameters": net["parameters"],
        "outputs": sorted(net["outputs"]),
        "n_splits": sum(kind == "Split" for kind in net["types"]),
    }


def reason(log: str) -> str:
    """Caffe's own last words, without times, process numbers and places in memory."""
    parsing = _PARSING.search(log)
    if parsing:
        return f"line {parsing[1]}: {parsing[2]}"
    fatal = _FATAL.search(log)
    if fatal:
        return re.sub(r" \(known types: .*", "", fatal[2])[:200].strip()
    named = re.findall(r"^(\w*Error: .*)$", log, re.MULTILINE)
    python = [line for line in named if "returned NULL" not in line]
    return (python or ["it ended without a word"])[-1][:200]
