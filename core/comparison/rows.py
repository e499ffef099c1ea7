"""Two nets as rows of a table: a layer, its counterpart, and what differs in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path

from core.comparison.differences import NONE, Difference, Effect, NetSide, differences_of
from core.comparison.paired_lines import PairedLine
from core.comparison.pairs import LayerPair, NetComparison
from core.errors import AppError
from core.layers.records import find_records
from core.net.definition import Layer
from core.net.find import FindRecord
from core.words import join_names, shape_text

_MINUS = "\N{MINUS SIGN}"
_MOST_NAMED = 3
WRITTEN_BY = "written by "


class Status(Enum):
    """How two layers of a row stand to each other; the value is the sign."""

    EQUAL = "="
    FOLLOWS = "≈"
    CHANGED = "~"
    REMOVED = _MINUS
    ADDED = "+"

    @property
    def is_difference(self) -> bool:
        """Whether the texts of the two layers differ in something that counts."""
        return self not in (Status.EQUAL, Status.FOLLOWS)


class Cell(Enum):
    """What a pane shows of a layer."""

    FAMILY = " "
    NAME = "Name"
    TYPE = "Type"
    BLOB = "Blob@version"
    SHAPE = "Output shape"


CELLS = tuple(Cell)
_CONSEQUENCES = {
    "Output shape": "shape",
    "Weights": "weights",
    "Work": "work",
    "After forward": "lifetime of its blob",
}


@dataclass(frozen=True)
class ComparedFile:
    """One of the two files as it was read; `error` says why there is no net in it.

    is_open: the text is that of the open model, with its edits. source: the lines of a text that
    can't be parsed.
    """

    path: Path
    is_open: bool = False
    is_edited: bool = False
    side: NetSide | None = None
    error: AppError | None = None
    source: tuple[str, ...] = ()
    note: str = ""

    @property
    def title(self) -> str:
        """The file's name, and that it is edited."""
        return f"{self.path.name} (edited)" if self.is_edited else self.path.name


@dataclass(frozen=True)
class ComparisonRow:
    """One row of both panes; a side is None where the net has no such layer."""

    pair: LayerPair
    before: FindRecord | None
    after: FindRecord | None
    differences: tuple[Difference, ...] = ()
    counted: tuple[Difference, ...] = field(default=(), compare=False)

    @cached_property
    def status(self) -> Status:
        """How the two stand to each other, in what counts."""
        if self.after is None:
            return Status.REMOVED
        if self.before is None:
            return Status.ADDED
        if any(d.effect != "follows" for d in self.counted):
            return Status.CHANGED
        return Status.FOLLOWS if self.counted else Status.EQUAL

    @cached_property
    def words(self) -> str:
        """What differs, on one line."""
        return _row_words(self)

    @property
    def name(self) -> str:
        """The layer's name; of a renamed one, the first net's."""
        record = self.before or self.after
        return record.name if record else ""

    def record(self, *, is_first: bool) -> FindRecord | None:
        """The layer of one side."""
        return self.before if is_first else self.after

    def text(self, cell: Cell, *, is_first: bool) -> str:
        """What a cell of one side shows."""
        record = self.record(is_first=is_first)
        if record is None:
            return ""
        if cell is Cell.NAME:
            return record.name
        if cell is Cell.TYPE:
            return record.type
        if cell is Cell.BLOB:
            return ", ".join(record.versions)
        if cell is Cell.SHAPE:
            return shape_text(record.shapes[0]) if record.shapes else ""
        return ""

    def is_marked(self, cell: Cell) -> bool:
        """Whether both sides have the layer and this cell differs."""
        if self.before is None or self.after is None or cell is Cell.FAMILY:
            return False
        return self.text(cell, is_first=True) != self.text(cell, is_first=False)


@dataclass(frozen=True)
class Comparison:
    """Two files that could be read, matched; `lines` are their texts side by side."""

    first: ComparedFile
    second: ComparedFile
    nets: NetComparison | None = None
    rows: tuple[ComparisonRow, ...] = ()
    lines: tuple[PairedLine, ...] = ()


def comparison_rows(
    nets: NetComparison, first: NetSide, second: NetSide
) -> tuple[ComparisonRow, ...]:
    """One row a pair, with everything that differs in words."""
    old = find_records(first.net, first.shapes)
    new = find_records(second.net, second.shapes)
    rows = []
    for pair in nets.pairs:
        differences = differences_of(pair, first, second)
        rows.append(
            ComparisonRow(
                pair, _of(pair.before, old), _of(pair.after, new), differences, differences
            )
        )
    return tuple(rows)


def without(rows: Sequence[ComparisonRow], ignored: Collection[Effect]) -> list[ComparisonRow]:
    """The same rows, in which differences of these effects do not count."""
    return [
        ComparisonRow(
            row.pair,
            row.before,
            row.after,
            row.differences,
            tuple(d for d in row.differences if d.effect not in ignored),
        )
        for row in rows
    ]


def _row_words(row: ComparisonRow) -> str:
    if row.after is None:
        return "only in the first"
    if row.before is None:
        return "only in the second"
    status = row.status
    if status is Status.FOLLOWS:
        kinds = dict.fromkeys(_CONSEQUENCES[d.kind] for d in row.counted)
        return f"same text, other {join_names(list(kinds))}"
    if status is Status.EQUAL:
        return "equal in what counts" if row.differences else ""
    return ", ".join(_phrases([d for d in row.counted if d.effect != "follows"]))


def _phrases(counted: Sequence[Difference]) -> list[str]:
    phrases = []
    if any(d.kind == "Layer name" for d in counted):
        phrases.append("renamed")
    results = [d for d in counted if d.effect == "result"]
    phrases += [_result_phrase(d) for d in results[:_MOST_NAMED]]
    if len(results) > _MOST_NAMED:
        phrases.append(f"{len(results) - _MOST_NAMED} more")
    renamed = {d.name.partition(" ")[0] for d in counted if d.kind == "Blob name"}
    if renamed:
        phrases.append(f"other {'blob' if len(renamed) > 1 else renamed.pop()} names")
    n_training = sum(d.effect == "training" for d in counted)
    if n_training:
        phrases.append(f"training settings ({n_training})")
    if any(d.effect == "spelling" for d in counted):
        phrases.append("same values spelled otherwise")
    return phrases


def _result_phrase(difference: Difference) -> str:
    if difference.kind != "Wiring":
        return difference.short
    before, after = difference.before.partition(",")[0], difference.after.partition(",")[0]
    if NONE in (before, after):
        return f"no longer reads {before}" if after == NONE else f"reads {after} too"
    if before != after:
        return f"reads {after}, not {before}"
    writers = (text.rpartition(WRITTEN_BY)[2] for text in (difference.after, difference.before))
    return f"reads {after} of {', not of '.join(writers)}"


def _of(layer: Layer | None, records: Sequence[FindRecord]) -> FindRecord | None:
    return None if layer is None else records[layer.index]
