"""Sums of both nets side by side: layers, parameters, work."""

from __future__ import annotations

from PyQt5.QtWidgets import QGridLayout, QWidget

from core.comparison.totals import Total
from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel


class TotalsBar(QWidget):
    """Sums of both nets side by side, the difference below."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 6, 12, 8)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(1)
        self._labels: list[ThemedLabel] = []
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
        self._labels = []
        arrow = "\N{RIGHTWARDS ARROW}"
        for column, total in enumerate(totals):
            self._add(total.name, "secondary", 0, column, pixels=11)
            values = total.before if total.is_equal else f"{total.before} {arrow} {total.after}"
            self._add(values, "text", 1, column, is_strong=True)
            self._add(total.difference, "secondary" if total.is_equal else "warning_text", 2,
                      column, pixels=11)  # fmt: skip
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
        label = ThemedLabel(self._keeper, text, role, pixels=pixels, semibold=is_strong)
        self._grid.addWidget(label, row, column)
        self._labels.append(label)
