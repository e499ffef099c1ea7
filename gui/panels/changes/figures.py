"""A row of large numbers, each over what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QGridLayout, QWidget

from gui.widgets.labels import ThemedLabel


@dataclass(frozen=True)
class Figure:
    """ "34" over "names in 32 layers"."""

    number: str
    words: str


class Figures(QWidget):
    """Shows up to three of them beside each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures: tuple[Figure, ...] = ()
        self._labels: list[ThemedLabel] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 6, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(0)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """What is shown."""
        return self._figures

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Show other numbers."""
        if tuple(figures) == self._figures:
            return
        self._figures = tuple(figures)
        for label in self._labels:
            self._grid.removeWidget(label)
            label.hide()
            label.deleteLater()
        self._labels = []
        for column, figure in enumerate(figures):
            number = ThemedLabel(figure.number, pixels=18, semibold=True)
            words = ThemedLabel(figure.words, "secondary", pixels=11)
            words.setWordWrap(True)
            self._labels += [number, words]
            self._grid.addWidget(number, 0, column)
            self._grid.addWidget(words, 1, column, Qt.AlignTop)
            self._grid.setColumnStretch(column, 1)
        self.setAccessibleDescription(", ".join(f"{f.number} {f.words}" for f in figures))
