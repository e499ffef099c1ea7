"""Every text that a widget draws, by whatever code, with its place and the room it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PyQt5.QtCore import QPoint, QPointF, QRectF, QSize
from PyQt5.QtGui import QFontMetricsF, QPaintDevice, QPaintEngine, QRegion, QTransform
from PyQt5.QtWidgets import QWidget


@dataclass(frozen=True)
class DrawnText:
    """One piece of text in one font.

    ink: from the top of its highest letter to the foot of its lowest; line: from the font's top to
    its bottom; clip: what of the widget it may use, or None without a limit. All in its pixels.
    """

    text: str
    ink: QRectF
    line: QRectF
    clip: QRectF | None


class _Engine(QPaintEngine):
    """Draws nothing and writes down text; Qt's own styles and delegates end here like ours do."""

    def __init__(self) -> None:
        super().__init__(QPaintEngine.PaintEngineFeatures(QPaintEngine.AllFeatures))
        self.texts: list[DrawnText] = []

    def begin(self, device: QPaintDevice) -> bool:
        return True

    def end(self) -> bool:
        return True

    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.User

    def _nothing(self, *_: Any) -> None:
        return

    updateState = drawPixmap = drawImage = drawPolygon = drawPath = drawRects = _nothing
    drawLines = drawEllipse = drawTiledPixmap = drawPoints = _nothing

    def drawTextItem(self, place: QPointF, item: Any) -> None:
        painter = self.painter()
        if not item.text().strip("\u200b \n\t") or painter.pen().color().alpha() == 0:
            return
        ratio = 1 / painter.device().devicePixelRatioF()
        transform = painter.combinedTransform() * QTransform.fromScale(ratio, ratio)
        metrics = QFontMetricsF(item.font())
        height = item.ascent() + item.descent()
        line = QRectF(place.x(), place.y() - item.ascent(), item.width(), height)
        ink = metrics.tightBoundingRect(item.text()).translated(place)
        ink.setLeft(line.left())  # which tells widths in whole pixels a letter
        ink.setWidth(line.width())
        clip = transform.mapRect(painter.clipBoundingRect()) if painter.hasClipping() else None
        self.texts.append(
            DrawnText(item.text(), transform.mapRect(ink), transform.mapRect(line), clip)
        )


class _Device(QPaintDevice):
    """As large as a widget, with a screen's dots."""

    def __init__(self, size: QSize, ratio: float) -> None:
        super().__init__()
        self.engine = _Engine()
        values = {
            QPaintDevice.PdmWidth: size.width(),
            QPaintDevice.PdmHeight: size.height(),
            QPaintDevice.PdmWidthMM: max(1, size.width() // 4),
            QPaintDevice.PdmHeightMM: max(1, size.height() // 4),
            QPaintDevice.PdmNumColors: 1 << 24,
            QPaintDevice.PdmDepth: 32,
            QPaintDevice.PdmDpiX: 96,
            QPaintDevice.PdmDpiY: 96,
            QPaintDevice.PdmPhysicalDpiX: 96,
            QPaintDevice.PdmPhysicalDpiY: 96,
            QPaintDevice.PdmDevicePixelRatio: round(ratio),
            QPaintDevice.PdmDevicePixelRatioScaled: round(ratio * (1 << 16)),
        }
        self._values = {int(key): value for key, value in values.items()}

    def paintEngine(self) -> QPaintEngine:
        return self.engine

    def metric(self, metric: QPaintDevice.PaintDeviceMetric) -> int:
        return self._values.get(int(metric), 0)


def record_texts(widget: QWidget) -> list[DrawnText]:
    """What the widget itself draws, without its children, and without a limit by its parents."""
    device = _Device(widget.size(), widget.devicePixelRatioF())
    QWidget.render(widget, device, QPoint(), QRegion(), QWidget.RenderFlags(0))
    return device.engine.texts
