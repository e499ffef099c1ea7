"""The shares of places laid over the pictures that they are of."""

from __future__ import annotations

import io
from typing import Protocol

import numpy as np

from core.images.orientation import turn_upright, upright_size
from core.retrieval.why_grid import Rectangle

Colour = tuple[int, int, int]
FOR, AGAINST, GROUND = (255, 178, 70), (94, 176, 255), (26, 30, 34)
"""Of places that carry the match and that speak against it, and what the picture is dimmed to."""
_DIMMED = 0.45
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


class OnPicture(Protocol):
    """Places and where they lie, each as WhyMap has it."""

    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def covered(self) -> Rectangle: ...
    @property
    def grid(self) -> Rectangle: ...
    @property
    def places(self) -> np.ndarray: ...
    @property
    def orientation(self) -> int: ...


def heat_of(found: OnPicture, width: int, height: int, strongest: float) -> np.ndarray:
    """The shares between the middles of places, bilinear, over the upright picture.

    width, height: in which it is drawn. strongest: the share that becomes 1. Returns (height,
    width) float32 from -1 to 1, 0 outside of what the net was fed with.
    """
    width, height = upright_size(width, height, found.orientation)  # as stored: its own inverse
    x = (np.arange(width) + 0.5) * found.size[0] / width
    y = (np.arange(height) + 0.5) * found.size[1] / height
    rows, columns = found.places.shape
    across = _weights(x, columns, found.grid[::2], found.covered[::2])
    down = _weights(y, rows, found.grid[1::2], found.covered[1::2])
    heat: np.ndarray = down @ (found.places / np.float32(strongest)) @ across.T
    np.clip(heat, -1, 1, out=heat)
    return turn_upright(heat, found.orientation)


def painted(
    pixels: np.ndarray,
    heat: np.ndarray,
    opacity: float,
    *,
    towards: Colour = FOR,
    away: Colour = AGAINST,
    ground: Colour = GROUND,
) -> np.ndarray:
    """A picture with its heat on it: grey and dimmed by as much as the heat is opaque.

    pixels: (height, width, 3) uint8 RGB; heat: (height, width) as `heat_of` gives it; opacity: 0 to
    1. Returns the same shape as pixels.
    """
    colours = pixels.astype(np.float32)
    grey = (colours @ _LUMINANCE)[..., None] * (1 - _DIMMED)
    grey = grey + np.array(ground, np.float32) * _DIMMED
    base = colours + opacity * (grey - colours)
    strength = (opacity * np.abs(heat))[..., None]
    colour = np.where(
        heat[..., None] < 0, np.array(away, np.float32), np.array(towards, np.float32)
    )
    mixed = base + strength * (colour - base)
    drawn: np.ndarray = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return drawn


def png_bytes(page: np.ndarray) -> bytes:
    """A (height, width, 3) uint8 picture as a PNG file."""
    from PIL import Image  # the window draws its own, and starts without it

    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "PNG")
    return stream.getvalue()


def _weights(
    at: np.ndarray, count: int, grid: tuple[float, ...], seen: tuple[float, ...]
) -> np.ndarray:
    """How much each of `count` places counts at pixels of one axis, (n, count).

    grid: where the places begin and end, beyond which the outer ones go on; seen: what the net was
    fed with, beyond which none counts.
    """
    begin, end = grid
    nearest = np.clip((at - begin) / (end - begin) * count - 0.5, 0, count - 1)
    distance = np.abs(nearest[:, None] - np.arange(count))
    weights = np.maximum(0.0, 1.0 - distance)
    weights[(at < seen[0]) | (at > seen[1])] = 0
    cast: np.ndarray = weights.astype(np.float32)
    return cast
