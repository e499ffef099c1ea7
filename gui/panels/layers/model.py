"""The layer table's model: rows that pass the filter, in the chosen order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from core.layer_numbers import LayerNumbers
from core.layers.cost_table import NO_COSTS, LayerCosts, total_costs
from core.net.find import Query
from gui.panels.layers.rows import (
    COLUMNS,
    COST_COLUMNS,
    RIGHT_COLUMNS,
    Column,
    Gutter,
    LayerRow,
    gutter_marks,
)
from gui.widgets.plain_text import plain_tip

ROW_ROLE = int(Qt.UserRole)
GUTTER_ROLE = int(Qt.UserRole) + 1


class LayerModel(QAbstractTableModel):
    """Shows LayerRows; sorting and filtering never change them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[LayerRow, ...] = ()
        self._shown: tuple[LayerRow, ...] = ()
        self._gutters: tuple[Gutter, ...] = ()
        self._query = Query(())
        self._is_in_place_only = False
        self._is_hidden_only = False
        self._totals = NO_COSTS
        self._numbers: LayerNumbers | None = None
        self._sorted_by: Column | None = None
        self._is_descending = False

    @property
    def rows(self) -> tuple[LayerRow, ...]:
        """All rows, in file order."""
        return self._rows

    @property
    def shown(self) -> tuple[LayerRow, ...]:
        """The rows in the table, in its order."""
        return self._shown

    @property
    def totals(self) -> LayerCosts:
        """The costs of all rows."""
        return self._totals

    @property
    def sorted_by(self) -> Column | None:
        """The column the rows are ordered by; None is the order of the file."""
        return self._sorted_by

    @property
    def has_numbers(self) -> bool:
        """Whether there is a column of numbers."""
        return self._numbers is not None

    def set_numbers(self, numbers: LayerNumbers | None) -> None:
        """Take numbers for a column of their own; None for none."""
        self._numbers = numbers
        self.set_rows(self._rows)

    def set_rows(self, rows: Sequence[LayerRow]) -> None:
        """Show other layers, or the same ones changed."""
        is_same = len(rows) == len(self._rows)
        self._rows = self._numbered(rows)
        self._totals = total_costs(row.costs for row in rows)
        shown = self._choose()
        if is_same and [r.index for r in shown] == [r.index for r in self._shown]:
            self._shown = shown
            self._gutters = self._mark()
            last = self.index(len(shown) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self._refresh()

    def set_filter(
        self, query: Query, is_in_place_only: bool, is_hidden_only: bool = False
    ) -> None:
        """Show only what matches; in place: the layers of chains; hidden: those overwritten."""
        self._query = query
        self._is_in_place_only = is_in_place_only
        self._is_hidden_only = is_hidden_only
        self._refresh()

    def set_order(self, column: Column | None, *, is_descending: bool = False) -> None:
        """Order by a column, or as in the file."""
        self._sorted_by = column
        self._is_descending = is_descending
        self._refresh()

    def row_at(self, index: QModelIndex) -> LayerRow | None:
        """The layer of a cell."""
        return self._shown[index.row()] if index.isValid() else None

    def chains_of(self, layer_name: str) -> frozenset[str]:
        """The blobs that a layer shares with others."""
        chains = (row.chains for row in self.rows if row.record.name == layer_name)
        return frozenset(next(chains, ()))

    def places_in(self, chains: frozenset[str]) -> tuple[int, ...]:
        """The rows in the table that share one of these blobs."""
        return tuple(i for i, row in enumerate(self._shown) if chains.intersection(row.chains))

    def place_of(self, layer_name: str) -> int | None:
        """The table row of a layer, None when it is filtered out."""
        for place, row in enumerate(self._shown):
            if row.record.name == layer_name:
                return place
        return None

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        row = self.row_at(index)
        if row is None:
            return None
        column = COLUMNS[index.column()]
        if role == Qt.DisplayRole:
            return row.text(column)
        if role == ROW_ROLE:
            return row
        if role == GUTTER_ROLE:
            return self._gutters[index.row()]
        if role == Qt.AccessibleTextRole:
            return row.text(column)
        if role == Qt.ToolTipRole:
            return plain_tip(self._tooltip(row, column)) or None
        if role == Qt.TextAlignmentRole and column in RIGHT_COLUMNS:
            return int(Qt.AlignRight | Qt.AlignVCenter)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> object:
        if orientation != Qt.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.DisplayRole and column is Column.NUMBER and self._numbers is not None:
            return self._numbers.name
        if role == Qt.DisplayRole:
            return column.value
        if role == Qt.TextAlignmentRole:
            side = Qt.AlignRight if column in RIGHT_COLUMNS else Qt.AlignLeft
            return int(side | Qt.AlignVCenter)
        return None

    def _numbered(self, rows: Sequence[LayerRow]) -> tuple[LayerRow, ...]:
        numbers = self._numbers
        if numbers is None:
            return tuple(replace(row, overlay=None) for row in rows)
        found = numbers.by_layer
        finite = [value for value in found.values() if math.isfinite(value)]
        least, span = min(finite, default=0.0), max(finite, default=0.0) - min(finite, default=0.0)
        shown = {
            name: (value, numbers.write(value), (value - least) / span if span else 1.0)
            for name, value in found.items()
        }
        return tuple(replace(row, overlay=shown.get(row.record.name)) for row in rows)

    def _share(self, row: LayerRow, column: Column) -> float:
        whole = {
            Column.PARAMS: self._totals.params,
            Column.MACS: self._totals.macs,
            Column.MEMORY: self._totals.memory,
        }.get(column, 0)
        return row.cost(column) / whole if whole else 0.0

    def _tooltip(self, row: LayerRow, column: Column) -> str:
        if column in (Column.NAME, Column.BLOB):  # whose texts may be shortened
            return f"{row.text(column)}\n{row.tooltip}".strip()
        if column not in COST_COLUMNS:
            return row.tooltip
        share = f"{100 * self._share(row, column):.2f} % of the net's {column.value}"
        return f"{row.tooltip}\n{share}".strip()

    def _refresh(self) -> None:
        self.beginResetModel()
        self._shown = self._choose()
        self._gutters = self._mark()
        self.endResetModel()

    def _choose(self) -> tuple[LayerRow, ...]:
        rows = [
            row
            for row in self._rows
            if (not self._is_in_place_only or row.is_shared)
            and (not self._is_hidden_only or row.is_overwritten)
            and self._query.matches(row.record)
        ]
        if self._sorted_by is not None:
            column = self._sorted_by
            rows.sort(key=lambda row: row.sort_key(column), reverse=self._is_descending)
        return tuple(rows)

    def _mark(self) -> tuple[Gutter, ...]:
        if self._sorted_by is not None:
            return (Gutter.NONE,) * len(self._shown)
        return gutter_marks(self._shown)
