"""How close the PyTorch engine is to real Caffe for each layer type, as CONFORMANCE.md has it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).with_name("CONFORMANCE.md")
_CELLS = ("type", "shape", "cost", "torch", "caffe", "cases", "refused", "worst", "remark")


class Conformance(NamedTuple):
    """What was measured of one type.

    worst: the largest relative difference of a blob over all cases; is_real_caffe: whether the
    golden values are real Caffe's, else they are a fork's reference (OpenCV, loops after a paper).
    """

    n_cases: int
    worst: float
    is_real_caffe: bool

    @property
    def words(self) -> str:
        """ "equal to real Caffe to 3e-7"; "equal to real Caffe" where no case differs at all."""
        to_whom = "real Caffe" if self.is_real_caffe else "its reference"
        if not self.worst:
            return f"equal to {to_whom}"
        digits, power = f"{self.worst:.0e}".split("e")
        return f"equal to {to_whom} to {digits}e{int(power)}"


def conformance_of(type_name: str) -> Conformance | None:
    """What is known of a type; None for one that the PyTorch engine does not run or compare."""
    return _table().get(type_name)


@cache
def _table() -> Mapping[str, Conformance]:
    """The rows of the table of types, which `make conformance` measures and writes."""
    found = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        cells = dict(zip(_CELLS, (cell.strip() for cell in line.split("|")[1:-1]), strict=False))
        is_row = len(cells) == len(_CELLS) and cells["type"].startswith("`")
        if is_row and cells["torch"] == "yes" and cells["cases"].isdigit():
            found[cells["type"].strip("`")] = Conformance(
                int(cells["cases"]), float(cells["worst"]), cells["caffe"] == "yes"
            )
    return found
