"""The whole graph in a column of 64 pixels beside it: what shows is framed, a click goes there."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QTransform,
    QWheelEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.graph.scene import GraphScene
from gui.theme import ThemeKeeper, overlay_colour

WIDTH = 64
_PADDING = 6.0
_MOST_ACROSS, _MOST_ALONG = 0.12, 0.34
"""Pixels for a scene unit at most: a small net does not fill the column."""
_LEAST_MARK = 1.5
_LEAST_VIEW = 8.0
_PALE = 0.25


class Overview(QWidget):
    """Draws the boxes once, then only the frame of what shows; the flow always runs down.

    Boxes are not to scale: across and along the flow each take what room there is.
    """

    place_chosen = pyqtSignal(QPointF)

    def __init__(
        self, keeper: ThemeKeeper, scene: GraphScene, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._scene = scene
        self._frame = QRectF()
        self._shown = QRectF()
        self._content: QPixmap | None = None
        self._hits: frozenset[int] | None = None
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Expanding)
        self.setCursor(Qt.PointingHandCursor)
        self.setAccessibleName("Overview of the graph")
        keeper.changed.connect(self.redraw)

    @pyqtSlot()
    def redraw(self) -> None:
        """Take over the scene's boxes."""
        self._content = None
        self._frame = self._scene.boxes_rect()
        self.update()

    def show_view(self, shown: QRectF) -> None:
        """Frame what part of the scene is on screen; repaints only where the frame moves."""
        if shown != self._shown:
            before = self.view_frame()
            self._shown = QRectF(shown)
            for frame in (before, self.view_frame()):
                self.update(frame.adjusted(-2, -2, 2, 2).toAlignedRect())

    def show_hits(self, keys: Iterable[int] | None) -> None:
        """Let all boxes but these step back; None shows all again."""
        hits = None if keys is None else frozenset(keys)
        if hits != self._hits:
            self._hits, self._content = hits, None
            self.update()

    def view_frame(self) -> QRectF:
        """Where the frame of what shows is drawn, inside the column."""
        if self._frame.isEmpty():
            return QRectF()
        view = QRectF(self._transform().mapRect(self._shown))
        content = self.content_frame().adjusted(-4, -4, 4, 4)
        view = view.intersected(content)
        if view.height() < _LEAST_VIEW:
            view = QRectF(content.left(), view.center().y() - _LEAST_VIEW / 2, content.width(),
                          _LEAST_VIEW)  # fmt: skip
        return view.intersected(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5))

    def content_frame(self) -> QRectF:
        """Where the boxes are drawn."""
        across, along = self._ratios()
        width, height = self._extent()
        left = (self.width() - width * across) / 2
        return QRectF(left, _PADDING + 2, width * across, height * along)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 100)

    def resizeEvent(self, event: object) -> None:
        self._content = None

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._content is None:
            self._content = self._draw_content()
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._content)
        view = self.view_frame()
        if not view.isEmpty():
            painter.setRenderHint(QPainter.Antialiasing)
            fill = QColor(theme.accent)
            fill.setAlpha(24)
            painter.setBrush(fill)
            painter.setPen(QPen(theme.accent, 1.5))
            painter.drawRect(view)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            self._go(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A notch moves what shows by a third of it, as on a scroll bar."""
        step = self._shown.height() if not self._is_sideways else self._shown.width()
        by = -event.angleDelta().y() / 120 * step / 3
        centre = self._shown.center()
        moved = QPointF(by, 0) if self._is_sideways else QPointF(0, by)
        self.place_chosen.emit(centre + moved)
        event.accept()

    def _go(self, event: QMouseEvent) -> None:
        if not self._frame.isEmpty():
            self.place_chosen.emit(self._to_scene(event.localPos()))

    @property
    def _is_sideways(self) -> bool:
        return self._scene.is_sideways

    def _extent(self) -> tuple[float, float]:
        """Scene units across and along the flow."""
        size = self._frame.width(), self._frame.height()
        return (size[1], size[0]) if self._is_sideways else size

    def _ratios(self) -> tuple[float, float]:
        """Pixels for a scene unit, across and along the flow."""
        width, height = self._extent()
        room_across = self.width() - 2 * _PADDING - 6
        room_along = self.height() - 2 * _PADDING - 4
        return (
            min(_MOST_ACROSS, room_across / max(1.0, width)),
            min(_MOST_ALONG, max(1.0, room_along) / max(1.0, height)),
        )

    def _transform(self) -> QTransform:
        """From the scene to the column; the flow of a net from left to right runs down as well."""
        across, along = self._ratios()
        content, corner = self.content_frame(), self._frame.topLeft()
        x, y = corner.x(), corner.y()
        if self._is_sideways:
            left, top = content.left() - y * across, content.top() - x * along
            return QTransform(0, along, across, 0, left, top)
        left, top = content.left() - x * across, content.top() - y * along
        return QTransform(across, 0, 0, along, left, top)

    def _to_scene(self, place: QPointF) -> QPointF:
        """A place of the net; what lies beyond its ends is nowhere to go."""
        inverted, _ = self._transform().inverted()
        found, limit = inverted.map(place), self._frame
        return QPointF(
            min(max(found.x(), limit.left()), limit.right()),
            min(max(found.y(), limit.top()), limit.bottom()),
        )

    def _draw_content(self) -> QPixmap:
        theme = self._keeper.theme
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(theme.canvas)
        painter = QPainter(picture)
        painter.fillRect(0, 0, 1, self.height(), theme.border)
        transform = self._transform()
        for key, item in self._scene.layer_items.items():
            is_pale = item.box.is_inactive or (self._hits is not None and key not in self._hits)
            painter.setOpacity(_PALE if is_pale else 1.0)
            mark = _least_mark(transform.mapRect(item.frame()))
            colour = theme.family(item.box.family)
            if self._scene.overlay is not None:
                colour = theme.border
                if item.mark is not None:
                    colour = overlay_colour(theme, item.mark.fraction)
            painter.fillRect(mark, colour)
        painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(theme.mark, 1.2))
        for bracket in self._scene.bracket_items.values():
            if bracket.bracket.kind == "shared":
                frame = transform.mapRect(bracket.line_frame())
                painter.drawLine(frame.topLeft(), frame.bottomLeft())
        painter.end()
        return picture


def _least_mark(frame: QRectF) -> QRectF:
    """A box on the column, never too small to be seen."""
    height = max(_LEAST_MARK, frame.height() - 0.5)
    return QRectF(frame.left(), frame.top(), max(2.0, frame.width()), height)
