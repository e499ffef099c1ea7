"""The colours of tiles: a ramp from the ground colour at zero to one or two ends, or a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.activations.tiles import GAP_LEVEL, MAX_LEVEL, NOT_FINITE_LEVEL, ZERO_LEVEL

CURVE = 0.65
"""Small values are most of an activation: the ramp rises faster near zero, the legend with it."""
Rgb = tuple[int, int, int]
ColourMap = Literal["standard", "viridis", "grey"]
COLOUR_MAPS: tuple[ColourMap, ...] = ("standard", "viridis", "grey")
"""For values of one sign; signed ones always have the two ends of the ramp."""
_ANCHORS: dict[ColourMap, tuple[int, ...]] = {
    "viridis": (
        0x440154,
        0x481769,
        0x472C7A,
        0x423F85,
        0x3B518B,
        0x33628D,
        0x2C718E,
        0x26818E,
        0x21908C,
        0x1F9F88,
        0x27AD80,
        0x3DBC73,
        0x5CC862,
        0x81D34C,
        0xAADC31,
        0xD5E219,
        0xFDE725,
    ),
    "grey": (0x000000, 0xFFFFFF),
}
"""Colours at equal steps, linear between; viridis is that of matplotlib (CC0)."""


@dataclass(frozen=True)
class TileColours:
    """The ends of the ramp, and the colours of gaps and of what is not finite; those of paper.

    unsigned: what values of one sign are drawn in, "standard" for the ramp.
    """

    zero: Rgb = (0xF4, 0xF5, 0xF7)
    positive: Rgb = (0xC2, 0x57, 0x0C)
    negative: Rgb = (0x21, 0x66, 0xB5)
    ground: Rgb = (0xFF, 0xFF, 0xFF)
    not_finite: Rgb = (0xBC, 0x3A, 0x6D)
    unsigned: ColourMap = "standard"


def level_colours(colours: TileColours, *, is_diverging: bool) -> np.ndarray:
    """The colour of each level of a Mosaic, (256, 3) uint8 RGB."""
    table = np.tile(np.array(colours.ground, np.uint8), (256, 1))
    for level in range(MAX_LEVEL + 1):
        table[level] = _level_colour(colours, level, is_diverging)
    table[NOT_FINITE_LEVEL] = colours.not_finite
    table[GAP_LEVEL] = colours.ground
    return table


def _level_colour(colours: TileColours, level: int, is_diverging: bool) -> Rgb:
    if not is_diverging and colours.unsigned != "standard":
        return _between(_ANCHORS[colours.unsigned], level / MAX_LEVEL)
    if not is_diverging:
        return _blend(colours.zero, colours.positive, (level / MAX_LEVEL) ** CURVE)
    if level < ZERO_LEVEL:
        return _blend(colours.zero, colours.negative, (1 - level / ZERO_LEVEL) ** CURVE)
    share = (level - ZERO_LEVEL) / ZERO_LEVEL
    return _blend(colours.zero, colours.positive, share**CURVE)


def _between(anchors: tuple[int, ...], share: float) -> Rgb:
    """The colour at a share of the way over the anchors, 0xRRGGBB each."""
    place = share * (len(anchors) - 1)
    first = min(int(place), len(anchors) - 2)
    before, after = (_rgb(anchor) for anchor in anchors[first : first + 2])
    return _blend(before, after, place - first)


def _rgb(anchor: int) -> Rgb:
    return anchor >> 16, anchor >> 8 & 0xFF, anchor & 0xFF


def _blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """`first` at share 0, `second` at share 1, linear between."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
