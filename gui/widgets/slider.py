"""A slider that the mouse wheel passes over."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QWheelEvent
from PyQt5.QtWidgets import QSlider, QWidget


class Slider(QSlider):
    """From 0 to 100, across."""

    def __init__(self, name: str, value: int, parent: QWidget | None = None) -> None:
        """name: what it sets, for screen readers."""
        super().__init__(Qt.Horizontal, parent)
        self.setRange(0, 100)
        self.setPageStep(20)
        self.setValue(value)
        self.setAccessibleName(name)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
