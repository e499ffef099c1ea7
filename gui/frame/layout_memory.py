"""How the window was left: page, and the sides, apart for wide and narrow windows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from core.errors import AppError
from core.typed_json import as_type, parse_json

NARROW_BELOW = 1360
_MOST_CHARACTERS = 4096
_LEAST, _MOST = 120, 2000


@dataclass(frozen=True)
class Sides:
    """Widths in pixels, and which side is folded to its strip."""

    left: int
    right: int
    is_left_folded: bool = False
    is_right_folded: bool = False


@dataclass(frozen=True)
class LayoutMemory:
    """The page, the sides of the Net page, and how the Layer page was left.

    layer_split: where its values are split, from 0 to 1.
    """

    page: str = "net"
    wide: Sides = Sides(316, 316)
    narrow: Sides = Sides(300, 308, is_left_folded=True)
    layer_split: float = 0.55
    layer_view: str = "values"

    def sides(self, window_width: int) -> Sides:
        """The sides as they were in a window of about this width."""
        return self.narrow if window_width < NARROW_BELOW else self.wide

    def with_sides(self, window_width: int, sides: Sides) -> LayoutMemory:
        """The same with other sides for windows of about this width."""
        if window_width < NARROW_BELOW:
            return replace(self, narrow=sides)
        return replace(self, wide=sides)


def layout_to_json(memory: LayoutMemory) -> str:
    """One line of JSON for the settings."""
    return msgspec.json.encode(memory).decode()


def layout_from_json(text: str) -> LayoutMemory | None:
    """What was kept; None for anything else, since a damaged entry is worth no message."""
    if not text or len(text) > _MOST_CHARACTERS:
        return None
    try:
        memory = as_type(parse_json(text, "layout"), LayoutMemory, "layout")
    except AppError:
        return None
    widths = (memory.wide.left, memory.wide.right, memory.narrow.left, memory.narrow.right)
    is_sane = all(_LEAST <= width <= _MOST for width in widths) and 0.1 <= memory.layer_split <= 0.9
    return memory if is_sane else None
