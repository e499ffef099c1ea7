"""Which series of a histogram is which."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.dressing import dress
from gui.panels.histogram.colours import series_colour
from gui.panels.histogram.view import Series
from gui.theme import ThemeKeeper, text_font
from gui.widgets.labels import ElidedLabel


class SeriesLegend(QWidget):
    """Which series is which, in their colours: the names may be long."""

    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self._labels = (ElidedLabel(), ElidedLabel())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for label in self._labels:
            label.setFont(text_font(11, semibold=True))
            row.addWidget(label, 1)
        keeper.changed.connect(self._dress)
        self._dress()

    def show_series(self, series: Sequence[Series]) -> None:
        """Name them."""
        for number, label in enumerate(self._labels):
            has = number < len(series)
            label.setVisible(has)
            if has:
                label.setText(f"{series[number].letter} {series[number].label}")

    @pyqtSlot()
    def _dress(self) -> None:
        theme = self._keeper.theme
        for letter, label in zip("AB", self._labels, strict=True):
            dress(label, f"color: {series_colour(letter, theme).name()};")
