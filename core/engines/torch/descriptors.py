"""Pooling of activations into descriptors where they live; the NumPy formulas are the reference."""

from __future__ import annotations

import torch
from torch import Tensor

from core.engines.pooling import GEM_FLOOR, check_pooling


def pool_on_device(activation: Tensor, pooling: str, p: float = 3.0) -> Tensor:
    """Pool (n_images, channels, ...) into (n_images, dimension) float32, not normalised.

    "flatten" keeps everything, "gap" is the mean, "mac" the maximum and "gem" the generalised mean
    over the places of each channel (Radenovic et al., 2018). Raises EngineError otherwise.
    """
    check_pooling(pooling, tuple(activation.shape), p)
    if pooling == "flatten":
        return activation.flatten(1)
    places = activation.reshape(*activation.shape[:2], -1)
    if pooling == "gap":
        return places.mean(2)
    if pooling == "mac":
        return places.amax(2)
    return _gem(places, p)


def _gem(places: Tensor, p: float) -> Tensor:
    """Powers of values divided by their maximum: no overflow for a large p or value."""
    clamped = torch.clamp_min(places, GEM_FLOOR)
    peak = clamped.amax(2, keepdim=True)
    mean = torch.pow(clamped / peak, p).mean(2)
    return peak[..., 0] * torch.pow(mean, 1.0 / p)
