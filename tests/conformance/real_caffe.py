"""Asking real Caffe what it makes of cases."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.conformance.case import Case, Shape

HERE = Path(__file__).resolve().parent
TIMEOUT_SECONDS = 1800


class RealCaffeError(Exception):
    """The command does not run real Caffe."""


@dataclass(frozen=True)
class Answer:
    """What real Caffe made of one case: shapes and values, or the sentence it died with.

    memory: bytes of all blobs, each storage once and none that parameters own.
    """

    error: str = ""
    blobs: Mapping[str, Shape] = field(default_factory=dict)
    parameters: Mapping[str, tuple[Shape, ...]] = field(default_factory=dict)
    memory: int = 0
    values: Mapping[str, np.ndarray] = field(default_factory=dict)


def ask_real_caffe(
    command: Sequence[str], cases: Sequence[Case]
) -> tuple[tuple[str, ...], dict[str, Answer]]:
    """The layer types of that Caffe, and its answer to each case."""
    source = "".join((HERE / name).read_text() for name in ("seeded_values.py",
                                                            "real_caffe_child.py"))  # fmt: skip
    asked = {"cases": [_told(case) for case in cases]}
    done = subprocess.run(
        [*command, "-c", source],
        input=json.dumps(asked).encode(),
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RealCaffeError(done.stderr.decode(errors="replace")[-2000:])
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as arrays:
        found = json.loads(arrays["found"].tobytes())
        values: dict[str, dict[str, np.ndarray]] = {}
        for key in arrays.files:
            name, _, blob = key.partition("|")
            values.setdefault(name, {})[blob] = arrays[key] if blob else None
    answers = {name: make_answer(row, values.get(name, {})) for name, row in found["cases"].items()}
    return tuple(found["types"]), answers


def make_answer(row: Mapping[str, object], values: Mapping[str, np.ndarray]) -> Answer:
    """An answer from its JSON."""
    if row.get("error"):
        return Answer(error=str(row["error"]))
    blobs = {name: tuple(shape) for name, shape in row["blobs"].items()}  # type: ignore[attr-defined]
    parameters = {
        name: tuple(tuple(shape) for shape in shapes)
        for name, shapes in row["parameters"].items()  # type: ignore[attr-defined]
    }
    return Answer("", blobs, parameters, int(str(row["memory"])), dict(values))


def _told(case: Case) -> dict[str, object]:
    return {
        "name": case.name,
        "prototxt": case.prototxt,
        "inputs": [[given.blob, list(given.shape), given.kind] for given in case.inputs],
        "parameters": case.parameters,
    }
