"""How the graph of a net was left: folds, direction, options and the place in view."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gui.graph.drawing import DEFAULT_OPTIONS, DrawingOptions
from gui.graph.folding import FoldMemory

_MOST_OPENED = 5000


@dataclass(frozen=True)
class GraphMemory:
    """What opening the same net again brings back.

    scale: 1.0 at 100 %; centre: the middle of the view in scene units; both None: the beginning.
    """

    folds: FoldMemory
    options: DrawingOptions = DEFAULT_OPTIONS
    scale: float | None = None
    centre: tuple[float, float] | None = None


def memory_to_json(memory: GraphMemory) -> str:
    """One line of JSON, for settings and session files."""
    return json.dumps(
        {
            "folded": memory.folds.is_on,
            "opened": sorted(memory.folds.opened),
            "direction": memory.options.direction,
            "dropped": memory.options.shows_inactive,
            "shapes": memory.options.shows_edge_shapes,
            "scale": memory.scale,
            "centre": memory.centre,
        }
    )


def memory_from_json(text: str) -> GraphMemory | None:
    """What was kept; None for anything else, since a damaged entry is worth no message."""
    try:
        said = json.loads(text)
        return _read(said) if isinstance(said, dict) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _read(said: dict[str, Any]) -> GraphMemory:
    opened = frozenset((str(kind), str(title)) for kind, title in said["opened"][:_MOST_OPENED])
    scale, centre = said.get("scale"), said.get("centre")
    options = DrawingOptions(
        "LR" if said.get("direction") == "LR" else "TB",
        bool(said.get("dropped", True)),
        bool(said.get("shapes", False)),
    )
    folds = FoldMemory(bool(said["folded"]), opened)
    if scale is None or centre is None:
        return GraphMemory(folds, options)
    x, y = centre
    return GraphMemory(folds, options, float(scale), (float(x), float(y)))
