"""The matrix as it is in view, with a line that says what it is of: as a picture, or as SVG."""

from __future__ import annotations

from PyQt5.QtCore import QBuffer, QIODevice, QRectF, QSize
from PyQt5.QtGui import QImage, QPainter
from PyQt5.QtSvg import QSvgGenerator

from gui.panels.channels.matrix_canvas import MatrixCanvas
from gui.theme import Theme, text_font
from gui.widgets.alignment import LEFT

_CAPTION = 26


def matrix_picture(canvas: MatrixCanvas, caption: str, theme: Theme) -> QImage:
    """What is in view below its caption, as fine as the screen."""
    size, ratio = _size_of(canvas), canvas.devicePixelRatioF()
    image = QImage(size * ratio, QImage.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    _draw(painter, canvas, caption, theme)
    painter.end()
    return image


def matrix_svg(canvas: MatrixCanvas, caption: str, theme: Theme) -> bytes:
    """What is in view below its caption: names and lines as they are, the cells as a picture."""
    buffer = QBuffer()
    buffer.open(QIODevice.WriteOnly)
    generator, size = QSvgGenerator(), _size_of(canvas)
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(caption)
    generator.setResolution(canvas.logicalDpiX())
    painter = QPainter(generator)
    _draw(painter, canvas, caption, theme)
    painter.end()
    return bytes(buffer.data())


def _size_of(canvas: MatrixCanvas) -> QSize:
    return canvas.viewport().size() + QSize(0, _CAPTION)


def _draw(painter: QPainter, canvas: MatrixCanvas, caption: str, theme: Theme) -> None:
    width = canvas.viewport().width()
    painter.fillRect(QRectF(0, 0, width, _CAPTION), theme.panel)
    painter.setFont(text_font(12, semibold=True))
    painter.setPen(theme.text)
    painter.drawText(QRectF(8, 0, width - 16, _CAPTION), LEFT, caption)
    painter.translate(0, _CAPTION)
    canvas.draw(painter)
