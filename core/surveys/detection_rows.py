"""Detections of several passes as one array of rows, each with the number of its image."""

from __future__ import annotations

import numpy as np

from core.net.definition import Net

_LAYERS = frozenset({"DetectionOutput", "YoloDetectionOutput", "Yolov3DetectionOutput"})
_REGIONS = frozenset({"Proposal"})


def gives_rows(net: Net, layer: str, top: str) -> bool:
    """Whether a top is rows that begin with the number of an image of the batch."""
    found = net.layer(layer)
    return found.type in _LAYERS or (found.type in _REGIONS and found.tops[0] == top)


def count_images_on(rows: np.ndarray, n_before: int) -> np.ndarray:
    """The rows, (..., n, columns), after `n_before` images of earlier passes."""
    counted = rows.copy()
    counted[..., 0] += n_before
    return counted
