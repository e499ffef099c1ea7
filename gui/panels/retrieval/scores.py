"""How the cosines of a ranking lie: a histogram of all, a line for each relevant one."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.words import with_minus
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT

_HEIGHT, _FOOT, _MOST_LINES = 62, 16, 200


class ScorePlot(QWidget):
    """The best cosine stands at the right end."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._scores = np.zeros(0, np.float32)
        self._relevant = np.zeros(0, np.float32)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    def show_scores(self, scores: np.ndarray | None, is_relevant: np.ndarray | None) -> None:
        """scores: (n,) cosines; is_relevant: (n,) bool, or None without labels."""
        self._scores = np.zeros(0, np.float32) if scores is None else scores
        has_labels = is_relevant is not None and len(is_relevant) == len(self._scores)
        self._relevant = self._scores[is_relevant] if has_labels else self._scores[:0]
        if self._scores.size:
            low, high = self._scores.min(), self._scores.max()
            self.setAccessibleDescription(f"Cosines from {low:.2f} to {high:.2f}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._scores.size:
            return
        theme, painter = self._keeper.theme, QPainter(self)
        low, high = float(self._scores.min()), float(self._scores.max())
        span = max(high - low, 1e-3)
        n_bins = max(8, self.width() // 5)
        counts, _ = np.histogram(self._scores.astype(np.float64), n_bins, (low, low + span))
        room = QRectF(0, 0, self.width(), self.height() - _FOOT - 2)
        step = room.width() / n_bins
        painter.setPen(Qt.NoPen)
        for place, count in enumerate(counts.tolist()):
            if count:
                height = max(1.0, room.height() * count / counts.max())
                bar = QRectF(place * step, room.bottom() - height, max(1.0, step - 1), height)
                painter.fillRect(bar, theme.outline)
        for score in self._relevant[:_MOST_LINES].tolist():
            x = (score - low) / span * (room.width() - 2)
            painter.fillRect(QRectF(x, room.top() + room.height() * 0.35, 2, room.height() * 0.65),
                             theme.relevant)  # fmt: skip
        painter.fillRect(QRectF(0, room.bottom(), room.width(), 1), theme.border)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        foot = QRectF(0, self.height() - _FOOT, self.width(), _FOOT)
        painter.drawText(foot, LEFT, _digits(low))
        painter.drawText(foot, RIGHT, _digits(high))
        painter.drawText(foot, int(Qt.AlignCenter), "cosine")
        painter.end()


def _digits(value: float) -> str:
    return with_minus(f"{value:.2f}")
