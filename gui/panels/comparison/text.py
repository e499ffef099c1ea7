"""Both texts of a comparison, line beside line, at the selected pair of layers."""

from __future__ import annotations

from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from core.comparison.differences import NetSide
from core.comparison.paired_texts import lines_of
from core.comparison.rows import Comparison, ComparisonRow
from core.net.definition import Layer
from gui.theme import ThemeKeeper
from gui.widgets.side_by_side import SideBySide


class TextPanel(QWidget):
    """Scrolls to a pair of layers when it is looked at."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sides: tuple[NetSide | None, NetSide | None] = (None, None)
        self._row: ComparisonRow | None = None
        self.text = SideBySide(keeper, ("A", "B"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 8)
        column.addWidget(self.text)

    def show_comparison(self, comparison: Comparison) -> None:
        """Take the texts of two files."""
        self._sides = (comparison.first.side, comparison.second.side)
        self.text.show_headings(comparison.first.title, comparison.second.title)
        self.text.show_rows(comparison.lines)

    def show_row(self, row: ComparisonRow | None) -> None:
        """Mark a pair of layers in both texts."""
        self._row = row
        if self.isVisible():
            self._show_place()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_place()

    def _show_place(self) -> None:
        if self._row is not None:
            first, second = self._sides
            pair = self._row.pair
            self.text.show_lines(_lines(first, pair.before), _lines(second, pair.after))


def _lines(side: NetSide | None, layer: Layer | None) -> tuple[int, int] | None:
    return None if side is None or layer is None else lines_of(side.net, layer)
