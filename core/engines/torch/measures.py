"""Measuring values where they live; the NumPy formulas of core.measures are the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import torch
from torch import Tensor
from torch.nn import functional

from core.engines.torch import bands
from core.engines.torch.region_maxima import region_maxima
from core.engines.torch.rows_of_places import RowsOfPlaces, has_rows_of_places
from core.engines.torch.spreads import Spread
from core.measures.measure import ChannelPeaks, Keep, Measure, Pool, PositiveShare
from core.measures.places import GEM_FLOOR, centre_prior

_FEW_VALUES = 1 << 17
"""Of an image's activation, whose mean over places takes fewer calls than rows first."""


def measure_all(activation: Tensor, measures: Sequence[Measure]) -> list[Tensor]:
    """What several measures make of one activation (n_images, channels, ...), on its own device.

    They share what they read: R-MAC and MAC the maxima of cells, the sums of a CPU one walk.
    """
    shared = _Shared(activation)
    for measure in measures:
        measure.check(tuple(activation.shape))
    levels = [one.levels for one in measures if isinstance(one, Pool) and one.has_levels]
    if bands.LEVELS in levels and Pool("gap") in measures:
        shared.walk()
    for one in levels:
        shared.regions(one)  # of which MAC takes the last too
    return [_measured(shared, measure) for measure in measures]


def measure_on_device(activation: Tensor, measure: Measure) -> Tensor:
    """What `measure` makes of an activation."""
    return measure_all(activation, [measure])[0]


def _measured(shared: _Shared, measure: Measure) -> Tensor:
    if isinstance(measure, ChannelPeaks):
        return _peaks(shared)
    if isinstance(measure, PositiveShare):
        return _positive_share(shared)
    if isinstance(measure, Keep):
        return shared.maps
    if not isinstance(measure, Pool):
        return shared.spread.of(measure)
    if measure.method == "mac":
        return torch.clamp_min(shared.peak, 0.0) if measure.relu else shared.peak
    if measure.has_levels:
        return _over_regions(shared, measure)
    if measure.relu:
        rectified = _Shared(torch.clamp_min(shared.maps, 0.0))
        return _measured(rectified, msgspec.structs.replace(measure, relu=False))
    if measure.method == "flatten":
        return shared.maps.flatten(1) if shared.maps.ndim > 1 else shared.maps[:, None]
    if measure.method == "cells":
        places = math.prod(shared.maps.shape[1:])
        return shared.maps.permute(0, 2, 3, 1).reshape(len(shared.maps), places)
    if measure.method == "gap":
        return shared.mean
    if measure.method == "spoc":
        return _with_prior(shared)
    return _cross_weighted(shared) if measure.method == "crow" else _gem(shared, measure.p)


class _Shared:
    """One activation and what several measures ask of it, each found once."""

    def __init__(self, activation: Tensor) -> None:
        self.maps = activation
        self._spread: Spread | None = None
        self._regions: dict[int, Tensor] = {}
        self._peak: Tensor | None = None
        self._mean: Tensor | None = None
        self.rows: RowsOfPlaces | None = None
        if has_rows_of_places(activation):
            self.rows = RowsOfPlaces(activation)

    @property
    def spread(self) -> Spread:
        """How its values spread."""
        if self._spread is None:
            self._spread = Spread(self.maps)
        return self._spread

    @property
    def places(self) -> Tensor:
        """(n_images, channels, places)."""
        shape = self.maps.shape
        return self.maps.reshape(*shape[:2], math.prod(shape[2:]))

    @property
    def peak(self) -> Tensor:
        """The maximum of each channel, (n_images, channels)."""
        if self._peak is None:
            regions = next(iter(self._regions.values()), None)
            if regions is not None:
                self._peak = regions[:, -1]
            elif self.rows is not None:
                window = (1, self.maps.shape[3])
                self._peak = functional.max_pool2d(self.maps, window, window).amax((2, 3))
            else:
                self._peak = self.places.amax(2)
        return self._peak

    @property
    def mean(self) -> Tensor:
        """The mean of each channel, (n_images, channels)."""
        if self._mean is None:
            self._mean = self._find_mean()
        return self._mean

    def _find_mean(self) -> Tensor:
        if self.rows is None:
            return self.places.mean(2)
        if bands.pays(self.maps):
            return bands.mean_by_bands(self.maps)
        n_images, channels, height, width = self.maps.shape
        if self.maps.numel() < _FEW_VALUES * n_images:
            return self.maps.permute(0, 2, 3, 1).reshape(n_images, -1, channels).mean(1)
        # a row at a time, whose sums stay exact; a CPU's pooling reads faster than its mean does
        means = functional.avg_pool2d(self.maps, (1, width), (1, width))
        return means.permute(0, 2, 3, 1).reshape(n_images, height, channels).mean(1)

    def walk(self) -> None:
        """Find the maxima of regions and the mean together, where that is quicker."""
        if bands.pays(self.maps):
            self._regions[bands.LEVELS], self._mean = bands.walk_bands(self.maps)

    def regions(self, levels: int) -> Tensor:
        """The maxima of the regions and of the whole, (n_images, regions + 1, channels)."""
        if levels not in self._regions:
            self._regions[levels] = region_maxima(self.maps, levels)
        return self._regions[levels]


