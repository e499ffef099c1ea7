"""Pooling: one vector an image from an activation, and what fits which layer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.engines.pooling import POOLINGS, pool
from core.errors import GalleryError

__all__ = [
    "MAX_DIMENSIONS",
    "POOLINGS",
    "check_flatten",
    "effective_pooling",
    "pool_flatten",
    "pool_gap",
    "pool_gem",
    "pool_mac",
]

MAX_DIMENSIONS = 262_144


def pool_flatten(activation: np.ndarray) -> np.ndarray:
    """All values of each image in a row.

    activation: (n_images, ...). Returns (n_images, n_values) float32, not normalised. Raises
    GalleryError beyond 262,144 values an image, which is 1 MB.
    """
    check_flatten(activation.shape)
    return pool(activation, "flatten")


def pool_gap(activation: np.ndarray) -> np.ndarray:
    """Global average pooling, the mean over the places of each channel.

    activation: (n_images, channels, height, width). Returns (n_images, channels) float32, not
    normalised. SUM pooling has the same direction and so the same ranking.
    """
    return pool(activation, "gap")


def pool_mac(activation: np.ndarray) -> np.ndarray:
    """Maximum over the places of each channel (MAC; Razavian et al., 2014), without clamping.

    activation: (n_images, channels, height, width). Returns (n_images, channels) float32, not
    normalised.
    """
    return pool(activation, "mac")


def pool_gem(activation: np.ndarray, p: float = 3.0) -> np.ndarray:
    """Generalised-mean pooling (Radenovic et al., 2018); p 1 is GAP, a great p nears MAC.

    activation: (n_images, channels, height, width), clamped at 1e-6 before the power. Returns
    (n_images, channels) float32, not normalised.
    """
    return pool(activation, "gem", p)


def effective_pooling(pooling: str, shape: Sequence[int] | None) -> str:
    """The pooling to run for a value's shape: "flatten" where there is one place per channel.

    There mean and maximum are the value itself, and GeM would only cut off what is negative.
    """
    if shape is not None and math.prod(shape[2:]) == 1:
        return "flatten"
    return pooling


def check_flatten(shape: Sequence[int], layer_name: str = "this layer") -> None:
    """Raise GalleryError if a flattened value (n_images, ...) is too long for a descriptor."""
    n_values = math.prod(shape[1:])
    if n_values > MAX_DIMENSIONS:
        raise GalleryError(
            f"Flattened, '{layer_name}' gives {n_values:,} values an image, "
            f"{n_values * 4 / 1e6:.1f} MB.",
            hint=f"Choose gap, mac or gem; flatten takes up to {MAX_DIMENSIONS:,} values.",
        )
