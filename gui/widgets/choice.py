"""A combo box that the mouse wheel never changes: it scrolls what lies below instead."""

from __future__ import annotations

from PyQt5.QtGui import QWheelEvent
from PyQt5.QtWidgets import QComboBox


class Choice(QComboBox):
    """The wheel passes over it, for one notch on the way down a panel may start minutes of work."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
