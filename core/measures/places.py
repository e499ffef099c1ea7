"""The arithmetic of pooling over places, for our Python and for foreign ones alike.

Valid from Python 2.7 on with NumPy as its only import: it travels to the Python that runs Caffe.
"""

import numpy as np

GEM_FLOOR = 1e-6


def pool_places(activation, pooling, p):
    # type: (np.ndarray, str, float) -> np.ndarray
    """Pool an activation (n_images, channels, ...) into (n_images, dimension) float32.

    pooling: "flatten", "gap" (mean), "mac" (maximum) or "gem" (generalised mean with power p).
    """
    if pooling == "flatten":
        flat = activation.reshape(activation.shape[0], _count(activation.shape[1:]))
        return np.ascontiguousarray(flat, np.float32)
    n_images, channels = activation.shape[:2]
    places = activation.reshape(n_images, channels, _count(activation.shape[2:]))
    places = places.astype(np.float64)
    if pooling == "gap":
        pooled = places.mean(2)
    elif pooling == "mac":
        pooled = places.max(2)
    else:
        pooled = _generalised_mean(np.maximum(places, GEM_FLOOR), p)
    return pooled.astype(np.float32)


def _count(sizes):
    # type: (Tuple[int, ...]) -> int
    """Named, because a -1 can't be told where there are no images."""
    return int(np.prod(sizes, dtype=np.int64))


def _generalised_mean(places, p):
    # type: (np.ndarray, float) -> np.ndarray
    """Of positive values along the last axis; taken over their maximum, so nothing overflows."""
    peak = places.max(2, keepdims=True)
    return peak[..., 0] * ((places / peak) ** p).mean(2) ** (1.0 / p)


MYPY = False
if MYPY:
    from typing import Tuple  # noqa: F401 - for the type comments
