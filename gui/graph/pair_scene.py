"""The scene of two nets side by side: what stands beside their boxes and between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PyQt5.QtCore import QPointF
from PyQt5.QtWidgets import QGraphicsItem

from core.comparison.rows import Status
from gui.graph import metrics as m
from gui.graph.items.layer import LayerItem
from gui.graph.items.pair import FAR_SIZE, SIGN_SIZE, Chip, LinkItem, SignItem
from gui.graph.pair_drawing import SECOND, IndexPair, PairDrawing
from gui.graph.scene import GraphScene
from gui.graph.style import GraphStyle

SIGNS = {
    Status.CHANGED: ("~", "warning", "differs"),
    Status.REMOVED: ("\N{MINUS SIGN}", "error", "only in A"),
    Status.ADDED: ("+", "ok", "only in B"),
}
"""What stands beside a box: its sign, the colours of it, and what it means."""


class PairScene(GraphScene):
    """Links between boxes, with words that can be clicked, and signs of what differs."""

    def __init__(self, style: GraphStyle) -> None:
        super().__init__(style)
        self.sign_items: dict[int, SignItem] = {}
        self.link_items: dict[tuple[int, int], LinkItem] = {}

    def item_of(self, item: QGraphicsItem | None) -> LayerItem | None:
        """Words between two boxes are as good as the first of them."""
        if isinstance(item, LinkItem):
            return self.layer_items.get(item.box)
        return super().item_of(item)

    def restyle(self, style: GraphStyle) -> None:
        """Draw everything in another theme."""
        super().restyle(style)
        for sign in self.sign_items.values():
            sign.restyle(style)
        for link in self.link_items.values():
            link.restyle(style)

    def place_links(self, shown: PairDrawing) -> None:
        """A line from every box to its counterpart."""
        for item in self.link_items.values():
            self.removeItem(item)
        self.link_items = {}
        for link in shown.links:
            start, end = (self._end_of(key, is_first=key < SECOND) for key in link)
            item = LinkItem(link[0], start, end, shown.middle, self.graph_style)
            self.addItem(item)
            self.link_items[link] = item

    def place_signs(self, statuses: Mapping[int, Status], scale: float) -> None:
        """A sign beside each of these boxes, by key."""
        for item in self.sign_items.values():
            self.removeItem(item)
        self.sign_items = {}
        for key, status in statuses.items():
            sign, kind, meaning = SIGNS[status]
            item = SignItem(sign, kind, meaning, self.graph_style)
            self.addItem(item)
            self.sign_items[key] = item
        self.place_at_scale(scale)

    def place_at_scale(self, scale: float) -> None:
        """Signs keep their size on the screen where boxes no longer do, right of what they mark."""
        for key, item in self.sign_items.items():
            box = self.layer_items[key]
            frame = box.painted_frame(scale)
            beside = 2 * m.FOLD_OFFSET if box.box.is_folded else 0
            item.setScale(FAR_SIZE / scale if scale < m.FULL_FROM else 1.0)
            half = SIGN_SIZE * item.scale() / 2
            item.setPos(frame.right() + beside + 6, frame.center().y() - half)

    def show_chips(self, chips: Mapping[IndexPair, Chip], box_of: Mapping[int, int]) -> None:
        """Words on links, by the indices of paired layers; of a fold, those of its last."""
        words: dict[tuple[int, int], Chip] = {}
        for (one, other), chip in chips.items():
            if one is not None and other is not None and one in box_of:
                words[box_of[one], box_of[other + SECOND]] = chip  # the last one stays
        for link, item in self.link_items.items():
            item.show_chip(words.get(link))

    def choose_link(self, keys: Collection[int]) -> None:
        """Outline the words between two of these boxes."""
        for (one, other), item in self.link_items.items():
            item.set_chosen(one in keys and other in keys)

    def _end_of(self, key: int, *, is_first: bool) -> QPointF:
        """Where a link touches a box, clear of the sign at its right or the bracket at its left."""
        frame = self.layer_items[key].frame()
        x = frame.right() + SIGN_SIZE + 16 if is_first else frame.left() - 8
        return QPointF(x, frame.center().y())
