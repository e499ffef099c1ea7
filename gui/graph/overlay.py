"""A number for each layer as the colour of its box, and what it comes to for folded layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.layer_numbers import LayerNumbers
from core.layers.cost_table import costs_of
from core.layers.records import find_records
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.words import bytes_text, share_text, short_count

CostKind = Literal["parameters", "multiply-adds", "memory"]
_FINE = 1000
"""Parts of a unit in which shares are taken: milliseconds are no whole numbers."""
COST_KINDS: tuple[CostKind, ...] = ("parameters", "multiply-adds", "memory")


@dataclass(frozen=True)
class Overlay:
    """Numbers by layer name; a layer without one is drawn dashed, never as zero.

    write: a number as it stands on a box. fold: what the layers of one box come to; beside a sum
    stands its share of all. is_log: equal ratios are equal steps of colour. notes: a second word
    by layer, such as an interval, for boxes of that layer alone. missing: what dashed boxes are.
    """

    title: str
    values: Mapping[str, float]
    write: Callable[[float], str]
    fold: Literal["sum", "max", "min"] = "max"
    is_log: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    missing: str = "no value"

    def value_of(self, layers: Iterable[str]) -> float | None:
        """What these layers come to together, None where none has a number."""
        known = [self.values[name] for name in layers if name in self.values]
        if not known:
            return None
        if self.fold == "sum":
            return sum(known)
        return max(known) if self.fold == "max" else min(known)


@dataclass(frozen=True)
class OverlayMark:
    """What a box shows: its colour from 0.0 (least) to 1.0 (most), and words."""

    fraction: float
    words: str
    note: str = ""


@dataclass(frozen=True)
class OverlayScale:
    """An overlay over the boxes that are drawn: from the least of their numbers to the most."""

    overlay: Overlay
    least: float
    most: float

    def mark_of(self, layers: tuple[str, ...]) -> OverlayMark | None:
        """What a box of these layers shows, None for a dashed one."""
        value = self.overlay.value_of(layers)
        if value is None:
            return None
        note = self.overlay.notes.get(layers[0], "") if len(layers) == 1 else ""
        if self.overlay.fold == "sum":
            whole = sum(self.overlay.values.values())
            note = share_text(round(_FINE * value), round(_FINE * whole))
        return OverlayMark(self._fraction(value), self.overlay.write(value), note)

    def _fraction(self, value: float) -> float:
        least, most = self.least, self.most
        if self.overlay.is_log and least > 0:
            least, most, value = math.log(least), math.log(most), math.log(value)
        if most <= least:
            return 1.0
        return min(1.0, max(0.0, (value - least) / (most - least)))


def scale_over(overlay: Overlay, boxes: Iterable[tuple[str, ...]]) -> OverlayScale | None:
    """The scale over boxes of these layers; None where none of them has a number."""
    values = [value for layers in boxes if (value := overlay.value_of(layers)) is not None]
    return OverlayScale(overlay, min(values), max(values)) if values else None


def overlay_of(numbers: LayerNumbers) -> Overlay:
    """The numbers of a job as the colour of boxes; what is not finite has no colour of its own."""
    finite = {name: value for name, value in numbers.by_layer.items() if math.isfinite(value)}
    return Overlay(
        numbers.title,
        finite,
        numbers.write,
        fold=numbers.together,
        is_log=numbers.is_log,
        notes=numbers.notes,
        missing=numbers.missing,
    )


def cost_overlay(kind: CostKind, net: Net, shapes: NetShapes) -> Overlay:
    """What the layers cost, by the prototxt alone; what is shared counts once, for its first layer.

    Parameters and multiply-adds are counts, memory is bytes of a forward pass.
    """
    values = {}
    for layer, record in zip(net.layers, find_records(net, shapes), strict=True):
        costs = costs_of(shapes, layer, record)
        numbers = {
            "parameters": costs.params,
            "multiply-adds": costs.macs,
            "memory": costs.memory,
        }
        if numbers[kind] > 0:
            values[layer.name] = float(numbers[kind])
    write = bytes_text if kind == "memory" else short_count
    return Overlay(
        kind,
        values,
        lambda value: write(round(value)),
        fold="sum",
        is_log=True,
        missing="none of its own" if kind != "multiply-adds" else "none",
    )
