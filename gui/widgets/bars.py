"""A thin progress bar and a value bar, drawn flat."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.theme import ThemeKeeper


class ThinBar(QWidget):
    """A 6 px bar filled to a fraction; `set_fraction(None)` shows work of unknown length."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._fraction: float | None = 0.0
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    @property
    def fraction(self) -> float | None:
        """How much is filled, 0 to 1; None when the length is unknown."""
        return self._fraction

    def set_fraction(self, fraction: float | None) -> None:
        """Fill up to `fraction`."""
        self._fraction = fraction if fraction is None else min(1.0, max(0.0, fraction))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.outline, 1))
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(Qt.NoPen)
        if self._fraction is None:
            painter.setBrush(theme.sweep_bar)
            painter.drawRoundedRect(box, 3, 3)
        elif self._fraction > 0:
            painter.setBrush(theme.accent)
            painter.drawRoundedRect(
                QRectF(box.x(), box.y(), box.width() * self._fraction, box.height()), 3, 3
            )
        painter.end()
