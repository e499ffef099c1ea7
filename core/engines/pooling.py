"""Pooling of one activation per image in NumPy: the reference for engines that pool on a device."""

from __future__ import annotations

import numpy as np

from core.engines.caffe_child.pooling import GEM_FLOOR, pool_places
from core.errors import EngineError

__all__ = ["GEM_FLOOR", "POOLINGS", "check_pooling", "pool"]

POOLINGS = ("flatten", "gap", "mac", "gem")


def pool(activation: np.ndarray, pooling: str, p: float = 3.0) -> np.ndarray:
    """Pool an activation (n_images, channels, ...) into (n_images, dimension) float32.

    "flatten" keeps everything; "gap" is the mean, "mac" the maximum and "gem" the generalised mean
    (Radenovic et al., 2018) over the places of each channel. Raises EngineError otherwise.
    """
    check_pooling(pooling, activation.shape, p)
    pooled: np.ndarray = pool_places(activation, pooling, p)
    return pooled


def check_pooling(pooling: str, shape: tuple[int, ...], p: float) -> None:
    """EngineError for an unknown pooling, a p that is not positive or an activation too flat."""
    if pooling not in POOLINGS:
        known = ", ".join(POOLINGS)
        raise EngineError(f"There is no pooling '{pooling}'.", hint=f"Known: {known}.")
    if pooling == "gem" and not p > 0:
        raise EngineError(f"GeM pooling needs a p above 0, not {p:g}.")
    if not shape or (pooling != "flatten" and len(shape) < 2):
        raise EngineError(f"A value of shape {tuple(shape)} can't be pooled per image.")
