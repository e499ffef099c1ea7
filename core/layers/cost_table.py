"""What the layers of a net cost, one by one and in sum, and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.csv_table import rows_as_csv
from core.layers.records import find_records
from core.layers.shapes import NetShapes
from core.net.definition import Layer, Net
from core.net.find import FindRecord
from core.words import plural

HEADER = (
    "layer", "type", "bottoms", "blob versions", "output shapes", "in place", "overwritten",
    "parameters", "parameters share", "MACs", "MACs share", "memory bytes", "memory share",
)  # fmt: skip


class LayerCosts(NamedTuple):
    """Parameters that no earlier layer holds, MACs, and bytes of tops in storage of their own."""

    params: int = 0
    macs: int = 0
    memory: int = 0


NO_COSTS = LayerCosts()


def costs_of(shapes: NetShapes, layer: Layer, record: FindRecord) -> LayerCosts:
    """What a layer adds to the sums of its net."""
    owned = sum(math.prod(shape) for shape in shapes.of(layer).owned_parameters)
    return LayerCosts(owned, record.macs, record.memory)


def total_costs(costs: Iterable[LayerCosts]) -> LayerCosts:
    """The sums; what is shared by name, by in-place layers or by Split counts once."""
    columns = tuple(zip(*costs, strict=True))
    return LayerCosts(*map(sum, columns)) if columns else NO_COSTS


def net_as_csv(net: Net, shapes: NetShapes) -> bytes:
    """The table of a whole net."""
    pairs = zip(net.layers, find_records(net, shapes), strict=True)
    return layers_as_csv([(record, costs_of(shapes, layer, record)) for layer, record in pairs])


def layers_as_csv(rows: Sequence[tuple[FindRecord, LayerCosts]]) -> bytes:
    """One line a layer, then the sums of these layers; shares are fractions of them."""
    totals = total_costs(costs for _, costs in rows)
    lines = (_line(record, costs, totals) for record, costs in rows)
    empty = ("",) * 5
    sums = _with_shares(totals, totals)
    return rows_as_csv((HEADER, *lines, ("total", plural(len(rows), "layer"), *empty, *sums)))


def _line(record: FindRecord, costs: LayerCosts, totals: LayerCosts) -> tuple[object, ...]:
    shapes = ("?" if s is None else "x".join(map(str, s)) for s in record.shapes)
    return (
        record.name,
        record.type,
        " ".join(record.bottoms),
        " ".join(record.versions),
        " ".join(shapes),
        "yes" if record.is_in_place else "no",
        "yes" if record.is_hidden else "no",
        *_with_shares(costs, totals),
    )


def _with_shares(costs: LayerCosts, totals: LayerCosts) -> tuple[object, ...]:
    pairs = zip(costs, totals, strict=True)
    return tuple(
        value for part, total in pairs for value in (part, f"{part / total:.6f}" if total else "0")
    )
