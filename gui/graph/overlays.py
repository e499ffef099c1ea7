"""Minimap and legend on the canvas: each in a corner where it covers nothing, if there is one."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QPoint, QRect, QRectF
from PyQt5.QtWidgets import QWidget

from gui.graph import metrics as m
from gui.graph.canvas import GraphCanvas
from gui.graph.legend import Legend
from gui.graph.minimap import Minimap
from gui.graph.scene import GraphScene

MARGIN = 10
_CLEARANCE = 3
_NARROW = 720
"""Pixels of width under which a legend that covers something hides."""
_LOW = 260
"""Pixels of height under which a minimap that covers something hides."""


class Overlays:
    """Moves them only when the view has come to rest, never while it moves."""

    def __init__(
        self, canvas: GraphCanvas, scene: GraphScene, minimap: Minimap, legend: Legend
    ) -> None:
        self.canvas = canvas
        self.scene = scene
        self.minimap = minimap
        self.legend = legend
        self.is_legend_open = True
        self.is_legend_wanted = False

    def place(self, *, has_net: bool) -> None:
        """Minimap in a right corner, legend in one that is left; both need 400 pixels."""
        width, height = self.canvas.width(), self.canvas.height()
        has_room = width >= m.OVERLAYS_FROM_WIDTH and has_net
        # a third of the height: the selected chain and its card stand in the middle
        self.minimap.set_largest_height(max(60, min(300, int(height * 0.3))))
        self.minimap.setVisible(has_room)
        has_height = height >= 2 * self.legend.height()
        if not has_room:
            self.legend.hide()
            return
        taken = self._taken()
        is_free = self._move(self.minimap, ("top right", "bottom right"), taken)
        self.minimap.setVisible(is_free or width >= _NARROW or height >= _LOW)
        taken.append(self.minimap.geometry())
        is_free = self._move(self.legend, ("bottom left", "bottom right", "top left"), taken)
        # in a narrow graph the legend would lie on labels; who asked for it sees it all the same
        may_cover = self.is_legend_wanted or width >= _NARROW
        self.legend.setVisible(self.is_legend_open and has_height and (is_free or may_cover))

    def _move(self, overlay: QWidget, corners: Sequence[str], taken: Sequence[QRect]) -> bool:
        """Put it in the first corner that is free, else in the least covered; True if free."""
        places = [QRect(self._corner(overlay, corner), overlay.size()) for corner in corners]
        covered = [sum(_covers(place, other) for other in taken) for place in places]
        best = covered.index(min(covered))
        overlay.move(places[best].topLeft())
        return covered[best] == 0

    def _corner(self, overlay: QWidget, corner: str) -> QPoint:
        left = self.canvas.width() - overlay.width() - MARGIN if "right" in corner else MARGIN
        top = MARGIN - 2
        if "bottom" in corner:
            top = self.canvas.height() - overlay.height() - MARGIN
        return QPoint(left, top)

    def _taken(self) -> list[QRect]:
        """What shows of boxes, badges, brackets and their labels, in pixels of the canvas."""
        transform = self.canvas.viewportTransform()
        view = QRectF(self.canvas.viewport().rect())
        frames = [item.frame() for item in self.scene.layer_items.values()]
        frames += [badge.badge_frame() for badge in self.scene.badge_items.values()]
        for bracket in self.scene.bracket_items.values():
            frames += [bracket.line_frame(), bracket.label_frame()]
        on_screen = (transform.mapRect(frame) for frame in frames if not frame.isEmpty())
        return [frame.toAlignedRect() for frame in on_screen if frame.intersects(view)]


def _covers(place: QRect, other: QRect) -> int:
    """Pixels that an overlay at `place`, with some air around it, takes of `other`."""
    air = place.adjusted(-_CLEARANCE, -_CLEARANCE, _CLEARANCE, _CLEARANCE)
    common = QRect(air.intersected(other))
    return max(0, common.width()) * max(0, common.height())
