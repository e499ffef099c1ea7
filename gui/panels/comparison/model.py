"""The model behind both panes of a comparison: rows that pass the filter, in matched order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from core.comparison.differences import Effect
from core.comparison.rows import CELLS, Cell, ComparisonRow, Status, without
from core.net.find import Query
from gui.widgets.plain_text import plain_tip

N_CELLS = len(CELLS)
SIGN_COLUMN = N_CELLS
WORDS_COLUMN = 2 * N_CELLS + 1
N_COLUMNS = WORDS_COLUMN + 1
ROW_ROLE = int(Qt.UserRole)


@dataclass(frozen=True)
class ColumnPlace:
    """Which cell of which side a column shows; None for the sign and the words."""

    cell: Cell | None
    is_first: bool

    def text(self, row: ComparisonRow) -> str:
        """What the column says of a row: of the two without a cell, the sign is the first."""
        if self.cell is None:
            return row.status.value if self.is_first else row.words
        return row.text(self.cell, is_first=self.is_first)


PLACES = (
    *(ColumnPlace(cell, is_first=True) for cell in CELLS),
    ColumnPlace(None, is_first=True),
    *(ColumnPlace(cell, is_first=False) for cell in CELLS),
    ColumnPlace(None, is_first=False),
)
"""Every column of the table, from the left."""


class ComparisonModel(QAbstractTableModel):
    """Shows ComparisonRows; what counts, and which rows are shown, can be chosen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._whole: tuple[ComparisonRow, ...] = ()
        self._rows: tuple[ComparisonRow, ...] = ()
        self._shown: tuple[ComparisonRow, ...] = ()
        self._query = Query(())
        self._is_only_differences = True
        self._ignored: frozenset[Effect] = frozenset()

    @property
    def rows(self) -> tuple[ComparisonRow, ...]:
        """All rows, in matched order."""
        return self._rows

    @property
    def shown(self) -> tuple[ComparisonRow, ...]:
        """The rows in the table."""
        return self._shown

    @property
    def ignored(self) -> frozenset[Effect]:
        """The effects that do not count."""
        return self._ignored

    def set_rows(self, rows: Sequence[ComparisonRow]) -> None:
        """Show another comparison."""
        self._whole = tuple(rows)
        self._refresh()

    def set_choice(self, query: Query, *, is_only_differences: bool) -> None:
        """Show only what matches on either side; or only what differs of it."""
        self._query, self._is_only_differences = query, is_only_differences
        self._refresh()

    def set_ignored(self, ignored: Collection[Effect]) -> None:
        """Let differences of these effects count as equal."""
        self._ignored = frozenset(ignored)
        self._refresh()

    def count(self, *statuses: Status) -> int:
        """How many rows stand so, hidden ones included."""
        return sum(row.status in statuses for row in self._rows)

    def row_at(self, index: QModelIndex) -> ComparisonRow | None:
        """The row of a cell."""
        return self._shown[index.row()] if index.isValid() else None

    def place_of(self, row: ComparisonRow | None) -> int | None:
        """Where a pair of layers stands in the table, None when it is filtered out."""
        if row is None:
            return None
        return next((i for i, other in enumerate(self._shown) if other.pair is row.pair), None)

    def next_difference(self, place: int, by: int) -> int | None:
        """The next row down (by 1) or up (by -1) that differs, around the ends."""
        n = len(self._shown)
        order = ((place + by * step) % n for step in range(1, n + 1))
        return next((i for i in order if self._shown[i].status.is_difference), None)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else N_COLUMNS

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        row = self.row_at(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.DisplayRole:
            return PLACES[index.column()].text(row)
        if role == Qt.ToolTipRole:
            return plain_tip(self._tooltip(row, index.column())) or None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> object:
        if orientation != Qt.Horizontal:
            return None
        place = PLACES[section]
        if role == Qt.DisplayRole:
            if place.cell is None:
                return "" if place.is_first else "What differs"
            return place.cell.value
        if role == Qt.TextAlignmentRole:
            side = Qt.AlignRight if place.cell is Cell.SHAPE else Qt.AlignLeft
            return int(side | Qt.AlignVCenter)
        return None

    def _tooltip(self, row: ComparisonRow, column: int) -> str:
        if PLACES[column].cell is not None:
            return PLACES[column].text(row)
        return "\n".join(f"{d.kind}: {d.short}" for d in row.counted) or row.words

    def _refresh(self) -> None:
        self.beginResetModel()
        self._rows = tuple(without(self._whole, self._ignored))
        self._shown = tuple(row for row in self._rows if self._is_shown(row))
        self.endResetModel()

    def _is_shown(self, row: ComparisonRow) -> bool:
        if self._is_only_differences and not row.status.is_difference:
            return False
        records = [record for record in (row.before, row.after) if record is not None]
        return any(self._query.matches(record) for record in records)
