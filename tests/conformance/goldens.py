"""Real Caffe's answers to the grids, kept in tests/data/conformance.

Made with `BLOBSCOPE_CAFFE_PYTHON="..." python -m tests.conformance.goldens`, where real Caffe is
there. One .npz a family: "answers", JSON bytes, and "values", all blobs one after the other.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.conformance import (
    grid_axes,
    grid_elementwise,
    grid_inputs,
    grid_learned,
    grid_losses,
    grid_windows,
)
from tests.conformance.case import Case
from tests.conformance.real_caffe import Answer, ask_real_caffe, make_answer

FOLDER = Path(__file__).resolve().parents[1] / "data" / "conformance"
TYPES_FILE = FOLDER / "caffe_types.txt"
COMMAND_VARIABLE = "BLOBSCOPE_CAFFE_PYTHON"
FAMILIES = {
    "axes": grid_axes,
    "elementwise": grid_elementwise,
    "inputs": grid_inputs,
    "learned": grid_learned,
    "losses": grid_losses,
    "windows": grid_windows,
}


class StaleGoldensError(Exception):
    """A grid has changed since real Caffe answered it."""


def family_cases(family: str) -> tuple[Case, ...]:
    """The cases of one grid."""
    cases = FAMILIES[family].make_grid().cases
    names = [case.name for case in cases]
    if len(set(names)) < len(names):
        raise ValueError(f"two cases of {family} have the same name")
    return tuple(cases)


def read_goldens(family: str) -> list[tuple[Case, Answer]]:
    """Every case of a grid with real Caffe's answer."""
    with np.load(FOLDER / f"{family}.npz", allow_pickle=False) as arrays:
        rows = json.loads(arrays["answers"].tobytes())
        values = arrays["values"]
    found, at = {}, 0
    for name, row in rows.items():
        blobs = {}
        for blob in row.get("kept", ()):
            shape = tuple(row["blobs"][blob])
            size = int(np.prod(shape))
            blobs[blob] = values[at : at + size].reshape(shape)
            at += size
        found[name] = row["digest"], make_answer(row, blobs)
    cases = family_cases(family)
    stale = [case.name for case in cases if found.get(case.name, ("",))[0] != case.digest]
    if stale or len(found) != len(cases):
        raise StaleGoldensError(f"{family}: {stale[:3]}: run python -m tests.conformance.goldens")
    return [(case, found[case.name][1]) for case in cases]


def write_goldens(family: str, cases: Sequence[Case], answers: Mapping[str, Answer]) -> None:
    """Keep what real Caffe said; inputs come from their seed again."""
    rows, values = {}, []
    for case in cases:
        answer = answers[case.name]
        row: dict[str, object] = {"digest": case.digest}
        if answer.error or case.is_undefined:
            rows[case.name] = row | {"error": answer.error or "reads beyond its memory"}
            continue
        kept = [blob for blob in answer.values if _is_computed(case, blob)]
        values += [answer.values[blob].ravel() for blob in kept]
        rows[case.name] = row | {
            "blobs": answer.blobs,
            "parameters": answer.parameters,
            "memory": answer.memory,
            "kept": kept,
        }
    FOLDER.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        FOLDER / f"{family}.npz",
        answers=np.frombuffer(json.dumps(rows).encode(), np.uint8),
        values=np.concatenate(values).astype(np.float32),
    )


def _is_computed(case: Case, blob: str) -> bool:
    """An input that no layer overwrites says nothing."""
    is_input = any(given.blob == blob for given in case.inputs)
    return not is_input or case.prototxt.count(f'top: "{blob}"') > 1


def main() -> int:
    """Ask real Caffe about every grid, or those named on the command line."""
    command = shlex.split(os.environ.get(COMMAND_VARIABLE, ""))
    if not command:
        print(f"Set {COMMAND_VARIABLE} to a Python that imports caffe.", file=sys.stderr)
        return 2
    for family in sys.argv[1:] or FAMILIES:
        cases = family_cases(family)
        types, answers = ask_real_caffe(command, cases)
        write_goldens(family, cases, answers)
        TYPES_FILE.write_text("\n".join(sorted(types)) + "\n", encoding="utf-8")
        n_refused = sum(bool(answer.error) for answer in answers.values())
        print(f"{family}: {len(cases)} cases, {n_refused} refused by real Caffe")
    return 0


if __name__ == "__main__":
    sys.exit(main())
