"""What real Caffe makes of every file of the corpus, kept so that checks run without it."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.net.text import decode_prototxt, encode_prototxt
from tests.corpus.oracle import ask, task
from tests.corpus.stand_ins import with_stand_ins

GOLDEN = Path(__file__).parents[1] / "data" / "corpus_in_caffe.json.gz"
Entries = dict[str, dict[str, Any]]
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


def is_solver(real: dict[str, Any]) -> bool:
    """Whether real Caffe was asked about a solver: it reads, but has no layers to upgrade."""
    return real["reads"] and "upgraded" not in real


def digest(rows: object) -> str:
    """A short hash of plain values."""
    return hashlib.sha256(json.dumps(rows).encode("utf-8")).hexdigest()[:16]


def sha256(content: bytes) -> str:
    """The hash that says whether an answer is about these bytes."""
    return hashlib.sha256(content).hexdigest()


def ask_all(command: Sequence[str], paths: Sequence[Path], solvers: set[str]) -> Entries:
    """Everything real Caffe says of these files; `solvers` are names of those that are no nets."""
    contents = {path.name: path.read_bytes() for path in paths}
    entries = _read_all(command, contents, solvers)
    read = [name for name in contents if "upgraded" in entries[name]]
    built = _build_all(command, {name: contents[name] for name in read})
    stand_ins, renamed = {}, {}
    for name in read:
        entries[name]["built"] = built[name]
        net = read_net(decode_prototxt(contents[name]))
        if "blobs" not in built[name]:
            stand_ins[name] = encode_prototxt(with_stand_ins(net))
        elif net.in_place_layers:
            renamed[name] = encode_prototxt(plan_rename_all(net).new_text)
    for key, texts in (("stand_in", stand_ins), ("renamed", renamed)):
        asked = {name: content for name, content in texts.items() if content}
        for name, answer in _build_all(command, asked).items():
            entries[name][key] = {"sha256": sha256(asked[name]), **answer}
    return entries


def _read_all(command: Sequence[str], contents: dict[str, bytes], solvers: set[str]) -> Entries:
    tasks = [
        task(content, "solver" if name in solvers else "upgrade", states=STATES)
        for name, content in contents.items()
    ]
    entries = {}
    for name, answer in zip(contents, ask(command, tasks), strict=True):
        entries[name] = {"sha256": sha256(contents[name]), "reads": answer["reads"]}
        entries[name]["refusal"] = "" if answer["reads"] else reason(answer["log"])
        if "upgraded" in answer:
            entries[name]["upgraded"] = digest(answer["upgraded"])
            entries[name]["states"] = {k: digest(kept) for k, kept in answer["states"].items()}
    return entries


def _build_all(command: Sequence[str], contents: dict[str, bytes]) -> Entries:
    tasks = [task(content, "build", state=STATES["TEST"]) for content in contents.values()]
    answers = ask(command, tasks)
    return {name: _built(answer) for name, answer in zip(contents, answers, strict=True)}


def _built(answer: dict[str, Any]) -> dict[str, Any]:
    """Blobs and parameters with their shapes and the outputs; {"reason"} when Caffe refuses."""
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
