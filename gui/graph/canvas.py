"""The view on the graph scene: pan by dragging, Ctrl+wheel zooms to the cursor, glide to a box."""

from __future__ import annotations

from PyQt5.QtCore import (
    QEasingCurve,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    Qt,
    QVariantAnimation,
    pyqtSignal,
)
from PyQt5.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PyQt5.QtWidgets import QApplication, QFrame, QGraphicsItem, QGraphicsView, QRubberBand, QWidget

from gui.graph import metrics as m
from gui.graph.items.badge import BadgeItem
from gui.graph.items.stub import StubItem
from gui.graph.scene import GraphScene

ZOOM_STEP = 1.25
KEYS = (
    ("Up, Down, Left, Right", "Walk along the edges of the graph"),
    ("Enter", "Unfold a block, or press the badge in focus"),
    ("Backspace", "Fold the innermost block around the selected layer"),
    ("Tab", "The next badge"),
    ("Ctrl+C", "Copy the selected layer's name"),
    ("+, -, 0", "Zoom in, out, and back to 100 %"),
    ("F", "Show the whole graph"),
    ("Ctrl+click", "Choose another layer beside the selected one"),
    ("Ctrl+wheel", "Zoom where the pointer is"),
)
"""What keys do here, for the list of all keys."""
_FIT_MARGIN = 16.0


