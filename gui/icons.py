"""Line icons, one SVG each, tinted when loaded so that one file serves both themes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PyQt5.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QIcon, QPainter, QPixmap
from PyQt5.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parent.parent / "resources" / "icons"
INK = "#000"

FAMILY_GLYPHS = {
    "convolution": "glyph-convolution",
    "activation": "glyph-activation",
    "pooling": "glyph-pooling",
    "normalisation": "glyph-normalisation",
    "inner product": "glyph-inner-product",
    "merge / split": "glyph-merge",
    "data / input": "glyph-data",
    "loss / output": "glyph-loss",
    "other": "glyph-other",
}


def family_glyph(family: str) -> str:
    """The icon name of a layer family's glyph, for `pixmap`, `icon` and `paint_icon`."""
    return FAMILY_GLYPHS.get(family, "glyph-other")


def icon_names() -> tuple[str, ...]:
    """Every icon there is."""
    return tuple(sorted(path.stem for path in ICONS.glob("*.svg")))


@lru_cache(maxsize=512)
def _renderer(name: str, ink: str) -> QSvgRenderer:
    svg = (ICONS / f"{name}.svg").read_text(encoding="utf-8").replace(INK, ink)
    return QSvgRenderer(QByteArray(svg.encode()))


def paint_icon(painter: QPainter, name: str, colour: QColor, rectangle: QRectF) -> None:
    """Draw the icon into `rectangle`, sharp at any scale of the painter."""
    painter.save()
    painter.setRenderHint(QPainter.Antialiasing)
    painter.setOpacity(painter.opacity() * colour.alphaF())
    _renderer(name, colour.name()).render(painter, rectangle)
    painter.restore()


def pixmap(name: str, colour: QColor, size: int = 16, ratio: float = 1.0, gap: int = 0) -> QPixmap:
    """The icon as a pixmap of `size` logical pixels for a screen of that pixel ratio.

    gap: empty pixels at its right, which hold what is written there off it.
    """
    return _pixmap(name, colour.rgba(), size, ratio, gap)


@lru_cache(maxsize=1024)
def _pixmap(name: str, rgba: int, size: int, ratio: float, gap: int) -> QPixmap:
    side = round(size * ratio)
    picture = QPixmap(QSize(side + round(gap * ratio), side))
    picture.fill(Qt.transparent)
    painter = QPainter(picture)
    paint_icon(painter, name, QColor.fromRgba(rgba), QRectF(0, 0, side, side))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(
    name: str, colour: QColor, size: int = 16, gap: int = 0, idle: QColor | None = None
) -> QIcon:
    """The icon for buttons and actions, paler when disabled, sharp on dense screens.

    idle: its colour when disabled, before it is made paler, where that is another.
    """
    pale = QColor(idle or colour)
    pale.setAlphaF(pale.alphaF() * 0.4)
    result = QIcon()
    for ratio in (1.0, 2.0):
        result.addPixmap(pixmap(name, colour, size, ratio, gap), QIcon.Normal)
        result.addPixmap(pixmap(name, pale, size, ratio, gap), QIcon.Disabled)
    return result


def spaced(whole: QIcon, size: QSize, gap: int, ratio: float) -> QIcon:
    """The icon with empty pixels at its right; size: of what is drawn; ratio: of the screen."""
    result = QIcon()
    for mode in (QIcon.Normal, QIcon.Disabled):
        picture = QPixmap((size + QSize(gap, 0)) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.transparent)
        painter = QPainter(picture)
        whole.paint(painter, QRect(QPoint(), size), mode=mode)
        painter.end()
        result.addPixmap(picture, mode)
    return result
