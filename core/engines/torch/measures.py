"""Measuring values where they live; the NumPy formulas of core.measures are the reference."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.measures.measure import Measure, Pool
from core.measures.places import GEM_FLOOR


def measure_on_device(activation: Tensor, measure: Measure) -> Tensor:
    """What `measure` makes of an activation (n_images, channels, ...), on its own device."""
    if not isinstance(measure, Pool):
        return activation
    measure.check(tuple(activation.shape))
    if measure.method == "flatten":
        return activation.flatten(1) if activation.ndim > 1 else activation[:, None]
    places = activation.reshape(*activation.shape[:2], math.prod(activation.shape[2:]))
    if measure.method == "gap":
        return places.mean(2)
    if measure.method == "mac":
        return places.amax(2)
    return _gem(places, measure.p)


def _gem(places: Tensor, p: float) -> Tensor:
    """Powers of values divided by their maximum: no overflow for a large p or value."""
    clamped = torch.clamp_min(places, GEM_FLOOR)
    peak = clamped.amax(2, keepdim=True)
    mean = torch.pow(clamped / peak, p).mean(2)
    return peak[..., 0] * torch.pow(mean, 1.0 / p)
