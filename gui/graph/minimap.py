"""The whole graph in 78 pixels: what shows is framed, a click or drag goes there."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PyQt5.QtWidgets import QWidget

from gui.graph.scene import GraphScene
from gui.theme import ThemeKeeper

WIDTH = 78
_PADDING = 6.0
_LARGEST_SCALE = 0.16
_LEAST_HEIGHT = 40
_PALE = 0.25


class Minimap(QWidget):
    """Draws the boxes once, then only the frame of what shows."""

    place_chosen = pyqtSignal(QPointF)

    def __init__(
        self, keeper: ThemeKeeper, scene: GraphScene, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._scene = scene
        self._frame = QRectF()
        self._shown = QRectF()
        self._largest_height = 300
        self._content: QPixmap | None = None
        self._hits: frozenset[int] | None = None
        self.setCursor(Qt.PointingHandCursor)
        self.setToolTip("")
        self.setAccessibleName("Minimap")
        keeper.changed.connect(self.redraw)

    @pyqtSlot()
    def redraw(self) -> None:
        """Take over the scene's boxes."""
        self._content = None
        self._frame = self._scene.boxes_rect()
        self.resize(self.sizeHint())
        self.update()

    def set_largest_height(self, height: int) -> None:
        """Never grow taller than this."""
        self._largest_height = height
        self._content = None
        self.resize(self.sizeHint())

    def show_view(self, shown: QRectF) -> None:
        """Frame what part of the scene is on screen."""
        if shown != self._shown:
            self._shown = QRectF(shown)
            self.update()

    def show_hits(self, keys: Iterable[int] | None) -> None:
        """Let all boxes but these step back; None shows all again."""
        hits = None if keys is None else frozenset(keys)
        if hits != self._hits:
            self._hits, self._content = hits, None
            self.update()

    def sizeHint(self) -> QSize:
        height = self._frame.height() * _LARGEST_SCALE + 2 * _PADDING
        return QSize(WIDTH, int(max(_LEAST_HEIGHT, min(self._largest_height, height))))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._content is None:
            self._content = self._draw_content()
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._content)
        painter.setRenderHint(QPainter.Antialiasing)
        inner = QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5)
        view = QRectF(self._to_map(self._shown.topLeft()), self._to_map(self._shown.bottomRight()))
        view = view.intersected(inner)
        fill = QColor(theme.accent)
        fill.setAlpha(24)
        painter.setBrush(fill)
        painter.setPen(QPen(theme.accent, 1.5))
        painter.drawRoundedRect(view, 2, 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            self.place_chosen.emit(self._to_scene(QPointF(event.pos())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def _scales(self) -> tuple[float, float]:
        """Across and along; a long net is squeezed rather than made a hairline."""
        inner_width, inner_height = self.width() - 2 * _PADDING, self.height() - 2 * _PADDING
        across = inner_width / max(1.0, self._frame.width())
        along = inner_height / max(1.0, self._frame.height())
        return min(across, _LARGEST_SCALE), min(along, _LARGEST_SCALE)

    def _to_map(self, place: QPointF) -> QPointF:
        across, along = self._scales()
        middle = self._frame.center()
        x = self.width() / 2 + (place.x() - middle.x()) * across
        return QPointF(x, self.height() / 2 + (place.y() - middle.y()) * along)

    def _to_scene(self, place: QPointF) -> QPointF:
        across, along = self._scales()
        middle = self._frame.center()
        x = middle.x() + (place.x() - self.width() / 2) / across
        return QPointF(x, middle.y() + (place.y() - self.height() / 2) / along)

    def _draw_content(self) -> QPixmap:
        theme = self._keeper.theme
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(theme.border, 1))
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(Qt.NoPen)
        for key, item in self._scene.layer_items.items():
            frame = item.frame()
            box = QRectF(self._to_map(frame.topLeft()), self._to_map(frame.bottomRight()))
            box.setHeight(max(1.0, box.height()))
            box.setWidth(max(2.0, box.width()))
            is_pale = item.box.is_inactive or (self._hits is not None and key not in self._hits)
            painter.setOpacity(_PALE if is_pale else 1.0)
            painter.fillRect(box, theme.family(item.box.family))
        painter.setOpacity(1.0)
        painter.setBrush(Qt.NoBrush)
        painter.setPen(QPen(theme.mark, 1))
        for bracket in self._scene.bracket_items.values():
            if bracket.bracket.kind != "own":
                self._draw_bracket(painter, bracket.line_frame())
        painter.end()
        return picture

    def _draw_bracket(self, painter: QPainter, frame: QRectF) -> None:
        top, bottom = self._to_map(frame.topLeft()), self._to_map(frame.bottomLeft())
        if bottom.y() - top.y() < 3:
            return
        x = top.x() - 1
        painter.drawPolyline(
            QPointF(x + 3, top.y()), QPointF(x, top.y()),
            QPointF(x, bottom.y()), QPointF(x + 3, bottom.y()),
        )  # fmt: skip
