"""Where the graph's canvas looks; the zoom is the user's, but for the first view of a net."""

from __future__ import annotations

from collections.abc import Set
from statistics import median

from PyQt5.QtCore import QPoint, QPointF, QRectF

from core.net.layout.layered import Direction
from gui.graph import metrics as m
from gui.graph.canvas import GraphCanvas
from gui.graph.items.layer import LayerItem
from gui.graph.scene import GraphScene

_EDGE = 6
_FROM_TOP = 24


class Viewpoint:
    """Moves the view so that boxes, badges and labels show."""

    def __init__(self, canvas: GraphCanvas, scene: GraphScene) -> None:
        self.canvas = canvas
        self.scene = scene
        self._beginning: tuple[float, int, int] | None = None

    def reveal(self, item: LayerItem, direction: Direction) -> None:
        """Glide to a box that is not wholly in view; one that is stays where it is."""
        frame = item.frame().adjusted(0, -30, 0, 30)
        if self.canvas.scale_now >= m.FULL_FROM:
            beside = frame.united(self._beside({item.box.key}))
            frame.setLeft(beside.left())
            frame.setRight(beside.right())
        if not self.canvas.is_in_view(frame):
            self.look_at(item, direction)

    def look_at(self, item: LayerItem, direction: Direction, *, at_once: bool = False) -> None:
        """Put a box, and what hangs on its right, in the middle."""
        self.canvas.glide_to(self._middle_of(item, direction), at_once=at_once)

    def show_beginning(self, direction: Direction) -> None:
        """A net just opened: all of it if types and shapes can be read so, else its beginning."""
        if not self.scene.layer_items:
            return
        self.canvas.fit(largest=1.0)
        if self.canvas.scale_now < m.FULL_FROM:
            self.canvas.set_scale(1.0)
            self._go_to_beginning(direction)
        else:
            self._align(direction)
        self._beginning = self.canvas.place

    def stay_at_beginning(self, before: tuple[float, int, int], direction: Direction) -> None:
        """After a change of size: who has not moved the view still sees the beginning, as large.

        before: the canvas's place when it changed.
        """
        if before != self._beginning or not self.scene.layer_items:
            return
        frame = self.scene.content_rect()
        if self.canvas.shown_rect().adjusted(-1, -1, 1, 1).contains(frame):
            self._align(direction)
        else:
            self._go_to_beginning(direction)
        self._beginning = self.canvas.place

    def _align(self, direction: Direction) -> None:
        """A net that fits begins at the edge, so that a chain that opens grows away from it."""
        frame, shown = self.scene.content_rect(), self.canvas.shown_rect()
        place = frame.center()
        if direction == "TB":
            place.setY(frame.top() + shown.height() / 2 - _EDGE - m.BADGE_GAP / 2)
        else:
            place.setX(frame.left() + shown.width() / 2 - _EDGE - m.BADGE_GAP / 2)
        self.canvas.glide_to(place, at_once=True)

    def _go_to_beginning(self, direction: Direction) -> None:
        frame = self.scene.content_rect()
        across = self._find_beginning(direction)
        shown = self.canvas.shown_rect()
        if direction == "TB":
            place = QPointF(across, frame.top() + shown.height() / 2 - _FROM_TOP)
        else:
            place = QPointF(frame.left() + shown.width() / 2 - _FROM_TOP, across)
        self.canvas.glide_to(place, at_once=True)

    def _find_beginning(self, direction: Direction) -> float:
        """The middle across the flow: of the first box, moved towards where most boxes stand."""
        items = self.scene.layer_items
        first = items[min(items)]
        middle = self._middle_of(first, direction)
        centres = [item.frame().center() for item in items.values()]
        if direction == "LR":
            return middle.y()
        apart = median(c.x() for c in centres) - first.frame().center().x()
        room = self.canvas.shown_rect().width() / 2 - m.BOX_WIDTH / 2 - m.BADGE_WIDTH
        return middle.x() + max(-room, min(room, apart)) if room > 0 else middle.x()

    def find_anchor(self, wanted: LayerItem | None) -> LayerItem | None:
        """The wanted box if any of it shows, else the one that is nearest to the middle."""
        shown = self.canvas.shown_rect()
        if wanted is not None and wanted.frame().intersects(shown):
            return wanted
        middle = shown.center()

        def distance(item: LayerItem) -> float:
            return float((item.frame().center() - middle).manhattanLength())

        return min(self.scene.layer_items.values(), key=distance, default=None)

    def place_of(self, item: LayerItem) -> QPoint:
        """Where a box is on screen: its upper left corner in the canvas."""
        return QPoint(self.canvas.mapFromScene(item.frame().topLeft()))

    def put(self, item: LayerItem, place: QPoint) -> None:
        """Scroll so that a box is at that place on screen, as far as the scene goes."""
        moved = self.place_of(item) - place
        self.canvas.pan(moved.x(), moved.y())

    def show_place(self, scale: float, centre: QPointF) -> None:
        """Look where the graph was left."""
        self.canvas.set_scale(scale)
        self.canvas.glide_to(centre, at_once=True)

    def show_all(self, items: list[LayerItem], direction: Direction) -> None:
        """Bring several boxes into view: the middle of all that fit, the first one in any case."""
        frame = QRectF()
        for item in items:
            united = frame.united(item.frame())
            shown = self.canvas.shown_rect()
            if not frame.isEmpty() and (
                united.width() > shown.width() or united.height() > shown.height()
            ):
                break
            frame = united
        if frame.isEmpty():
            return
        around = frame.adjusted(-30, -30, 30, 30)
        if not self.canvas.is_in_view(around):
            across = self._middle_of(items[0], direction) if direction == "TB" else frame.center()
            place = QPointF(across.x(), frame.center().y())
            self.canvas.glide_to(place if len(items) > 1 else across)

    def _middle_of(self, item: LayerItem, direction: Direction) -> QPointF:
        """The middle of a box with its label left and badges right."""
        centre = item.frame().center()
        if direction != "TB" or self.canvas.scale_now < m.FULL_FROM:
            return centre
        scale = self.canvas.scale_now
        stretch = self._column_of(item)
        room = self.canvas.width()
        # where not all has room the badges give way: they say less than the label
        left = max((room - stretch.width() * scale) / 2, _EDGE)
        return QPointF(stretch.left() + (room / 2 - left) / scale, centre.y())

    def _column_of(self, item: LayerItem) -> QRectF:
        """What stands above and below a box as far as the view reaches, with labels and badges."""
        frame = item.frame()
        reach = self.canvas.shown_rect().height() / 2
        keys = set()
        for key, other in self.scene.layer_items.items():
            apart = other.frame().center() - frame.center()
            if abs(apart.x()) < m.BOX_WIDTH / 2 and abs(apart.y()) < reach:
                keys.add(key)
                frame = frame.united(other.frame())
        return frame.united(self._beside(keys))

    def _beside(self, keys: Set[int]) -> QRectF:
        """What labels and badges of these boxes cover."""
        frame = QRectF()
        for (key, _), badge in self.scene.badge_items.items():
            if key in keys:
                frame = frame.united(badge.badge_frame())
        for bracket in self.scene.bracket_items.values():
            if not keys.isdisjoint(bracket.bracket.boxes):
                frame = frame.united(bracket.line_frame()).united(bracket.label_frame())
        return frame
