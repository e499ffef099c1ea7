"""The arithmetic of pooling over places, for our Python and for foreign ones alike.

Valid from Python 2.7 on with NumPy as its only import: it travels to the Python that runs Caffe.
"""

import numpy as np

from core.measures.region_grid import region_grid

GEM_FLOOR = 1e-6


def pool_places(activation, pooling, p, levels=3, relu=False):
    # type: (np.ndarray, str, float, int, bool) -> np.ndarray
    """Pool an activation (n_images, channels, ...) into (n_images, dimension) float32.

    pooling, p, levels and relu: as core.measures.measure.Pool describes them.
    """
    if pooling == "flatten":
        flat = activation.reshape(activation.shape[0], _count(activation.shape[1:]))
        flat = np.ascontiguousarray(flat, np.float32)
        return np.maximum(flat, np.float32(0)) if relu else flat
    exact = activation.astype(np.float64)
    if relu:
        exact = np.maximum(exact, 0.0)
    if pooling == "cells":
        return (
            exact.transpose(0, 2, 3, 1)
            .reshape(len(exact), _count(exact.shape[1:]))
            .astype(np.float32)
        )
    if pooling == "regions":
        return np.concatenate(_region_peaks(exact, levels), 1).astype(np.float32)
    if pooling in ("rmac", "mac+rmac"):
        return _over_regions(exact, levels, pooling == "mac+rmac").astype(np.float32)
    if pooling == "spoc":
        weights = centre_prior(*exact.shape[2:])
        return (exact * weights).sum((2, 3)).astype(np.float32)
    n_images, channels = exact.shape[:2]
    places = exact.reshape(n_images, channels, _count(exact.shape[2:]))
    if pooling == "gap":
        pooled = places.mean(2)
    elif pooling == "mac":
        pooled = places.max(2)
    elif pooling == "crow":
        pooled = _cross_weighted(np.maximum(places, 0.0))
    else:
        pooled = _generalised_mean(np.maximum(places, GEM_FLOOR), p)
    return pooled.astype(np.float32)


def centre_prior(height, width):
    # type: (int, int) -> np.ndarray
    """The weight of each place for SPoC, (height, width) float64, 1 at the centre.

    A Gaussian whose sigma is a third of the distance from the centre to the nearer border.
    """
    sigma = min(height, width) / 2.0 / 3.0
    y = np.arange(height)[:, None] - (height - 1) / 2.0
    x = np.arange(width)[None, :] - (width - 1) / 2.0
    return np.exp(-(y * y + x * x) / (2 * sigma * sigma))


def _count(sizes):
    # type: (Tuple[int, ...]) -> int
    """Named, because a -1 can't be told where there are no images."""
    return int(np.prod(sizes, dtype=np.int64))


def _generalised_mean(places, p):
    # type: (np.ndarray, float) -> np.ndarray
    """Of positive values along the last axis; taken over their maximum, so nothing overflows."""
    peak = places.max(2, keepdims=True)
    return peak[..., 0] * ((places / peak) ** p).mean(2) ** (1.0 / p)


def _cross_weighted(places):
    # type: (np.ndarray) -> np.ndarray
    """CroW of (n_images, channels, places) from 0 on, with its exponents a = b = 2.

    A place weighs as the root of its sum over channels, over their norm; a channel by the logarithm
    of how rarely it is above 0, and nothing where it never is.
    """
    total = places.sum(1)
    norm = np.sqrt((total * total).sum(1, keepdims=True))
    of_places = np.sqrt(total / np.where(norm == 0, 1.0, norm))
    share = (places > 0).mean(2)
    rarity = share.sum(1, keepdims=True) / np.where(share == 0, 1.0, share)
    of_channels = np.log(np.where(share == 0, 1.0, rarity))
    return of_channels * (places * of_places[:, None, :]).sum(2)


def _over_regions(maps, levels, with_mac):
    # type: (np.ndarray, int, bool) -> np.ndarray
    """R-MAC: the sum of the regions' maxima, each of length 1; or MAC before it and no lengths."""
    total = np.zeros(maps.shape[:2])
    for region in _region_peaks(maps, levels):
        if not with_mac:
            length = np.sqrt((region * region).sum(1, keepdims=True))
            region = region / np.where(length == 0, 1.0, length)
        total += region
    return np.concatenate([maps.max((2, 3)), total], 1) if with_mac else total


def _region_peaks(maps, levels):
    # type: (np.ndarray, int) -> List[np.ndarray]
    """The maximum of each channel in each region, (n_images, channels) one after the other."""
    grid = region_grid(maps.shape[2], maps.shape[3], levels)
    return [maps[:, :, y : y + side, x : x + side].max((2, 3)) for x, y, side in grid]


MYPY = False
if MYPY:
    from typing import List, Tuple  # noqa: F401 - for the type comments
