"""How far each layer's weights have moved, and which of its filters most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.empty_state import EmptyState
from gui.widgets.figure_table import FigureRow, FigureTable
from gui.widgets.labels import SectionHeader, ThemedLabel

HEADINGS = ("Layer", "Type", "Shape", "Change", "Largest", "Values that differ")
_EMPTY = "Layers are matched by name, as Caffe binds weights; nothing is run."


@dataclass(frozen=True)
class WeightRow:
    """A layer's row, and its filters' once it is chosen; note: what stands there instead."""

    row: FigureRow
    layer: str
    filters: tuple[FigureRow, ...] = ()
    note: str = ""


class WeightsPanel(QWidget):
    """Layers at the left, the filters of the chosen one at the right."""

    layer_chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[WeightRow, ...] = ()
        self.table = FigureTable(keeper, HEADINGS, "How far each layer's weights moved", left=(1,))
        self.head = SectionHeader("Filters that moved most")
        self.filters = FigureTable(keeper, ("Filter", "Change"), "Filters that moved most")
        self.note = ThemedLabel("", "secondary")
        self.note.setWordWrap(True)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(12, 0, 12, 8)
        column.addWidget(self.head)
        column.addWidget(self.note)
        column.addWidget(self.filters, 1)
        splitter = QSplitter(Qt.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.table)
        splitter.addWidget(right)
        splitter.setSizes([760, 340])
        splitter.setHandleWidth(1)
        self.empty = EmptyState(keeper, "weights", _EMPTY)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(splitter)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        self.table.row_chosen.connect(self._on_row)

    def show_rows(self, rows: Sequence[WeightRow]) -> None:
        """Show another comparison; the layer that moved first is chosen."""
        self._rows = tuple(rows)
        self.table.show_rows([row.row for row in rows])
        self._stack.setCurrentIndex(1 if rows else 0)
        moved = [i for i, row in enumerate(rows) if row.filters]
        if rows:
            self._show(moved[0] if moved else 0)

    def choose(self, layer: str) -> None:
        """Select a layer, if it has weights."""
        for place, row in enumerate(self._rows):
            if row.layer == layer:
                self._show(place)

    def _on_row(self, place: int) -> None:
        self._show(place)
        self.layer_chosen.emit(self._rows[place].layer)

    def _show(self, place: int) -> None:
        row = self._rows[place]
        self.table.choose(place)
        self.head.set_text(f"Filters of {row.layer} that moved most", as_written=True)
        self.filters.show_rows(row.filters)
        self.filters.setVisible(bool(row.filters))
        self.note.setText(row.note)
        self.note.setVisible(bool(row.note))
