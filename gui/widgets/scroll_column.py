"""A column that scrolls up and down."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QFrame, QScrollArea, QWidget


class ScrollColumn(QScrollArea):
    """Without a frame, as wide as its room and never scrolled sideways.

    is_stop: Tab stops at it, so that arrows scroll it; False where what is inside takes keys.
    """

    def __init__(self, inside: QWidget | None = None, *, is_stop: bool = True) -> None:
        super().__init__()
        self.setFrameShape(QFrame.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        if not is_stop:
            self.setFocusPolicy(Qt.NoFocus)
        if inside is not None:
            self.setWidget(inside)
