"""The list of interventions: a check box, what it is, what it does by itself, and an x."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from gui.panels.interventions.view import InterventionRow
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

HEIGHT = 28


class InterventionRows(QWidget):
    """Rows are made anew only where there are other ones."""

    active_toggled = pyqtSignal(int, bool)
    removed = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._rows: tuple[InterventionRow, ...] = ()
        self.boxes: list[QCheckBox] = []
        self.crosses: list[IconButton] = []
        self._effects: list[ThemedLabel] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """What is written: the intervention and its effect."""
        return tuple((row.words, row.effect) for row in self._rows)

    def show_rows(self, rows: Sequence[InterventionRow]) -> None:
        """Show these."""
        rows = tuple(rows)
        if [(r.words, r.is_off) for r in rows] != [(r.words, r.is_off) for r in self._rows]:
            self._make(rows)
        self._rows = rows
        for row, box, effect in zip(rows, self.boxes, self._effects, strict=True):
            box.blockSignals(True)
            box.setChecked(row.is_active)
            box.blockSignals(False)
            effect.setText(row.effect if row.is_active else "rests")

    def _make(self, rows: Sequence[InterventionRow]) -> None:
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.boxes, self.crosses, self._effects = [], [], []
        for number, row in enumerate(rows):
            self._column.addWidget(self._line(number, row))

    def _line(self, number: int, row: InterventionRow) -> QWidget:
        line = QWidget()
        line.setFixedHeight(HEIGHT)
        box = QCheckBox()
        box.setAccessibleName(f"{row.words} acts")
        box.setText(plain_caption(row.words))
        box.setToolTip(plain_tip(row.words))
        effect = ThemedLabel("", "secondary", pixels=11)
        cross = IconButton(self._keeper, "cross", f"Take “{row.words}” away")
        box.toggled.connect(lambda is_on, n=number: self.active_toggled.emit(n, is_on))
        cross.clicked.connect(lambda _checked=False, n=number: self.removed.emit(n))
        across = QHBoxLayout(line)
        across.setContentsMargins(4, 0, 0, 0)
        across.setSpacing(8)
        across.addWidget(box, 1, Qt.AlignVCenter)
        across.addWidget(effect)
        across.addWidget(cross)
        self.boxes.append(box)
        self.crosses.append(cross)
        self._effects.append(effect)
        return line
