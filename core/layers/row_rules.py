"""How a layer type treats the rows of axis 0: each on its own, or together, and then why.

Rows are independent where row i of every top comes from row i of every bottom alone, whatever the
other rows hold and however many there are. A rule answers "" for that, else what the layer does.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.layers.axes import canonical_axis
from core.layers.layer_type import RowRule, Shape
from core.net.definition import Layer


def rows_alone(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    """The rule of types that never look beyond a row."""
    return ""


def rows_together(claim: str) -> RowRule:
    """The rule of types that always do, or of which nobody knows."""

    def rule(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
        return claim

    return rule


def rows_unless_axis_0(claim: str, message: str, *spellings: str, default: int = 1) -> RowRule:
    """The rule of types that work along an axis, or from one on; `spellings` beside "axis"."""

    def rule(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
        param = layer.param(message)
        name = next((name for name in spellings if param.has(name)), "axis")
        axis = canonical_axis(param.integer(name, default), len(bottoms[0]))
        return "" if axis else f"{claim} axis 0, the axis of the images"

    return rule


ONE_NUMBER = rows_together("gives one number for the whole batch")
BOX_ROWS = rows_together("gives as many rows as it finds boxes, not one for each image")
NOT_KNOWN = rows_together("is of a type of which nobody knows how it treats the images of a batch")
