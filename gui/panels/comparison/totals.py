"""Sums of both nets side by side: layers, parameters, work."""

from __future__ import annotations

from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QGridLayout, QWidget

from core.comparison.totals import Total
from gui.widgets.labels import ThemedLabel

_MARGIN, _SPACE = 12, 24


class TotalsBar(QWidget):
    """Sums of both nets side by side, the difference below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(_MARGIN, 6, _MARGIN, 8)
        self._grid.setHorizontalSpacing(_SPACE)
        self._grid.setVerticalSpacing(1)
        self._labels: list[ThemedLabel] = []
        self._columns: list[list[ThemedLabel]] = []
        self.setMinimumWidth(1)
        self.setAccessibleName("Totals of both nets")

    @property
    def words(self) -> str:
        """Everything it says, one total a line."""
        return self.accessibleDescription()

    def show_totals(self, totals: tuple[Total, ...]) -> None:
        """Show other sums."""
        for label in self._labels:
            self._grid.removeWidget(label)
            label.deleteLater()
        self._labels, self._columns = [], []
        arrow = "\N{RIGHTWARDS ARROW}"
        for column, total in enumerate(totals):
            self._columns.append([])
            self._add(total.name, "secondary", 0, column, pixels=11)
            values = total.before if total.is_equal else f"{total.before} {arrow} {total.after}"
            self._add(values, "text", 1, column, is_strong=True)
            self._add(total.difference, "secondary" if total.is_equal else "warning_text", 2,
                      column, pixels=11)  # fmt: skip
        self._fit()
        self.setAccessibleDescription(
            "\n".join(f"{t.name} {t.before}, {t.after}: {t.difference}" for t in totals)
        )

    def _add(
        self,
        text: str,
        role: str,
        row: int,
        column: int,
        *,
        pixels: int = 12,
        is_strong: bool = False,
    ) -> None:
        label = ThemedLabel(text, role, pixels=pixels, semibold=is_strong)
        self._grid.addWidget(label, row, column)
        self._labels.append(label)
        self._columns[-1].append(label)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The last sums leave where there is no room for all of them whole."""
        room = self.width() - 2 * _MARGIN
        for labels in self._columns:
            room -= max(label.sizeHint().width() for label in labels)
            for label in labels:
                label.setVisible(room >= 0)
            room -= _SPACE