def _peaks(shared: _Shared) -> Tensor:
    """Maximum, its place, minimum, its place; torch, too, takes the first of equal values."""
    places, axis = (shared.places, 2) if shared.rows is None else (shared.rows.rows, 1)
    greatest, least = places.max(axis), places.min(axis)
    found = (greatest.values, greatest.indices, least.values, least.indices)
    return torch.stack([one.to(places.dtype) for one in found], 2)


def _positive_share(shared: _Shared) -> Tensor:
    if shared.rows is not None:
        return shared.rows.share_above_zero()
    n_positive = (shared.places > 0).sum(2)
    return n_positive.to(shared.maps.dtype) / shared.places.shape[2]


def _over_regions(shared: _Shared, pool: Pool) -> Tensor:
    """R-MAC, MAC and the sum of the regions' maxima, or these; see core.measures.places."""
    found = shared.regions(pool.levels)
    if pool.relu:
        found = torch.clamp_min(found, 0.0)
    regions = found[:, :-1]
    if pool.method == "regions":
        return regions.flatten(1)
    if pool.method == "mac+rmac":
        return torch.cat([found[:, -1], regions.sum(1)], 1)
    length = torch.linalg.vector_norm(regions, dim=2)
    # a region of zeros stays one: infinity times 0 is none
    shares = torch.where(length == 0, 1.0, length).reciprocal()
    return torch.bmm(shares[:, None], regions)[:, 0]


def _gem(shared: _Shared, p: float) -> Tensor:
    """The generalised mean; for p = 3 without a power of each value, which is the dearest part."""
    if p == 3.0:
        if shared.rows is not None:
            cubes = shared.rows.mean_cube(GEM_FLOOR)
        else:
            clamped = torch.clamp_min(shared.places, GEM_FLOOR)
            cubes = (clamped * clamped * clamped).mean(2)
        if bool(torch.isfinite(cubes).all()):
            return torch.pow(cubes, 1.0 / 3.0)
    # over their maximum, so that neither a large p nor a large value overflows
    clamped = torch.clamp_min(shared.places, GEM_FLOOR)
    peak = clamped.amax(2, keepdim=True)
    mean = torch.pow(clamped / peak, p).mean(2)
    return peak[..., 0] * torch.pow(mean, 1.0 / p)


def _with_prior(shared: _Shared) -> Tensor:
    height, width = shared.maps.shape[2:]
    weights = torch.from_numpy(centre_prior(height, width)).to(shared.maps).flatten()
    if shared.rows is not None:
        return shared.rows.weighted_sum(weights.expand(len(shared.maps), -1))
    return shared.places @ weights


def _cross_weighted(shared: _Shared) -> Tensor:
    """CroW, clamped at 0; see core.measures.places."""
    if shared.rows is not None:
        total = shared.rows.sum_of_channels()
        share = shared.rows.share_above_zero()
    else:
        places = torch.clamp_min(shared.places, 0.0)
        total = places.sum(1)
        share = (places > 0).sum(2).to(places.dtype) / places.shape[2]
    norm = total.square().sum(1, keepdim=True).sqrt()
    of_places = (total / torch.where(norm == 0, 1.0, norm)).sqrt()
    is_dead = share == 0
    rarity = share.sum(1, keepdim=True) / torch.where(is_dead, 1.0, share)
    of_channels = torch.where(is_dead, 1.0, rarity).log()
    if shared.rows is not None:
        return of_channels * shared.rows.weighted_sum(of_places, is_clamped=True)
    return of_channels * (places @ of_places[:, :, None])[..., 0]
