"""Which rows of a comparison are shown and what counts, and each as a row of a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.comparison.differences import Difference, Effect
from core.comparison.rows import Cell, ComparisonRow, Status, without
from core.net.find import Query
from core.words import join_names
from gui.widgets.figure_table import FigureRow

HEADINGS = ("Layer", "What", "A", "B")
KINDS = {Status.CHANGED: "warning", Status.REMOVED: "error", Status.ADDED: "ok"}
"""The colours of each status; the sign says the same."""

_SHORT = {"bottom": "bottom", "top": "top", "name": "name", "type": "type"}


class ShownRows:
    """All rows of a comparison; what counts, and which are shown, can be chosen."""

    def __init__(self) -> None:
        self._whole: tuple[ComparisonRow, ...] = ()
        self._query = Query(())
        self.is_only_differences = True
        self.ignored: frozenset[Effect] = frozenset()
        self.rows: tuple[ComparisonRow, ...] = ()
        self.shown: tuple[ComparisonRow, ...] = ()

    def set_rows(self, rows: Sequence[ComparisonRow]) -> None:
        """Show another comparison."""
        self._whole = tuple(rows)
        self._refresh()

    def set_choice(self, query: Query, *, is_only_differences: bool) -> None:
        """Show only what matches on either side; or only what differs of it."""
        self._query, self.is_only_differences = query, is_only_differences
        self._refresh()

    def set_ignored(self, ignored: Collection[Effect]) -> None:
        """Let differences of these effects count as equal."""
        self.ignored = frozenset(ignored)
        self._refresh()

    def count(self, *statuses: Status) -> int:
        """How many rows stand so, hidden ones included."""
        return sum(row.status in statuses for row in self.rows)

    def place_of(self, row: ComparisonRow | None) -> int | None:
        """Where a pair of layers stands in the table, None when it is filtered out."""
        if row is None:
            return None
        return next((i for i, other in enumerate(self.shown) if other.pair is row.pair), None)

    def row_of(self, name: str, *, is_first: bool) -> ComparisonRow | None:
        """The row of a layer of one net."""
        for row in self.rows:
            record = row.record(is_first=is_first)
            if record is not None and record.name == name:
                return row
        return None

    def next_difference(self, place: int, by: int) -> int | None:
        """The next row down (by 1) or up (by -1) that differs, around the ends."""
        n = len(self.shown)
        order = ((place + by * step) % n for step in range(1, n + 1))
        return next((i for i in order if self.shown[i].status.is_difference), None)

    def _refresh(self) -> None:
        self.rows = tuple(without(self._whole, self.ignored))
        self.shown = tuple(row for row in self.rows if self._is_shown(row))

    def _is_shown(self, row: ComparisonRow) -> bool:
        if self.is_only_differences and not row.status.is_difference:
            return False
        records = [record for record in (row.before, row.after) if record is not None]
        return any(self._query.matches(record) for record in records)


def figure_row(row: ComparisonRow) -> FigureRow:
    """A pair of layers with what differs: at a glance what, before and after; more on hover."""
    what, before, after = _cells(row)
    record = row.before or row.after
    return FigureRow(
        (_name(row), what, before, after),
        record.family if record else "",
        roles={1: "secondary", 2: "error_text", 3: "ok_text"},
        tip="\n".join(f"{d.kind}: {d.short}" for d in row.counted) or row.words,
        sign=row.status.value,
        kind=KINDS.get(row.status, "info"),
    )


def _name(row: ComparisonRow) -> str:
    if row.before is not None and row.after is not None and row.before.name != row.after.name:
        return f"{row.before.name}, {row.after.name}"
    return row.name


def _cells(row: ComparisonRow) -> tuple[str, str, str]:
    if row.after is None:
        return "only in A", _facts(row, is_first=True), ""
    if row.before is None:
        return "only in B", "", _facts(row, is_first=False)
    if row.status is Status.EQUAL:
        return row.words, "", ""
    if row.status is Status.FOLLOWS:
        return row.words, "", ""
    told = [d for d in row.counted if d.effect != "follows"]
    what = list(dict.fromkeys(_short(d) for d in told))
    return join_names(what), _values(told, is_first=True), _values(told, is_first=False)


def _facts(row: ComparisonRow, *, is_first: bool) -> str:
    kinds = row.text(Cell.TYPE, is_first=is_first), row.text(Cell.SHAPE, is_first=is_first)
    return ", ".join(filter(None, kinds))


def _short(difference: Difference) -> str:
    """ "bottom" for "bottom 0": which of several stands in the tooltip."""
    return _SHORT.get(difference.name.partition(" ")[0], difference.name)


def _values(told: Sequence[Difference], *, is_first: bool) -> str:
    return ", ".join(d.before if is_first else d.after for d in told)