class GraphCanvas(QGraphicsView):
    """Tells what the mouse and the keys mean; selects nothing itself."""

    item_clicked = pyqtSignal(object, object)
    item_double_clicked = pyqtSignal(object)
    item_hovered = pyqtSignal(object)
    empty_clicked = pyqtSignal()
    band_drawn = pyqtSignal(QRectF)
    """What a band covers that was drawn with Shift held, in scene coordinates."""
    walked = pyqtSignal(str)
    zoom_changed = pyqtSignal(float)
    view_changed = pyqtSignal()
    resized = pyqtSignal(object)
    rested = pyqtSignal()

    def __init__(self, scene: GraphScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.setAcceptDrops(False)  # files are the window's, wherever they fall
        self.viewport().setAcceptDrops(False)
        self._scene = scene
        self._press: QPoint | None = None
        self._last = QPoint()
        self._is_panning = False
        self._band: QRubberBand | None = None
        self._glide = QVariantAnimation(self)
        self._glide.setDuration(m.GLIDE_MS)
        self._glide.setEasingCurve(QEasingCurve.OutCubic)
        self.setFrameShape(QFrame.NoFrame)
        self.setRenderHint(QPainter.Antialiasing)
        self.setRenderHint(QPainter.SmoothPixmapTransform)
        self.setOptimizationFlag(QGraphicsView.DontSavePainterState, False)
        self.setOptimizationFlag(QGraphicsView.DontAdjustForAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.MinimalViewportUpdate)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.NoAnchor)
        self.setResizeAnchor(QGraphicsView.AnchorViewCenter)
        self.setMouseTracking(True)
        self.setAccessibleName("Graph of the net")
        self._glide.valueChanged.connect(self._glide_to)
        self._glide.finished.connect(self.rested)

    @property
    def scale_now(self) -> float:
        """1.0 at 100 %."""
        return float(self.transform().m11())

    @property
    def place(self) -> tuple[float, int, int]:
        """Scale and where the bars stand: equal as long as nobody moved the view."""
        return (
            self.scale_now, self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        )  # fmt: skip

    @property
    def is_gliding(self) -> bool:
        """Whether the view is on its way to a box."""
        return bool(self._glide.state() == QVariantAnimation.Running)

    def set_scale(self, scale: float, anchor: QPoint | None = None) -> None:
        """Zoom so that the place under `anchor` (viewport pixels; the middle) stays there."""
        scale = min(m.SCALE_MAXIMUM, scale)
        if scale < m.SCALE_MINIMUM:  # only as far as it takes to see all of a long net
            scale = max(scale, min(m.SCALE_MINIMUM, self._fitting()))
        if abs(scale - self.scale_now) < 1e-6:
            return
        self._glide.stop()
        anchor = anchor if anchor is not None else self.viewport().rect().center()
        held = self.mapToScene(anchor)
        self.resetTransform()
        self.scale(scale, scale)
        self.setRenderHint(QPainter.Antialiasing, scale >= m.NAMES_FROM)
        moved = self.mapFromScene(held) - anchor
        self._scroll(moved)
        self._scene.show_scale(scale)
        self.zoom_changed.emit(scale)
        self.view_changed.emit()

    def zoom_in(self) -> None:
        """One step closer."""
        self.set_scale(self.scale_now * ZOOM_STEP)

    def zoom_out(self) -> None:
        """One step back."""
        self.set_scale(self.scale_now / ZOOM_STEP)

    def fit(self, largest: float = 1.25) -> None:
        """Show the whole graph, no larger than `largest`."""
        if self._scene.content_rect().isEmpty():
            return
        scale = min(self._fitting(), largest)
        self.set_scale(scale)
        self.centerOn(self._scene.painted_rect(scale).center())
        self.view_changed.emit()
        self.rested.emit()

    def _fitting(self) -> float:
        """The largest scale at which all that is painted at it shows."""
        most = m.SCALE_MAXIMUM
        for least in (m.FULL_FROM, m.NAMES_FROM, 0.0):
            scale = most
            for _ in range(12):  # names keep their size: their share grows as the scale shrinks
                before, scale = scale, min(most, self._scale_for(self._scene.painted_rect(scale)))
                if scale < least or before - scale < 1e-4:
                    break
            if scale >= least:
                return scale
            most = least - 1e-3
        return scale

    def _scale_for(self, frame: QRectF) -> float:
        """The scale at which a part of the scene fills the canvas, but for a margin."""
        if frame.isEmpty():
            return 1.0
        across = max(1.0, self.viewport().width() - 2 * _FIT_MARGIN) / frame.width()
        along = max(1.0, self.viewport().height() - 2 * _FIT_MARGIN) / frame.height()
        return min(across, along)

    def glide_to(self, target: QPointF, *, at_once: bool = False) -> None:
        """Bring a place to the middle within 150 ms."""
        self._glide.stop()
        start = self.mapToScene(self.viewport().rect().center())
        if at_once or not self.isVisible():
            self._glide_to(target)
            self.rested.emit()
            return
        self._glide.setStartValue(start)
        self._glide.setEndValue(target)
        self._glide.start()

    def pan(self, across: int, along: int = 0) -> None:
        """Move what shows by pixels; negative ones move the graph right and down."""
        self._scroll(QPoint(across, along))
        self.view_changed.emit()

    def is_in_view(self, frame: QRectF) -> bool:
        """Whether all of `frame` shows."""
        shown = self.mapToScene(self.viewport().rect()).boundingRect()
        return bool(shown.contains(frame))

    def shown_rect(self) -> QRectF:
        """What part of the scene shows."""
        return QRectF(self.mapToScene(self.viewport().rect()).boundingRect())

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if event.modifiers() & Qt.ControlModifier:
            self.set_scale(self.scale_now * 1.0015 ** turn.y(), event.position().toPoint())
        elif event.modifiers() & Qt.ShiftModifier:
            self.pan(-(turn.y() or turn.x()))
        else:
            pixels = event.pixelDelta()
            moved = turn if pixels.isNull() else pixels
            self.pan(-moved.x(), -moved.y())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._glide.stop()
        badge = self._badge_at(event.pos())
        if event.button() == Qt.LeftButton and badge is not None and badge.badge.wish:
            super().mousePressEvent(event)
            return
        if isinstance(self.itemAt(event.pos()), StubItem) and event.button() == Qt.LeftButton:
            super().mousePressEvent(event)
            return
        if event.button() in (Qt.LeftButton, Qt.MiddleButton):
            self._press = self._last = event.pos()
            self._is_panning = event.button() == Qt.MiddleButton
        self.setFocus(Qt.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            super().mouseMoveEvent(event)
            self._hover(event.pos())
            return
        far = (event.pos() - self._press).manhattanLength() >= QApplication.startDragDistance()
        if self._band is not None or (far and event.modifiers() & Qt.ShiftModifier):
            self._draw_band(event.pos())
            return
        if far and not self._is_panning:
            self._is_panning = True
            self.viewport().setCursor(Qt.ClosedHandCursor)
        if self._is_panning:
            self._scroll(self._last - event.pos())
            self._last = event.pos()
            self.view_changed.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press, self._press = self._press, None
        was_panning, self._is_panning = self._is_panning, False
        self.viewport().unsetCursor()
        band, self._band = self._band, None
        if band is not None:
            self.band_drawn.emit(self.mapToScene(band.geometry()).boundingRect())
            band.deleteLater()
        elif press is None:
            super().mouseReleaseEvent(event)
        elif not was_panning and event.button() == Qt.LeftButton:
            self._click(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        item = self._scene.item_of(self._item_at(event.pos()))
        if item is not None and event.button() == Qt.LeftButton:
            self.item_double_clicked.emit(item)

    def leaveEvent(self, event: object) -> None:
        self.item_hovered.emit(None)
        super().leaveEvent(event)  # type: ignore[arg-type]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if isinstance(self._scene.focusItem(), BadgeItem) and event.key() in (
            Qt.Key_Return,
            Qt.Key_Enter,
            Qt.Key_Space,
        ):
            super().keyPressEvent(event)
            return
        directions = {
            Qt.Key_Up: "up",
            Qt.Key_Down: "down",
            Qt.Key_Left: "left",
            Qt.Key_Right: "right",
            Qt.Key_Return: "open",
            Qt.Key_Enter: "open",
            Qt.Key_Backspace: "fold",
        }
        way = directions.get(Qt.Key(event.key()))
        if event.matches(QKeySequence.Copy):
            self.walked.emit("copy")
        elif way is not None and not event.modifiers() & Qt.ControlModifier:
            self.walked.emit(way)
        elif event.key() in (Qt.Key_Plus, Qt.Key_Equal):
            self.zoom_in()
        elif event.key() == Qt.Key_Minus:
            self.zoom_out()
        elif event.key() == Qt.Key_0:
            self.set_scale(1.0)
        elif event.key() == Qt.Key_F and not event.modifiers():
            self.fit()
        else:
            event.ignore()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from badge to badge before it leaves the graph."""
        badges = [
            item
            for _, item in sorted(self._scene.badge_items.items(), key=lambda pair: pair[0])
            if item.badge.wish
        ]
        now = self._scene.focusItem()
        at = badges.index(now) if isinstance(now, BadgeItem) and now in badges else None
        step = 1 if forward else -1
        following = (0 if forward else len(badges) - 1) if at is None else at + step
        if self.scale_now < m.FULL_FROM or not 0 <= following < len(badges):
            self._scene.clearFocus()
            return bool(super().focusNextPrevChild(forward))
        badge = badges[following]
        badge.setFocus(Qt.TabFocusReason)
        if not self.is_in_view(badge.badge_frame()):
            self.glide_to(badge.badge_frame().center())
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._scene.clearFocus()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        before = self.place
        super().resizeEvent(event)
        self.resized.emit(before)
        self.view_changed.emit()

    def _draw_band(self, place: QPoint) -> None:
        if self._band is None:
            self._band = QRubberBand(QRubberBand.Rectangle, self.viewport())
            self._band.show()
        start = self._press if self._press is not None else place
        self._band.setGeometry(QRect(start, place).normalized())

    def _click(self, event: QMouseEvent) -> None:
        item = self._scene.item_of(self._item_at(event.pos()))
        if item is None:
            self.empty_clicked.emit()
        else:
            self.item_clicked.emit(item, event.modifiers())

    def _hover(self, place: QPoint) -> None:
        self.item_hovered.emit(self._scene.item_of(self._item_at(place)))

    def _item_at(self, place: QPoint) -> QGraphicsItem | None:
        return self.itemAt(place)

    def _badge_at(self, place: QPoint) -> BadgeItem | None:
        """The badge there, unless it is too small to be meant."""
        item = self.itemAt(place)
        return item if isinstance(item, BadgeItem) and self.scale_now >= m.FULL_FROM else None

    def _glide_to(self, place: QPointF) -> None:
        self.centerOn(place)
        self.view_changed.emit()

    def _scroll(self, by: QPoint) -> None:
        across, along = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + by.x())
        along.setValue(along.value() + by.y())
