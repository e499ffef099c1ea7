"""A number for each layer or value of a net, whatever it comes from, and how it is written."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.csv_table import plain_cell
from core.errors import RequestError
from core.net.definition import Net
from core.reading import read_file
from core.words import plural_with, value_text

Key = tuple[str, str]
Together = Literal["sum", "max", "min"]
_MOST_BYTES = 16 << 20
_MOST_NAMED = 3


@dataclass(frozen=True)
class LayerNumbers:
    """Numbers by (layer, top); "" for the top of a number that is the whole layer's.

    A layer without a number is left out, it is never 0. unit: "%", "ms" or "". source: what they
    are of, in a few words. facts: (name, words) on where they come from. together: what several
    layers in one box come to. missing: what to say of a layer without one. is_log: equal ratios
    are equal steps of colour.
    """

    name: str
    unit: str
    values: Mapping[Key, float]
    source: str
    facts: tuple[tuple[str, str], ...] = ()
    together: Together = "max"
    missing: str = "not computed"
    is_log: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """ "zeros, %"."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    @property
    def by_layer(self) -> dict[str, float]:
        """The number of each layer: of several tops the one that stands for all of them."""
        of_layer: dict[str, list[float]] = {}
        for (layer, _), value in self.values.items():
            of_layer.setdefault(layer, []).append(value)
        return {layer: self._together(values) for layer, values in of_layer.items()}

    def _together(self, values: list[float]) -> float:
        if self.together == "sum":
            return sum(values)
        return max(values) if self.together == "max" else min(values)

    def write(self, value: float) -> str:
        """The number as it stands on a box, without its unit."""
        if math.isnan(value):
            return "NaN"
        if self.unit == "%":
            return f"{value:.1f}" if abs(value) >= 0.05 or value == 0 else "< 0.1"
        if self.unit == "ms":
            return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
        return value_text(value)


def read_numbers(path: Path, net: Net) -> LayerNumbers:
    """Numbers of a CSV: rows of layer and value, or of layer, top and value; headings may be there.

    Raises RequestError for a file that holds none for this net, or something that is no number.
    """
    text = read_file(path, _MOST_BYTES, error=RequestError).decode("utf-8-sig", "replace")
    values: dict[Key, float] = {}
    unknown: list[str] = []
    title = path.stem
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if len(cells) not in (2, 3):
            raise RequestError(
                f"{path.name}, line {number}: {len(cells)} cells.",
                hint="A row is layer,value or layer,top,value.",
            )
        layer, value = plain_cell(cells[0]), _number(cells[-1])
        if value is None and not values and not unknown:
            title = cells[-1] or title  # the headings
            continue
        if value is None:
            raise RequestError(f"{path.name}, line {number}: '{cells[-1]}' is no number.")
        if not net.has_layer(layer):
            unknown.append(layer)
            continue
        values[layer, plain_cell(cells[1]) if len(cells) == 3 else ""] = value
    if not values:
        raise RequestError(
            f"{path.name} has no number for a layer of this net.",
            hint="A row is layer,value, with the names of the prototxt.",
        )
    facts = [("File", path.name)]
    if unknown:
        named = ", ".join(unknown[:_MOST_NAMED])
        more = plural_with(len(unknown), "name", "is", "are")
        facts.append(("Left out", f"{more} not in the net: {named}"))
    return LayerNumbers(title, "", values, path.name, tuple(facts), missing="not in the file")


def _number(text: str) -> float | None:
    """A finite number or NaN; None for words."""
    try:
        return float(text)
    except ValueError:
        return None
