"""Alignment flags as the integers that QPainter.drawText takes."""

from __future__ import annotations

from PyQt5.QtCore import Qt

LEFT = int(Qt.AlignLeft | Qt.AlignVCenter)
RIGHT = int(Qt.AlignRight | Qt.AlignVCenter)
CENTRE = int(Qt.AlignCenter)
TOP = int(Qt.AlignHCenter | Qt.AlignTop)
TOP_LEFT = int(Qt.AlignLeft | Qt.AlignTop)
TOP_RIGHT = int(Qt.AlignRight | Qt.AlignTop)
