"""How the graph of a net was left: folds, direction, options and the place in view."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import msgspec

from core.errors import AppError
from core.typed_json import as_type, parse_json
from gui.graph.drawing import DEFAULT_OPTIONS, DrawingOptions
from gui.graph.folding import FoldMemory
from gui.graph.overlay import CostKind

_MOST_OPENED = 5000
_MOST_CHARACTERS = 1 << 20
_LEAST_SCALE, _MOST_SCALE = 1e-4, 1e4
_FARTHEST = 1e8
"""Scene units from the origin; the longest nets are drawn within a hundredth of it."""


@dataclass(frozen=True)
class GraphMemory:
    """What opening the same net again brings back.

    scale: 1.0 at 100 %; centre: the middle of the view in scene units; both None: the beginning.
    colour: what the boxes are filled by, None for the families.
    """

    folds: FoldMemory
    options: DrawingOptions = DEFAULT_OPTIONS
    scale: float | None = None
    centre: tuple[float, float] | None = None
    colour: CostKind | None = None


class _Record(msgspec.Struct, frozen=True):
    """The memory as JSON."""

    folded: bool
    opened: list[tuple[str, str]]
    direction: Literal["TB", "LR"] = "TB"
    dropped: bool = True
    shapes: bool = False
    scale: float | None = None
    centre: tuple[float, float] | None = None
    colour: CostKind | None = None


def memory_to_json(memory: GraphMemory) -> str:
    """One line of JSON, for settings and session files."""
    record = _Record(
        memory.folds.is_on,
        sorted(memory.folds.opened),
        memory.options.direction,
        memory.options.shows_inactive,
        memory.options.shows_edge_shapes,
        memory.scale,
        memory.centre,
        memory.colour,
    )
    return msgspec.json.encode(record).decode()


def memory_from_json(text: str) -> GraphMemory | None:
    """What was kept; None for anything else, since a damaged entry is worth no message."""
    if len(text) > _MOST_CHARACTERS:
        return None
    try:
        record = as_type(parse_json(text, "graph"), _Record, "graph")
    except AppError:
        return None
    folds = FoldMemory(record.folded, frozenset(record.opened[:_MOST_OPENED]))
    options = DrawingOptions(record.direction, record.dropped, record.shapes)
    if record.scale is None or record.centre is None or not _can_be_shown(record):
        return GraphMemory(folds, options, colour=record.colour)
    return GraphMemory(folds, options, record.scale, record.centre, record.colour)


def _can_be_shown(record: _Record) -> bool:
    """Whether scale and centre are such as a view can have."""
    scale, centre = record.scale or 0.0, record.centre or ()
    is_near = all(math.isfinite(at) and abs(at) <= _FARTHEST for at in centre)
    return is_near and _LEAST_SCALE <= scale <= _MOST_SCALE
