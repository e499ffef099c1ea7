"""Where the graph's canvas looks, and the minimap and legend that lie on it."""

from __future__ import annotations

from statistics import median

from PyQt5.QtCore import QPointF, QRectF

from core.net.layout import Direction
from gui.graph import metrics as m
from gui.graph.canvas import GraphCanvas
from gui.graph.layer_item import LayerItem
from gui.graph.legend import Legend
from gui.graph.minimap import Minimap
from gui.graph.scene import GraphScene

_READABLE_SCALE = 0.75
_OVERLAY_MARGIN = 10


class Viewpoint:
    """Moves the view so that boxes, badges and labels show beside the overlays."""

    def __init__(
        self, canvas: GraphCanvas, scene: GraphScene, minimap: Minimap, legend: Legend
    ) -> None:
        self.canvas = canvas
        self.scene = scene
        self.minimap = minimap
        self.legend = legend
        self.is_legend_open = True

    def fit(self, largest: float = 1.25) -> None:
        """Show the whole graph, beside the legend where there is room."""
        self.canvas.fit(largest)
        self._move_beside_legend()

    def reveal(self, item: LayerItem, direction: Direction) -> None:
        """Glide to a box that is not wholly in view; one that is stays where it is."""
        if self.canvas.scale_now < m.TEXT_FROM:
            self.canvas.set_scale(1.0)
        frame = item.frame().adjusted(-30, -30, _room_right(item), 30)
        if not self.canvas.is_in_view(frame) or self._is_under_legend(item):
            self.look_at(item, direction)

    def look_at(self, item: LayerItem, direction: Direction, *, at_once: bool = False) -> None:
        """Put a box, and what hangs on its right, in the middle."""
        self.canvas.glide_to(self._middle_of(item, direction), at_once=at_once)

    def show_beginning(self, direction: Direction) -> None:
        """The whole graph if it can be read so, else its first box and the main column."""
        if not self.scene.layer_items:
            return
        self.canvas.fit(largest=1.0)
        if self.canvas.scale_now >= _READABLE_SCALE:
            self._move_beside_legend()
            return
        frame = self.scene.content_rect()
        self.canvas.set_scale(1.0)
        across = self._beginning(direction)
        shown = self.canvas.shown_rect()
        if direction == "TB":
            place = QPointF(across, frame.top() + shown.height() / 2 - 24)
        else:
            place = QPointF(frame.left() + shown.width() / 2 - 24, across)
        self.canvas.glide_to(place, at_once=True)

    def _beginning(self, direction: Direction) -> float:
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
            return

    def place_overlays(self, *, has_net: bool) -> None:
        """Minimap top right, legend bottom left; both give way below 400 pixels."""
        width, height = self.canvas.width(), self.canvas.height()
        has_room = width >= m.OVERLAYS_FROM_WIDTH and has_net
        # a third of the height: the selected chain and its card stand in the middle
        self.minimap.set_largest_height(max(60, min(300, int(height * 0.3))))
        self.minimap.setVisible(has_room)
        self.minimap.move(width - self.minimap.width() - _OVERLAY_MARGIN, _OVERLAY_MARGIN - 2)
        has_height = height >= 2 * self.legend.height()
        self.legend.setVisible(has_room and has_height and self.is_legend_open)
        self.legend.move(_OVERLAY_MARGIN, height - self.legend.height() - _OVERLAY_MARGIN)

    def _is_under_legend(self, item: LayerItem) -> bool:
        """Whether the legend hides the box or the label of its chain."""
        frames = [item.frame()]
        for bracket in self.scene.bracket_items.values():
            if item.box.key in bracket.bracket.boxes:
                frames.append(bracket.label_frame())
        return any(self._overlap_of_legend(frame) > 0 for frame in frames)

    def _overlap_of_legend(self, frame: QRectF) -> int:
        """Pixels that the legend covers of the left end of `frame`, 0 where they don't meet."""
        if not self.legend.isVisible() or frame.isEmpty():
            return 0
        on_screen = self.canvas.mapFromScene(frame).boundingRect()
        legend = self.legend.geometry()
        return legend.right() + 8 - on_screen.left() if on_screen.intersects(legend) else 0

    def _move_beside_legend(self) -> None:
        """Move the graph right as far as the legend covers it, if there is room."""
        frames = [item.frame() for item in self.scene.layer_items.values()]
        frames += [bracket.label_frame() for bracket in self.scene.bracket_items.values()]
        overlap = max((self._overlap_of_legend(frame) for frame in frames), default=0)
        content = self.canvas.mapFromScene(self.scene.content_rect()).boundingRect()
        room = self.canvas.viewport().width() - content.right() - 4
        if overlap > 0 and room > 0:
            self.canvas.pan(-min(overlap, room))

    def _middle_of(self, item: LayerItem, direction: Direction) -> QPointF:
        """A box stands left of the middle, as far as its own left end still shows."""
        if direction != "TB":
            return item.frame().center()
        half = self.canvas.shown_rect().width() / 2
        room = half - m.BOX_WIDTH / 2 - self._left_margin() / self.canvas.scale_now
        wanted = m.SIDE_SHIFT if self.scene.badge_items else 0.0
        least = m.BOX_WIDTH / 2 + m.BADGE_GAP - half
        return item.frame().center() + QPointF(max(least, min(wanted, room)), 0)

    def _left_margin(self) -> int:
        """Pixels at the left that a box keeps clear of: the legend's, or a bracket's."""
        if self.legend.isVisible():
            return self.legend.geometry().right() + 12
        return int(m.BRACKET_GAP) + 8


def _room_right(item: LayerItem) -> float:
    """Scene units right of a box that its badge and the button on it take."""
    return m.BADGE_GAP + m.BADGE_WIDTH + m.TIP_WIDTH if item.box.badges else 30.0
