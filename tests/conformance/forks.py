"""Layers that stock Caffe lacks, beside what OpenCV, BVLC's layers or plain loops say.

Goldens in tests/data/forks: NAME.prototxt with a layer "l", NAME.npz with input/BLOB, param/l/i and
blob/TOP, index.json with type and source. Made by `make_fork_goldens`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.values import Value
from core.weights.writer import write_caffemodel
from tests.conformance.agreement import Agreement, Run, relative_difference, run_in_torch

FOLDER = Path(__file__).resolve().parents[1] / "data" / "forks"
INDEX: dict[str, dict[str, Any]] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
TOLERANCE = 1e-5


@dataclass(frozen=True)
class ForkAgreement:
    """How well a case agrees; `source` says where its golden comes from."""

    name: str
    type: str
    source: str
    agreement: Agreement


def compare_forks(run: Run = run_in_torch) -> Iterator[ForkAgreement]:
    """Every case, in name order."""
    for name, entry in sorted(INDEX.items()):
        yield ForkAgreement(name, entry["type"], entry["source"], compare_fork(name, run))


def compare_fork(name: str, run: Run = run_in_torch) -> Agreement:
    """Run a case and hold its tops beside the golden."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        given = {key: arrays[key] for key in arrays.files}
    inputs = {key[6:]: given[key] for key in given if key.startswith("input/")}
    goldens = {key[5:]: given[key] for key in given if key.startswith("blob/")}
    n_learned = sum(key.startswith("param/") for key in given)
    learned = [given[f"param/l/{i}"] for i in range(n_learned)]
    text = (FOLDER / f"{name}.prototxt").read_text(encoding="utf-8")
    wanted = [Value("l", top) for top in goldens]
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "net.caffemodel"
        write_caffemodel(weights, "net", [("l", INDEX[name]["type"], learned)])
        found = run(text, weights, inputs, wanted)
    pairs = zip(found, goldens.values(), strict=True)
    worst = max(relative_difference(ours, golden) for ours, golden in pairs)
    complaint = f"differs by {worst:.2g}"
    return Agreement(worst, () if worst < TOLERANCE else (complaint,))
