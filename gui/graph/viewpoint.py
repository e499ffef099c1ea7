"""Where the graph's canvas looks."""

from __future__ import annotations

from collections.abc import Set
from statistics import median

from PyQt5.QtCore import QPointF, QRectF

from core.net.layout.layered import Direction
from gui.graph import metrics as m
from gui.graph.canvas import GraphCanvas
from gui.graph.items.layer import LayerItem
from gui.graph.overlays import MARGIN, Overlays
from gui.graph.scene import GraphScene

_READABLE_SCALE = 0.75
_EDGE = 6


class Viewpoint:
    """Moves the view so that boxes, badges and labels show beside the overlays."""

    def __init__(self, canvas: GraphCanvas, scene: GraphScene, overlays: Overlays) -> None:
        self.canvas = canvas
        self.scene = scene
        self.overlays = overlays
        self._beginning: tuple[float, int, int] | None = None

    def fit(self, largest: float = 1.25) -> None:
        """Show the whole graph, clear of the minimap where there is room."""
        self.canvas.fit(largest)
        self._clear_minimap()

    def reveal(self, item: LayerItem, direction: Direction) -> None:
        """Glide to a box that is not wholly in view; one that is stays where it is."""
        if self.canvas.scale_now < m.TEXT_FROM:
            self.canvas.set_scale(1.0)
        frame = item.frame().adjusted(0, -30, 0, 30)
        beside = frame.united(self._beside({item.box.key}))
        frame.setLeft(beside.left())
        frame.setRight(beside.right())
        if not self.canvas.is_in_view(frame) or self._is_covered(frame):
            self.look_at(item, direction)

    def look_at(self, item: LayerItem, direction: Direction, *, at_once: bool = False) -> None:
        """Put a box, and what hangs on its right, in the middle."""
        self.canvas.glide_to(self._middle_of(item, direction), at_once=at_once)

    def show_beginning(self, direction: Direction) -> None:
        """The whole graph if it can be read so, else its first box and the main column."""
        if not self.scene.layer_items:
            return
        self._look_at_beginning(direction)
        self._beginning = self.canvas.place

    def stay_at_beginning(self, before: tuple[float, int, int], direction: Direction) -> None:
        """After a change of size: who has not moved the view still sees the beginning.

        before: the canvas's place when it changed.
        """
        if before == self._beginning:
            self.show_beginning(direction)

    def _look_at_beginning(self, direction: Direction) -> None:
        self.canvas.fit(largest=1.0)
        if self.canvas.scale_now >= _READABLE_SCALE:
            self._clear_minimap()
            return
        frame = self.scene.content_rect()
        self.canvas.set_scale(1.0)
        across = self._find_beginning(direction)
        shown = self.canvas.shown_rect()
        if direction == "TB":
            place = QPointF(across, frame.top() + shown.height() / 2 - 24)
        else:
            place = QPointF(frame.left() + shown.width() / 2 - 24, across)
        self.canvas.glide_to(place, at_once=True)

    def _find_beginning(self, direction: Direction) -> float:
        """The middle across the flow: of the first box, and of where most boxes stand.

        A net whose labels go far from its images is drawn smaller, so that both are in view.
        """
        items = self.scene.layer_items
        first = items[min(items)]
        centres = [item.frame().center() for item in items.values()]
        if direction == "LR":
            start, most = first.frame().center().y(), median(c.y() for c in centres)
            needed, room = m.BOX_HEIGHT, self.canvas.height()
        else:
            start, most = first.frame().center().x(), median(c.x() for c in centres)
            needed, room = m.BOX_WIDTH, self.canvas.width()
        distance = abs(most - start)
        if distance < needed:
            middle = self._middle_of(first, direction)
            return middle.y() if direction == "LR" else middle.x() + most - start
        scale = room / (distance + needed + 2 * m.BADGE_WIDTH)
        self.canvas.set_scale(max(m.TEXT_FROM, min(1.0, scale)))
        return (start + most) / 2

    def show_place(self, scale: float, centre: QPointF) -> None:
        """Look where the graph was left."""
        self.canvas.set_scale(scale)
        self.canvas.glide_to(centre, at_once=True)

    def clear_card(self, key: int | None) -> None:
        """Move the least that shows the card of a verification beside the selected box."""
        if key is None or key not in self.scene.layer_items:
            return
        box = self.scene.layer_items[key].frame()
        for card in self.scene.verified_items:
            frame = card.sceneBoundingRect()
            if not card.has_card or not frame.top() - 60 <= box.center().y() <= frame.bottom() + 60:
                continue
            on_screen = self.canvas.mapFromScene(frame).boundingRect()
            over = on_screen.right() + 3 - self.canvas.viewport().width()
            if 0 < over < on_screen.width() + 40:
                self.canvas.pan(over)
                self._make_room(box.united(frame).united(self._beside({key})))
                self.canvas.rested.emit()
            return

    def _make_room(self, frame: QRectF) -> None:
        """Step back a little where that shows label, box and card side by side."""
        room = self.canvas.width() - 2 * _EDGE
        needed = frame.width() * self.canvas.scale_now
        if room < needed <= room / _READABLE_SCALE:
            middle = self.canvas.shown_rect().center().y()
            self.canvas.set_scale(self.canvas.scale_now * room / needed)
            self.canvas.glide_to(QPointF(frame.center().x(), middle), at_once=True)

    def _clear_minimap(self) -> None:
        """Move the graph left as far as its badges lie under the minimap, if there is room."""
        content = self.canvas.mapFromScene(self.scene.content_rect()).boundingRect()
        free = self.canvas.width() - self.overlays.minimap.width() - 2 * MARGIN
        over, room = content.right() - free, content.left() - _EDGE
        if over > 0 and room > 0:
            self.canvas.pan(round(min(over, room)))
            self.canvas.rested.emit()

    def _is_covered(self, frame: QRectF) -> bool:
        """Whether the legend or the minimap hides some of it."""
        on_screen = self.canvas.mapFromScene(frame).boundingRect()
        overlays = (self.overlays.legend, self.overlays.minimap)
        return any(o.isVisible() and o.geometry().intersects(on_screen) for o in overlays)

    def _middle_of(self, item: LayerItem, direction: Direction) -> QPointF:
        """The middle of a box with its label left and badges right, clear of the minimap."""
        centre = item.frame().center()
        if direction != "TB":
            return centre
        scale = self.canvas.scale_now
        stretch = self._column_of(item)
        room = self.canvas.width()
        taken = self.overlays.minimap.width() + 2 * MARGIN
        wide = stretch.width() * scale
        left = (room - taken - wide) / 2 if wide + taken <= room else (room - wide) / 2
        # where not all has room the badges give way: they say less than the label
        left = max(left, _EDGE)
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
