"""The colours of tiles: a ramp from the ground colour at zero to one or two ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.activations.tiles import GAP_LEVEL, MAX_LEVEL, NOT_FINITE_LEVEL, ZERO_LEVEL

CURVE = 0.65
"""Small values are most of an activation: the ramp rises faster near zero, the legend with it."""
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class TileColours:
    """The ends of the ramp, and the colours of gaps and of what is not finite; those of paper."""

    zero: Rgb = (0xF4, 0xF5, 0xF7)
    positive: Rgb = (0xC2, 0x57, 0x0C)
    negative: Rgb = (0x21, 0x66, 0xB5)
    ground: Rgb = (0xFF, 0xFF, 0xFF)
    not_finite: Rgb = (0xBC, 0x3A, 0x6D)


def level_colours(colours: TileColours, *, is_diverging: bool) -> np.ndarray:
    """The colour of each level of a Mosaic, (256, 3) uint8 RGB."""
    table = np.tile(np.array(colours.ground, np.uint8), (256, 1))
    for level in range(MAX_LEVEL + 1):
        table[level] = _level_colour(colours, level, is_diverging)
    table[NOT_FINITE_LEVEL] = colours.not_finite
    table[GAP_LEVEL] = colours.ground
    return table


def _level_colour(colours: TileColours, level: int, is_diverging: bool) -> Rgb:
    if not is_diverging:
        return _blend(colours.zero, colours.positive, (level / MAX_LEVEL) ** CURVE)
    if level < ZERO_LEVEL:
        return _blend(colours.zero, colours.negative, (1 - level / ZERO_LEVEL) ** CURVE)
    share = (level - ZERO_LEVEL) / ZERO_LEVEL
    return _blend(colours.zero, colours.positive, share**CURVE)


def _blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """`first` at share 0, `second` at share 1, linear between."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
