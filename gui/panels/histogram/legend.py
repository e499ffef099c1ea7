"""Which series of a histogram is which."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.panels.histogram.view import Series
from gui.theme import text_font
from gui.widgets.labels import ElidedLabel


class SeriesLegend(QWidget):
    """Which series is which, in their colours: the names may be long."""

    def __init__(self) -> None:
        super().__init__()
        self._labels = (ElidedLabel(), ElidedLabel())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for name, label in zip(("seriesA", "seriesB"), self._labels, strict=True):
            label.setObjectName(name)
            label.setFont(text_font(11, semibold=True))
            row.addWidget(label, 1)

    def show_series(self, series: Sequence[Series]) -> None:
        """Name them."""
        for number, label in enumerate(self._labels):
            has = number < len(series)
            label.setVisible(has)
            if has:
                label.setText(f"{series[number].letter} {series[number].label}")
