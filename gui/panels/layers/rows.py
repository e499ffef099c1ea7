"""The rows of the layer table as plain values, and the bracket beside them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from core.layers.cost_table import NO_COSTS, LayerCosts, costs_of, total_costs
from core.layers.records import find_records
from core.layers.shapes import NetShapes
from core.net.definition import BlobVersion, Net
from core.net.find import FindRecord
from core.words import bytes_text, count_text, shape_text, short_count


class Gutter(Enum):
    """What piece of an in-place bracket a row carries."""

    NONE = ""
    FIRST = "first"
    MEMBER = "member"
    PAST = "past"
    LAST = "last"


class Column(Enum):
    """The columns in their order; the value is the header."""

    GUTTER = ""
    FAMILY = " "
    NAME = "Name"
    BLOB = "Blob@version"
    SHAPE = "Shape"
    TYPE = "Type"
    PARAMS = "Params"
    SHARE = "Share"
    MACS = "MACs"
    MEMORY = "Memory"
    NUMBER = "Number"


COLUMNS = tuple(Column)
COST_COLUMNS = frozenset({Column.PARAMS, Column.MACS, Column.MEMORY})
RIGHT_COLUMNS = COST_COLUMNS | {Column.SHAPE, Column.SHARE, Column.NUMBER}


@dataclass(frozen=True)
class LayerRow:
    """One layer; `chains` are the blobs it writes that other layers write too."""

    index: int
    record: FindRecord
    blob: str
    chains: tuple[str, ...]
    is_overwritten: bool
    is_shared: bool
    is_own: bool
    is_unbound: bool
    tooltip: str
    costs: LayerCosts = NO_COSTS
    share: float = 0.0
    """Of the net's parameters, 0 to 1; what layers share by name counts for the first."""
    overlay: tuple[float, str, float] | None = None
    """The number that colours its box on the graph, how it is written, and its place between the
    least (0) and the most (1) of all; None for none."""

    def text(self, column: Column) -> str:
        """What the cell of a column shows."""
        record = self.record
        if column is Column.NAME:
            return record.name
        if column is Column.TYPE:
            return record.type
        if column is Column.BLOB:
            return self.blob
        if column is Column.SHAPE:
            return _one_image_text(record.shapes[0]) if record.shapes else ""
        if column is Column.PARAMS:
            return count_text(record.params)
        if column is Column.SHARE:
            return f"{100 * self.share:.1f} %" if self.costs.params else "0"
        if column is Column.MACS:
            return short_count(record.macs)
        if column is Column.MEMORY:
            return bytes_text(record.memory)
        if column is Column.NUMBER:
            return self.overlay[1] if self.overlay is not None else "–"
        return ""

    def cost(self, column: Column) -> int:
        """What the layer adds to the total of a column."""
        by_column = {
            Column.PARAMS: self.costs.params,
            Column.MACS: self.costs.macs,
            Column.MEMORY: self.costs.memory,
        }
        return by_column.get(column, 0)

    def number(self, column: Column) -> int:
        """What the cell of a column of numbers counts: of a shape, its values."""
        record = self.record
        by_column = {
            Column.PARAMS: record.params,
            Column.SHARE: self.costs.params,
            Column.MACS: record.macs,
            Column.MEMORY: record.memory,
        }
        if column is not Column.SHAPE:
            return by_column.get(column, 0)
        shape = record.shapes[0] if record.shapes else None
        return -1 if shape is None else math.prod(shape)

    def sort_key(self, column: Column) -> tuple[object, ...]:
        """Orders rows by a column; equal ones stay in file order."""
        if column is Column.NUMBER:
            value = self.overlay[0] if self.overlay is not None else -math.inf
            return (value, self.index)
        if column in RIGHT_COLUMNS:
            return (self.number(column), self.index)
        if column is Column.FAMILY:
            return (self.record.family, self.index)
        if column is Column.GUTTER:
            return (not self.is_overwritten, not self.is_shared, self.index)
        return (self.text(column).lower(), self.index)


def layer_rows(
    net: Net,
    shapes: NetShapes,
    *,
    unbound: Collection[str] = (),
    own_blobs: Collection[tuple[str, str]] = (),
) -> tuple[LayerRow, ...]:
    """One row a layer, in file order; unbound: layers whose weights no file holds."""
    records = find_records(net, shapes)
    rows = [
        _row(net, shapes, index, record, record.name in unbound, own_blobs)
        for index, record in enumerate(records)
    ]
    whole = total_costs(row.costs for row in rows).params
    return tuple(replace(row, share=row.costs.params / whole if whole else 0.0) for row in rows)


def gutter_marks(rows: Sequence[LayerRow]) -> tuple[Gutter, ...]:
    """The bracket beside rows in file order: it spans each chain's rows that are shown."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        for chain in row.chains:
            places.setdefault(chain, []).append(place)
    marks = [Gutter.NONE] * len(rows)
    for members in places.values():
        first, last = members[0], members[-1]
        span = range(first, last + 1)
        if len(members) < 2 or any(marks[place] is not Gutter.NONE for place in span):
            continue
        for place in span:
            marks[place] = Gutter.MEMBER if place in members else Gutter.PAST
        marks[first], marks[last] = Gutter.FIRST, Gutter.LAST
    return tuple(marks)


def _row(
    net: Net,
    shapes: NetShapes,
    index: int,
    record: FindRecord,
    is_unbound: bool,
    own_blobs: Collection[tuple[str, str]],
) -> LayerRow:
    written = net.written(net.layers[index])
    return LayerRow(
        index=index,
        record=record,
        blob=", ".join(version.label for version in written),
        chains=tuple(version.blob for version in written if version.n_versions > 1),
        is_overwritten=record.is_hidden,
        is_shared=any(version.n_versions > 1 for version in written),
        is_own=any((record.name, version.blob) in own_blobs for version in written),
        is_unbound=is_unbound,
        tooltip=_tooltip(written, is_unbound),
        costs=costs_of(shapes, net.layers[index], record),
    )


def _tooltip(written: Sequence[BlobVersion], is_unbound: bool) -> str:
    sentences = [
        f"{version.overwritten_by} overwrites {version.label}."
        for version in written
        if version.overwritten_by
    ]
    if is_unbound:
        sentences.append("No weights in the file: it keeps its filler values.")
    return "\n".join(sentences)


def _one_image_text(shape: Sequence[int] | None) -> str:
    """A shape without its batch, as the graph writes it."""
    return shape_text(shape if shape is None or len(shape) < 2 else shape[1:])
