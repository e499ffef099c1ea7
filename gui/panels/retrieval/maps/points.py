"""Many points painted at once: each pixel takes the colour of the topmost point over it."""

from __future__ import annotations

import numpy as np
from PyQt5.QtGui import QColor, QImage

from gui.panels.retrieval.maps.overlays import faded
from gui.panels.retrieval.maps.values import SHAPES, MapImages
from gui.theme import Theme

# QPainter takes 30 to 100 ms for 10,000 discs, smoothed or not; this 5 to 10.
FEW, MANY = 3000, 20_000
_NOTHING = -1


def radius_for(n_points: int) -> float:
    """Radius of a point in pixels: many are smaller, so that they can be told apart."""
    return 5.0 if n_points <= FEW else 3.5 if n_points <= MANY else 2.2


def paint_images(
    images: MapImages,
    places: np.ndarray,
    order: np.ndarray,
    chosen: np.ndarray | None,
    size: tuple[int, int],
    theme: Theme,
) -> QImage:
    """The points of images in the colours and shapes of their labels, pale where not chosen.

    As `paint_points`; chosen: (n,) bool, None for all.
    """
    colours = [look.colour(theme) for look in images.looks]
    lit = np.array([colour.rgba() for colour in colours] or [0], np.uint32)[images.look_of]
    if chosen is not None:
        pale = np.array([faded(colour, theme.canvas) for colour in colours], np.uint32)
        lit = np.where(chosen, lit, pale[images.look_of])
    of_looks = np.array([SHAPES.index(look.shape) for look in images.looks] or [0], np.int64)
    shapes = of_looks[images.look_of]
    return paint_points(places, order, lit, shapes, size, radius_for(len(order)), theme.panel)


def paint_points(
    places: np.ndarray,
    order: np.ndarray,
    colours: np.ndarray,
    shapes: np.ndarray,
    size: tuple[int, int],
    radius: float,
    edge: QColor,
) -> QImage:
    """Paint points upon transparency, those later in `order` over those before.

    places: (n, 2) in pixels. order: (m,) int64, the points to paint. colours: (n,) uint32 as ARGB;
    shapes: (n,) int64, places in SHAPES. size: width and height in pixels. edge: of the thin line
    around each, which keeps pale ones in sight.
    """
    wide, high = size
    layer = np.full((high, wide), _NOTHING, np.int64)
    x, y = np.rint(places[order]).astype(np.int64).T
    is_near = (x > -radius - 2) & (x < wide + radius + 2) & (y > -radius - 2)
    is_near &= y < high + radius + 2
    for number in range(len(SHAPES)):
        some = np.flatnonzero(is_near & (shapes[order] == number))
        if some.size:
            _stamp(layer, x[some], y[some], some, _mask(SHAPES[number], radius))
    point = layer >> 1
    is_painted = layer != _NOTHING
    painted = np.where(layer & 1, colours[order[point]], np.uint32(edge.rgba()))
    pixels = np.where(is_painted, painted, np.uint32(0)).astype(np.uint32)
    return QImage(pixels.tobytes(), wide, high, 4 * wide, QImage.Format_ARGB32).copy()


def _stamp(
    layer: np.ndarray, x: np.ndarray, y: np.ndarray, rank: np.ndarray, mask: np.ndarray
) -> None:
    """Put a mask over each pixel: a higher rank wins, and at one rank the filling over the line.

    rank: rising, so that of points on one pixel the last one written is the topmost.
    """
    high, wide = layer.shape
    middle = mask.shape[0] // 2
    for row, column in np.argwhere(mask):
        down, right = y + row - middle, x + column - middle
        is_in = (down >= 0) & (down < high) & (right >= 0) & (right < wide)
        down, right = down[is_in], right[is_in]
        value = rank[is_in] * 2 + (mask[row, column] - 1)
        layer[down, right] = np.maximum(layer[down, right], value)


def _mask(shape: str, radius: float) -> np.ndarray:
    """A point: 0 outside, 1 on its line, 2 inside, of odd sides."""
    half = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    away = {
        "disc": np.hypot(x, y),
        "square": np.maximum(abs(x), abs(y)) * 1.12,
        "diamond": (abs(x) + abs(y)) * 0.82,
    }[shape]
    mask: np.ndarray = (away <= radius).astype(np.int64) + (away <= radius - 1.0)
    return mask
