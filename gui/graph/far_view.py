"""The blocks that stand over a scene while it is seen from far."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtWidgets import QGraphicsScene

from gui.graph import metrics as m
from gui.graph.blocks import find_blocks
from gui.graph.drawing import Drawing
from gui.graph.items.block import BlockItem
from gui.graph.style import GraphStyle


class FarView:
    """Makes the items anew for each scale; near enough for names there are none."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._scene = scene
        self._shown: tuple[Drawing | None, float] = (None, 1.0)
        self.items: list[BlockItem] = []

    def show(self, drawing: Drawing | None, scale: float, style: GraphStyle) -> bool:
        """Cover the boxes of a drawing at a scale; True where that changed anything."""
        is_far = scale < m.NAMES_FROM and drawing is not None
        shown = (drawing, scale) if is_far else (None, 1.0)
        if shown == self._shown:
            return False
        self._shown = shown
        for item in self.items:
            self._scene.removeItem(item)
        self.items = []
        if not is_far or drawing is None:
            return True
        blocks = find_blocks(
            drawing.picture,
            drawing.placement.corners,
            drawing.groups,
            scale,
            is_sideways=drawing.placement.direction == "LR",
        )
        names = [block.name for block in blocks]
        for i, block in enumerate(blocks):
            near = (*names[max(0, i - 1) : i], *names[i + 1 : i + 2])
            item = BlockItem(block, near, style, scale)
            self._scene.addItem(item)
            self.items.append(item)
        return True

    def restyle(self, style: GraphStyle) -> None:
        """Draw in another theme."""
        for item in self.items:
            item.restyle(style)

    def mark(
        self, is_chosen: Callable[[int], bool], is_lit: Callable[[int], bool],
        is_dimmed: Callable[[int], bool],
    ) -> None:  # fmt: skip
        """Let a block stand out as its boxes do; it steps back only with all of them."""
        for item in self.items:
            keys = item.block.keys
            item.set_marks(
                chosen=any(map(is_chosen, keys)),
                lit=any(map(is_lit, keys)),
                dimmed=all(map(is_dimmed, keys)),
            )
