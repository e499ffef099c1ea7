"""How many layers differ, in signs; the tooltip says what each sign means."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, Qt, pyqtSlot
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QWidget

from core.comparison.rows import Status
from gui.panels.comparison.model import ComparisonModel
from gui.theme import ThemeKeeper
from gui.widgets.alignment import LEFT
from gui.widgets.labels import ElidedLabel
from gui.widgets.plain_text import plain_tip

_SHORT = {
    Status.CHANGED: "differ",
    Status.REMOVED: "first only",
    Status.ADDED: "second only",
}
_MEANINGS = {
    Status.CHANGED: "differ",
    Status.REMOVED: "only in the first",
    Status.ADDED: "only in the second",
    Status.FOLLOWS: "read the same, but give another shape or cost, or are overwritten otherwise",
    Status.EQUAL: "equal in everything",
}
_GAP = "\N{EM SPACE}"


class ComparisonCounts(ElidedLabel):
    """One line; signs without a layer are left out."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._keeper = keeper
        keeper.changed.connect(self._tint)
        self._tint()

    def show_counts(self, model: ComparisonModel, *, is_hidden: bool, is_filtered: bool) -> None:
        """Count the rows of a model, hidden ones included."""
        counts = {status: model.count(status) for status in Status}
        n_same = counts[Status.EQUAL] + counts[Status.FOLLOWS]
        parts = [f"{s.value} {counts[s]:,} {words}" for s, words in _SHORT.items() if counts[s]]
        if n_same:
            follow = f" (≈ {counts[Status.FOLLOWS]:,})" if counts[Status.FOLLOWS] else ""
            parts.append(f"= {n_same:,} equal{', hidden' if is_hidden else ''}{follow}")
        if is_filtered:
            parts.insert(0, f"{len(model.shown):,} shown")
        self.setText(_GAP.join(parts))
        meanings = (f"{s.value} {counts[s]:,} {words}" for s, words in _MEANINGS.items())
        self.setToolTip(plain_tip("\n".join(meanings)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """What differs comes first, so that the end of the line is what goes."""
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.ElideRight, self.width())
        painter.drawText(QRectF(self.rect()), LEFT, shown)
        painter.end()

    @pyqtSlot()
    def _tint(self) -> None:
        colour = self._keeper.theme.secondary.name()
        self.setStyleSheet(f"color: {colour}; font-size: 11px")
