"""Boxes as four corners: their overlap, and which of many to keep.

Greedy non-maximum suppression as SSD and Faster R-CNN do it. Arrays are NumPy on the CPU: the work
is a short sequence of choices, which no GPU makes faster.
"""

from __future__ import annotations

import numpy as np

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


def overlaps(box: np.ndarray, boxes: Boxes, extra: float = 0.0) -> np.ndarray:
    """(n,) intersection over union of one box, (4,), with others; 0 where nothing is shared."""
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0]) + np.float32(extra)
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1]) + np.float32(extra)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    union = areas(box[None], extra) + areas(boxes, extra) - shared
    found = np.zeros(len(boxes), np.float32)
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
    worst = np.zeros(len(boxes), np.float32)
    limit = np.float32(threshold)
    for i in range(len(boxes)):
        if len(kept) == at_most:
            break
        is_free = worst[i] <= limit if keeps_equal else worst[i] < limit
        if not is_free:
            continue
        kept.append(i)
        np.maximum(worst[i + 1 :], overlaps(boxes[i], boxes[i + 1 :], extra), out=worst[i + 1 :])
        if eta < 1.0 and limit > 0.5:
            limit = limit * np.float32(eta)
    return kept


def best_first(scores: np.ndarray, at_most: int = -1) -> np.ndarray:
    """Indices of the scores from the greatest down; of equals the first comes first."""
    order = np.argsort(-scores, kind="stable")
    return order if at_most < 0 else order[:at_most]
