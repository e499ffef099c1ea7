"""A map of the gallery: points or thumbnails by label, a lasso, selection, query and results."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.panels.retrieval.maps.overlays import FADED, paint_card, paint_lasso, paint_rings
from gui.panels.retrieval.maps.picking import inside, nearest_image, next_image
from gui.panels.retrieval.maps.points import paint_images
from gui.panels.retrieval.maps.thumbs import SIDE, FramedThumbs, with_room
from gui.panels.retrieval.maps.values import MapImages, MapLayer
from gui.panels.retrieval.maps.viewpoint import Viewpoint
from gui.panels.retrieval.tiles import thumbnail_side
from gui.theme import ThemeKeeper, text_font
from gui.thumbnails import ThumbnailStore
from gui.widgets.alignment import CENTRE

_NEAR_PIXELS = 9
_STEP, _ZOOM = 60, 1.25
_LEAST_DRAG, _MARGIN = 4, 20
MARKED_RESULTS = 10


class MapCanvas(QWidget):
    """Drag draws a lasso or moves the map, a click selects, the wheel zooms, Enter asks."""

    image_selected = pyqtSignal(int)
    image_activated = pyqtSignal(int)
    image_pointed = pyqtSignal(int)
    lasso_drawn = pyqtSignal(object)
    """The images in it, (n,) int64, rising; of none where it is let go."""

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper, self._store = keeper, store
        self._thumbs = FramedThumbs(keeper, store)
        self._images: MapImages | None = None
        self._layer: MapLayer | None = None
        self._chosen: np.ndarray | None = None
        self._view: Viewpoint | None = None
        self._base: QImage | None = None
        self._thumbs_shown = np.arange(0)
        self._lasso = np.zeros((0, 2))
        self._line: list[QPointF] = []
        self._drag: QPointF | None = None
        self._pressed = QPointF()
        self._query = -1
        self._results: tuple[int, ...] = ()
        self._words = ""
        self.current = self.pointed = -1
        self.thumb_width = 48
        self.has_words = True
        self.has_lasso = True
        """Whether dragging draws one; else it moves the map. Shift turns it around."""
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setAccessibleName("Map of the gallery")
        keeper.changed.connect(self.refresh)
        store.arrived.connect(self._on_arrived)

    def show_layer(self, images: MapImages | None, layer: MapLayer | None, words: str = "") -> None:
        """Show a map, whole; words: in its place while there is none."""
        if images is not self._images:
            self._thumbs.forget()
            self.current = self.pointed = -1
        self._images, self._layer, self._words = images, layer, words
        self._view, self._lasso = None, np.zeros((0, 2))
        self.refresh()

    @property
    def layer(self) -> MapLayer | None:
        """What is shown."""
        return self._layer

    def choose(self, chosen: np.ndarray | None) -> None:
        """Light some images, (n_images,) bool, and fade the others; None for all alike."""
        self._chosen = chosen
        if chosen is None:
            self._lasso = np.zeros((0, 2))
        self.refresh()

    def forget_line(self) -> None:
        """The lasso was drawn elsewhere."""
        self._lasso = np.zeros((0, 2))
        self.update()

    def select(self, index: int) -> None:
        """Mark an image, and bring it into view; -1 for none."""
        self.current = index
        tile = None if index < 0 or self._images is None else self._images.tile(index)
        self.setAccessibleDescription("" if tile is None else f"{tile.name}, {tile.label}")
        self._bring_into_view(index)
        self.update()

    def point_out(self, index: int) -> None:
        """Mark an image that is pointed at elsewhere; -1 for none."""
        self.pointed = index
        self.update()

    def mark(self, query: int, results: tuple[int, ...]) -> None:
        """Mark the query and its first results, the best first; -1 and () for none."""
        if (query, results) != (self._query, self._results):
            self._query, self._results = query, results
            self.refresh()

    def set_thumb_width(self, width: int) -> None:
        """How wide thumbnails are in pixels; 0 for points alone."""
        self.thumb_width = width
        self.refresh()

    def fit(self) -> None:
        """Show the whole map."""
        self._view = None
        self.refresh()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Larger or smaller about a pixel, by itself the middle."""
        at = at or QPointF(self.width() / 2, self.height() / 2)
        self._view = self._viewpoint().zoomed(factor, at, self._room(), self._fitting().scale)
        self.refresh()

    def place_of(self, index: int) -> QPointF:
        """Where an image is drawn."""
        if self._layer is None:
            return QPointF()
        x, y = self._places()[index]
        return QPointF(x, y)

    def image_at(self, position: QPointF) -> int:
        """The image drawn at a pixel, or near it; -1 for none."""
        if self._layer is None or self._images is None:
            return -1
        places = self._places()
        shown, half = self._thumbs_shown, self.thumb_width / 2
        if shown.size:
            away = np.abs(places[shown] - (position.x(), position.y()))
            for index in shown[(away <= half).all(axis=1)][::-1].tolist():
                size, at = self._thumbs.size(index, self.thumb_width), self.place_of(index)
                over = position - at
                if abs(over.x()) <= size.width() / 2 and abs(over.y()) <= size.height() / 2:
                    return int(index)
        return nearest_image(places, position.x(), position.y(), _NEAR_PIXELS)

    def refresh(self) -> None:
        """Paint all of it anew."""
        self._base = None
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.refresh()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._layer is not None:
            self.zoom(_ZOOM ** (event.angleDelta().y() / 120), QPointF(event.position()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._layer is None or event.button() not in (Qt.LeftButton, Qt.MiddleButton):
            return
        self._pressed = QPointF(event.pos())
        turns = bool(event.modifiers() & Qt.ShiftModifier)
        if event.button() == Qt.LeftButton and self.has_lasso != turns:
            self._line = [self._pressed]
        else:
            self._drag = self._pressed

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = QPointF(event.pos())
        if self._drag is not None:
            moved = position - self._drag
            self._view = self._viewpoint().panned(moved.x(), moved.y())
            self._drag = position
            self.refresh()
        elif self._line:
            last = position - self._line[-1]
            if abs(last.x()) + abs(last.y()) >= _LEAST_DRAG:
                self._line.append(position)
                self.update()
        else:
            self._point_at(self.image_at(position))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        moved = QPointF(event.pos()) - self._pressed
        is_click = abs(moved.x()) + abs(moved.y()) < _LEAST_DRAG and len(self._line) < 3
        line, self._line, self._drag = self._line, [], None
        if is_click and event.button() == Qt.LeftButton:
            self._take(self.image_at(QPointF(event.pos())))
        elif len(line) > 2:
            self._close_lasso(line)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.image_at(QPointF(event.pos()))
        if index >= 0 and event.button() == Qt.LeftButton:
            self.image_activated.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key_Left: (-1, 0), Qt.Key_Right: (1, 0), Qt.Key_Up: (0, -1), Qt.Key_Down: (0, 1),
        }  # fmt: skip
        key, way = event.key(), ways.get(Qt.Key(event.key()))
        if self._layer is None or event.modifiers() & Qt.AltModifier:
            event.ignore()
        elif way is not None and event.modifiers() & Qt.ControlModifier:
            self._view = self._viewpoint().panned(-_STEP * way[0], -_STEP * way[1])
            self.refresh()
        elif way is not None:
            self._take(self._next_image(*way))
        elif key in (Qt.Key_Plus, Qt.Key_Equal):
            self.zoom(_ZOOM)
        elif key == Qt.Key_Minus:
            self.zoom(1 / _ZOOM)
        elif key in (Qt.Key_0, Qt.Key_Home):
            self.fit()
        elif key in (Qt.Key_Return, Qt.Key_Enter) and self.current >= 0:
            self.image_activated.emit(self.current)
        elif key == Qt.Key_Escape and (self._line or self._chosen is not None):
            self._line = []
            self.lasso_drawn.emit(np.arange(0))
        elif key == Qt.Key_Escape and self.current >= 0:
            self._take(-1)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        painter.fillRect(self.rect(), theme.canvas)
        if self._layer is None or self._images is None or not self._layer.is_there.any():
            painter.setPen(theme.secondary)
            painter.setFont(text_font(12))
            painter.drawText(QRectF(self.rect()).adjusted(24, 0, -24, 0), CENTRE, self._words)
            painter.end()
            return
        self._paint_images(painter, self._images, self._layer)
        self._paint_marks(painter, self._images)
        painter.end()

    def _paint_images(self, painter: QPainter, images: MapImages, layer: MapLayer) -> None:
        places = self._places()
        if self._base is None:
            self._base = self._points(images, layer, places)
            self._thumbs_shown = self._with_thumbs(layer, places)
            if self._thumbs_shown.size:
                self._store.begin_wishes(SIDE)
        painter.drawImage(0, 0, self._base)
        ratio = self.devicePixelRatioF()
        for index in self._thumbs_shown.tolist():
            thumb = self._thumbs.get(images, index, self.thumb_width, ratio)
            if thumb is not None:
                is_lit = self._chosen is None or bool(self._chosen[index])
                painter.setOpacity(1.0 if is_lit else FADED)
                at = QPointF(places[index, 0], places[index, 1])
                painter.drawPixmap(at - QPointF(thumb.width(), thumb.height()) / (2 * ratio), thumb)
        painter.setOpacity(1.0)

    def _paint_marks(self, painter: QPainter, images: MapImages) -> None:
        theme, places = self._keeper.theme, self._places()
        painter.setRenderHint(QPainter.Antialiasing)
        sizes = {
            index: self._thumbs.size(index, self.thumb_width)
            for index in self._thumbs_shown.tolist()
        }
        paint_rings(painter, theme, places, sizes, self._query, self._results, self.current,
                    self.pointed, has_focus=self.hasFocus(), has_words=self.has_words)  # fmt: skip
        line = QPolygonF(self._line)
        if not self._line and len(self._lasso):
            on_screen = self._viewpoint().to_screen(self._lasso, self._room())
            line = QPolygonF([QPointF(x, y) for x, y in on_screen.tolist()])
        paint_lasso(painter, theme, line)
        if self.pointed >= 0 and np.isfinite(places[self.pointed]).all():
            tile = images.tile(self.pointed)
            image = self._store.get(tile.path, thumbnail_side(self))
            look = images.looks[images.look_of[self.pointed]]
            at = QPointF(*places[self.pointed].tolist())
            paint_card(painter, theme, tile, image, look, at, QRectF(self.rect()))

    def _points(self, images: MapImages, layer: MapLayer, places: np.ndarray) -> QImage:
        """All points; under a thumbnail there is one too, until it is decoded."""
        order = np.flatnonzero(layer.is_there)
        order = order[np.argsort(self._heights(order), kind="stable")]
        finite = np.where(layer.is_there[:, None], places, -1e6)
        size = (max(1, self.width()), max(1, self.height()))
        return paint_images(images, finite, order, self._chosen, size, self._keeper.theme)

    def _with_thumbs(self, layer: MapLayer, places: np.ndarray) -> np.ndarray:
        """The images whose thumbnails are shown, those that are lit last."""
        if self.thumb_width < 16:
            return np.arange(0)
        half = self.thumb_width / 2
        with np.errstate(invalid="ignore"):
            x, y = places[:, 0], places[:, 1]
            is_seen = (x > -half) & (x < self.width() + half)
            is_seen &= (y > -half) & (y < self.height() + half)
        seen = np.flatnonzero(is_seen & layer.is_there)
        shown = with_room(places[seen], seen, self.thumb_width)
        return shown[np.argsort(self._heights(shown), kind="stable")]

    def _heights(self, images: np.ndarray) -> np.ndarray:
        """What lies over what: labelled over others, then results, the query, what is lit."""
        heights = np.zeros(len(images), np.int64)
        if self._images is not None:
            heights += self._images.has_label[images]
        heights += 2 * np.isin(images, self._results) + 4 * (images == self._query)
        if self._chosen is not None:
            heights += 8 * self._chosen[images]
        return heights

    def _take(self, index: int) -> None:
        self.select(index)
        self.image_selected.emit(index)

    def _point_at(self, index: int) -> None:
        if index != self.pointed:
            self.pointed = index
            self.setToolTip("")
            self.update()
            self.image_pointed.emit(index)

    def _close_lasso(self, line: list[QPointF]) -> None:
        if self._layer is None:
            return
        view, room = self._viewpoint(), self._room()
        lasso = np.array([view.to_map(corner, room) for corner in line])
        self.lasso_drawn.emit(np.flatnonzero(inside(self._layer.points, lasso)))
        self._lasso = lasso
        self.update()

    def _next_image(self, right: int, down: int) -> int:
        if self.current < 0 or not np.isfinite(self._places()[self.current]).all():
            return nearest_image(self._places(), self.width() / 2, self.height() / 2, np.inf)
        return next_image(self._places(), self.current, right, down)

    def _bring_into_view(self, index: int) -> None:
        if self._layer is None or index < 0 or not self._layer.is_there[index]:
            return
        before = self._viewpoint()
        after = before.showing(self.place_of(index), self._room(), _MARGIN)
        if after != before:
            self._view = after
            self.refresh()

    def _on_arrived(self) -> None:
        if self.isVisible():
            self.update()

    def _room(self) -> QSizeF:
        return QSizeF(self.size())

    def _fitting(self) -> Viewpoint:
        if self._layer is None:
            return Viewpoint()
        points = self._layer.points[self._layer.is_there]
        return Viewpoint.fitting(points, self._room(), max(24.0, self.thumb_width / 2 + _MARGIN))

    def _viewpoint(self) -> Viewpoint:
        return self._view or self._fitting()

    def _places(self) -> np.ndarray:
        """Where all images are drawn, (n, 2); NaN where the map has them not."""
        if self._layer is None:
            return np.zeros((0, 2))
        return self._viewpoint().to_screen(self._layer.points, self._room())
