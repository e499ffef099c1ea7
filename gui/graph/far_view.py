"""The blocks that stand over a scene while it is seen from far."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtWidgets import QGraphicsScene

from core.net.elision import elide_names
from core.net.squeezing import keeps_number, squeeze_name
from gui.graph import metrics as m
from gui.graph.blocks import find_blocks
from gui.graph.drawing import Drawing
from gui.graph.items.block import BlockItem
from gui.graph.items.layer_words import fitting_range
from gui.graph.overlay import OverlayScale
from gui.graph.style import GraphStyle

_ELLIPSIS = "…"


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
        for block in blocks:
            item = BlockItem(block, style, scale)
            self._scene.addItem(item)
            self.items.append(item)
        self.write_names(style)
        return True

    def show_overlay(
        self,
        scale: OverlayScale | None,
        layers_of: Callable[[BlockItem], tuple[str, ...]],
        style: GraphStyle,
    ) -> None:
        """Fill the blocks by a number each; None for no overlay."""
        for item in self.items:
            mark = scale.mark_of(layers_of(item)) if scale is not None else None
            item.show_overlay(mark, is_on=scale is not None)
        self.write_names(style)

    def write_names(self, style: GraphStyle) -> None:
        """Shorten the names to the room there is, so that no two read the same."""
        measure = style.block_metrics.horizontalAdvance
        items = sorted(self.items, key=lambda item: item.block.name)  # what is alike is beside
        rooms = [item.name_room for item in items]
        names = [
            fitting_range(item.block.name, room, measure)
            for item, room in zip(items, rooms, strict=True)
        ]
        shown = elide_names(names, rooms, measure)
        is_good = [  # a beginning alone says neither which row of a net it is nor which branch
            measure(text) <= room
            and (text == name or (text[-1:] != _ELLIPSIS and keeps_number(text, name)))
            for text, name, room in zip(shown, names, rooms, strict=True)
        ]
        taken = {text for text, good in zip(shown, is_good, strict=True) if good}
        for i, item in enumerate(items):
            text = shown[i] if is_good[i] else squeeze_name(names[i], rooms[i], measure, taken)
            taken.add(text)
            item.shown_name = text

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
