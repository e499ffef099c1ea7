"""Heat laid over a picture: warm for, cool against, as opaque as it is strong."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QRectF
from PyQt5.QtGui import QColor, QImage, QPainter

from gui.theme import Theme

HEAT_SIDE = 240
"""The longer side of the heat, which is drawn larger: it is smooth."""
DIMMED = 0.62
"""How far the picture goes towards the ground at full opacity, so that the heat is seen."""


def heat_image(heat: np.ndarray, towards: QColor, away: QColor) -> QImage:
    """(height, width) from -1 to 1 as an image: 0 is transparent, 1 and -1 are opaque."""
    height, width = heat.shape
    colours = np.array([away.getRgb()[:3], towards.getRgb()[:3]], np.uint8)
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = colours[(heat >= 0).astype(np.intp)]
    pixels[..., 3] = np.rint(np.abs(heat) * 255)
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format_RGBA8888).copy()


def paint_heat(
    painter: QPainter, box: QRectF, grey: QImage, heat: QImage, opacity: float, theme: Theme
) -> None:
    """Over a picture that fills `box`: its grey, dimmed, and the heat on it.

    opacity: from 0, the picture alone, to 1.
    """
    painter.setOpacity(opacity)
    painter.drawImage(box, grey)
    ground = QColor(theme.panel)
    ground.setAlphaF(DIMMED)
    painter.fillRect(box, ground)
    painter.drawImage(box, heat)
    painter.setOpacity(1.0)
