"""Whether images may share a pass: the first layer that does not treat each row on its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import PrototxtError
from core.layers.axes import show_shape
from core.layers.layer_type import Shape, ShapeRefused
from core.layers.registry import layer_type
from core.layers.shapes import NetShapes
from core.net.definition import Layer, Net


@dataclass(frozen=True)
class RowMixing:
    """A layer whose rows of axis 0 aren't proved to be one image each; `reason` is a sentence."""

    layer: Layer
    reason: str


def mixing_layer(net: Net, shapes: NetShapes, layers: Sequence[Layer]) -> RowMixing | None:
    """The first of these layers whose tops aren't proved to hold one row for each image.

    layers: those that the wanted values need, in net order; shapes: of the batch that goes in.
    None: a pass of n images gives what n passes of one image give, row by row.
    """
    n_rows: int | None = None
    for layer in layers:
        bottoms = shapes.bottoms(layer)
        if n_rows is None and bottoms and bottoms[0]:
            n_rows = bottoms[0][0]
        tops = zip(layer.tops, shapes.of(layer).tops, strict=True)
        claim = _claim(layer, bottoms, tops, n_rows, layer.phase_in(net.state))
        if claim:
            return RowMixing(layer, f"{layer.type} '{layer.name}' {claim}.")
    return None


def _claim(
    layer: Layer,
    bottoms: Sequence[Shape | None],
    tops: Iterable[tuple[str, Shape | None]],
    n_rows: int | None,
    phase: str,
) -> str:
    """What the layer does to the rows; the counts catch what no rule of a type foresees."""
    known = layer_type(layer.type)
    if not known.bottoms.allows(len(bottoms)):
        return f"can't run: it takes {known.bottoms} bottoms"
    if not bottoms:
        return known.rows(layer, (), phase)
    missing = _count(zip(layer.bottoms, bottoms, strict=True), "reads", n_rows)
    if missing:
        return missing
    try:
        claim = known.rows(layer, [shape for shape in bottoms if shape is not None], phase)
    except (ShapeRefused, PrototxtError) as refused:
        return f"can't run: {refused}".rstrip(".")
    return claim or _count(tops, "writes", n_rows)


def _count(blobs: Iterable[tuple[str, Shape | None]], verb: str, n_rows: int | None) -> str:
    for blob, shape in blobs:
        if shape is None:
            return f"{verb} '{blob}', whose size is not known"
        if not shape or shape[0] != n_rows:
            return f"{verb} '{blob}' of {show_shape(shape)}, which has no row for each image"
    return ""
