"""Measuring values where they live; the NumPy formulas of core.measures are the reference."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.measures.measure import Measure, Pool
from core.measures.places import GEM_FLOOR, centre_prior
from core.measures.region_grid import region_grid


def measure_on_device(activation: Tensor, measure: Measure) -> Tensor:
    """What `measure` makes of an activation (n_images, channels, ...), on its own device."""
    if not isinstance(measure, Pool):
        return activation
    measure.check(tuple(activation.shape))
    given = torch.clamp_min(activation, 0.0) if measure.relu else activation
    if measure.method == "flatten":
        return given.flatten(1) if given.ndim > 1 else given[:, None]
    if measure.method == "spoc":
        return _with_prior(given)
    if measure.method in ("rmac", "mac+rmac"):
        return _over_regions(given, measure.levels, with_mac=measure.method == "mac+rmac")
    places = given.reshape(*given.shape[:2], math.prod(given.shape[2:]))
    if measure.method == "gap":
        return places.mean(2)
    if measure.method == "mac":
        return places.amax(2)
    if measure.method == "crow":
        return _cross_weighted(torch.clamp_min(places, 0.0))
    return _gem(places, measure.p)


def _gem(places: Tensor, p: float) -> Tensor:
    """The generalised mean; for p = 3 without a power of each value, which is the dearest part."""
    clamped = torch.clamp_min(places, GEM_FLOOR)
    if p == 3.0:
        cubes = (clamped * clamped * clamped).mean(2)
        if bool(torch.isfinite(cubes).all()):
            return torch.pow(cubes, 1.0 / 3.0)
    # over their maximum, so that neither a large p nor a large value overflows
    peak = clamped.amax(2, keepdim=True)
    mean = torch.pow(clamped / peak, p).mean(2)
    return peak[..., 0] * torch.pow(mean, 1.0 / p)


def _with_prior(maps: Tensor) -> Tensor:
    height, width = maps.shape[2:]
    weights = torch.from_numpy(centre_prior(height, width)).to(maps)
    return maps.flatten(2) @ weights.flatten()


def _cross_weighted(places: Tensor) -> Tensor:
    """CroW of (n_images, channels, places) from 0 on; see core.measures.places."""
    total = places.sum(1)
    norm = total.square().sum(1, keepdim=True).sqrt()
    of_places = (total / torch.where(norm == 0, 1.0, norm)).sqrt()
    share = (places > 0).sum(2).to(places.dtype) / places.shape[2]
    is_dead = share == 0
    rarity = share.sum(1, keepdim=True) / torch.where(is_dead, 1.0, share)
    of_channels = torch.where(is_dead, 0.0, torch.where(is_dead, 1.0, rarity).log())
    return of_channels * (places @ of_places[:, :, None])[..., 0]


def _over_regions(maps: Tensor, levels: int, *, with_mac: bool) -> Tensor:
    """R-MAC, or MAC and the sum of the regions' maxima; see core.measures.places."""
    total = maps.new_zeros(maps.shape[:2])
    for x, y, side in region_grid(maps.shape[2], maps.shape[3], levels):
        region = maps[:, :, y : y + side, x : x + side].amax((2, 3))
        if not with_mac:
            length = region.square().sum(1, keepdim=True).sqrt()
            region = region / torch.where(length == 0, 1.0, length)
        total = total + region
    return torch.cat([maps.amax((2, 3)), total], 1) if with_mac else total
