"""Boxes as four corners: their overlap, and which of many to keep.

Greedy non-maximum suppression as SSD and Faster R-CNN do it. Arrays are NumPy on the CPU: the work
is a short sequence of choices, which no GPU makes faster.
"""

from __future__ import annotations

import numpy as np

_BLOCK = 256
"""Boxes whose overlaps are computed at once."""
_PIECE = 4096
Boxes = np.ndarray
"""(n, 4) float32: left, top, right, bottom."""


def areas(boxes: Boxes, extra: float = 0.0) -> np.ndarray:
    """(n,) areas; `extra` is 1 where corners are pixels. Boxes turned inside out have none."""
    width = boxes[:, 2] - boxes[:, 0]
    height = boxes[:, 3] - boxes[:, 1]
    area: np.ndarray = (width + np.float32(extra)) * (height + np.float32(extra))
    if not extra:
        area[(width < 0) | (height < 0)] = 0.0
    return area


def overlaps(these: Boxes, those: Boxes, extra: float = 0.0) -> np.ndarray:
    """(m, n) intersection over union of m boxes with n others; 0 where nothing is shared."""
    low = np.maximum(these[:, None, :2], those[None, :, :2])
    high = np.minimum(these[:, None, 2:], those[None, :, 2:])
    sides = np.maximum(high - low + np.float32(extra), 0)
    shared = sides[..., 0] * sides[..., 1]
    union = areas(these, extra)[:, None] + areas(those, extra) - shared
    found = np.zeros(shared.shape, np.float32)
    np.divide(shared, union, out=found, where=(shared > 0) & (union > 0))
    return found


def suppress(
    boxes: Boxes,
    threshold: float,
    *,
    at_most: int = -1,
    eta: float = 1.0,
    extra: float = 0.0,
    keeps_equal: bool = True,
) -> list[int]:
    """Indices of the boxes to keep; `boxes` come with the best first.

    A box goes when it overlaps a kept one by more than the threshold, or, unless `keeps_equal`,
    by as much. eta: below 1 the threshold shrinks with each box kept, down to a half.
    """
    kept: list[int] = []
    limit = np.float32(threshold)
    for first in range(0, len(boxes), _BLOCK):
        block = boxes[first : first + _BLOCK]
        worst = _covered(boxes[kept], block, extra)
        inside = overlaps(block, block, extra)
        for i in range(len(block)):
            if len(kept) == at_most:
                return kept
            if worst[i] > limit or (worst[i] == limit and not keeps_equal):
                continue
            kept.append(first + i)
            np.maximum(worst, inside[i], out=worst)
            if eta < 1.0 and limit > 0.5:
                limit = limit * np.float32(eta)
    return kept


def _covered(kept: Boxes, block: Boxes, extra: float) -> np.ndarray:
    """(n,) the most that each box of a block overlaps a kept one, in little memory."""
    worst = np.zeros(len(block), np.float32)
    for first in range(0, len(kept), _PIECE):
        part = overlaps(kept[first : first + _PIECE], block, extra)
        np.maximum(worst, part.max(0), out=worst)
    return worst


def best_first(scores: np.ndarray, at_most: int = -1) -> np.ndarray:
    """Indices of the scores from the greatest down; of equals the first comes first."""
    order = np.argsort(-scores, kind="stable")
    return order if at_most < 0 else order[:at_most]
