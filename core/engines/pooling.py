"""Pooling of one activation per image in NumPy: the reference for engines that pool on a device."""

from __future__ import annotations

import numpy as np

from core.errors import EngineError

GEM_FLOOR = 1e-6
POOLINGS = ("flatten", "gap", "mac", "gem")


def pool(activation: np.ndarray, pooling: str, p: float = 3.0) -> np.ndarray:
    """Pool an activation (n_images, channels, ...) into (n_images, dimension) float32.

    "flatten" keeps everything; "gap" is the mean, "mac" the maximum and "gem" the generalised mean
    (Radenovic et al., 2018) over the places of each channel. Raises EngineError otherwise.
    """
    check_pooling(pooling, activation.shape, p)
    flat = activation.reshape(activation.shape[0], -1)
    if pooling == "flatten":
        return np.ascontiguousarray(flat, np.float32)
    places = activation.reshape(*activation.shape[:2], -1).astype(np.float64)
    if pooling == "gap":
        pooled = places.mean(2)
    elif pooling == "mac":
        pooled = places.max(2)
    else:
        pooled = _generalised_mean(np.maximum(places, GEM_FLOOR), p)
    result: np.ndarray = pooled.astype(np.float32)
    return result


def _generalised_mean(places: np.ndarray, p: float) -> np.ndarray:
    """Of positive values along the last axis; taken over their maximum, so nothing overflows."""
    peak = places.max(2, keepdims=True)
    mean: np.ndarray = peak[..., 0] * ((places / peak) ** p).mean(2) ** (1.0 / p)
    return mean


def check_pooling(pooling: str, shape: tuple[int, ...], p: float) -> None:
    """EngineError for an unknown pooling, a p that is not positive or an activation too flat."""
    if pooling not in POOLINGS:
        known = ", ".join(POOLINGS)
        raise EngineError(f"There is no pooling '{pooling}'.", hint=f"Known: {known}.")
    if pooling == "gem" and not p > 0:
        raise EngineError(f"GeM pooling needs a p above 0, not {p:g}.")
    if not shape or (pooling != "flatten" and len(shape) < 2):
        raise EngineError(f"A value of shape {tuple(shape)} can't be pooled per image.")
