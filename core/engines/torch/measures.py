"""Measuring values where they live; the NumPy formulas of core.measures are the reference.

What is large is read as soon as it is there, in as few calls as can be. What is made of the few
values that are then left waits for the end of the pass: between layers, whose values fill the
caches, each of its calls takes several times as long as in a row with its like.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
import torch
from torch import Tensor
from torch.nn import functional

from core.engines.torch.region_maxima import lies_channels_last_on_a_cpu, region_maxima
from core.engines.torch.rows_of_places import RowsOfPlaces, has_rows_of_places
from core.engines.torch.spreads import Spread
from core.measures.measure import ChannelPeaks, Keep, Measure, Pool, PositiveShare
from core.measures.places import GEM_FLOOR, centre_prior


def begin_all(activation: Tensor, measures: Sequence[Measure]) -> Callable[[], list[Tensor]]:
    """Read an activation (n_images, channels, ...), and return what gives the measures.

    Its memory may be used again before that is called. The measures share what they read: R-MAC
    and MAC the maxima of cells.
    """
    shared = _Shared(activation)
    for measure in measures:
        measure.check(tuple(activation.shape))
    for one in measures:
        if isinstance(one, Pool) and one.has_levels:
            shared.regions(one.levels)  # of which MAC takes the last too
    found = [None if shared.read_for(one) else _measured(shared, one) for one in measures]
    apart = [None if one is None else _apart_from(activation, one) for one in found]
    shared.forget_maps()

    def end() -> list[Tensor]:
        return [
            _measured(shared, measure) if one is None else one
            for measure, one in zip(measures, apart, strict=True)
        ]

    return end


def measure_all(activation: Tensor, measures: Sequence[Measure]) -> list[Tensor]:
    """What several measures make of one activation, on its own device and in memory apart."""
    return begin_all(activation, measures)()


def measure_on_device(activation: Tensor, measure: Measure) -> Tensor:
    """What `measure` makes of an activation."""
    return measure_all(activation, [measure])[0]


def _apart_from(value: Tensor, measured: Tensor) -> Tensor:
    is_view = measured.untyped_storage().data_ptr() == value.untyped_storage().data_ptr()
    return measured.clone() if is_view else measured


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
        self._means_of_rows: Tensor | None = None
        self._has_means_of_rows = activation.numel() > 0 and lies_channels_last_on_a_cpu(activation)
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
        if not self._has_means_of_rows:
            return self.places.mean(2)
        return self.means_of_rows.mean(1)

    @property
    def means_of_rows(self) -> Tensor:
        """(n_images, height, channels), of what lies channels last on a CPU.

        A row at a time sums stay exact; a CPU's pooling reads faster than its mean does.
        """
        if self._means_of_rows is None:
            window = (1, self.maps.shape[3])
            means = functional.avg_pool2d(self.maps, window, window)
            self._means_of_rows = means.permute(0, 2, 3, 1).squeeze(2)
        return self._means_of_rows

    def read_for(self, measure: Measure) -> bool:
        """Read what it takes of the maps, if little is left of them; else nothing, and False."""
        if not isinstance(measure, Pool):
            return False
        if measure.has_levels:
            return measure.levels in self._regions
        if measure.method == "mac":
            return self.peak is not None
        if measure.method == "gap" and not measure.relu and self._has_means_of_rows:
            return self.means_of_rows is not None
        return False

    def forget_maps(self) -> None:
        """Let go of the activation, once all that needs it has been read."""
        self._spread = self.rows = None
        del self.maps

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
    if p == 3.0 and shared.maps.device.type == "cpu":
        if shared.rows is not None:
            cubes = shared.rows.mean_cube(GEM_FLOOR)
        else:
            clamped = torch.clamp_min(shared.places, GEM_FLOOR)
            cubes = (clamped * clamped * clamped).mean(2)
        if bool(torch.isfinite(cubes).all()):
            return torch.pow(cubes, 1.0 / 3.0)
    return _scaled_power_mean(shared.places, p)


def _scaled_power_mean(places: Tensor, p: float) -> Tensor:
    """Over the maximum, so that neither a large p nor a large value overflows.

    A GPU takes this for p = 3, too: to ask it whether cubes are finite would wait for the pass.
    """
    clamped = torch.clamp_min(places, GEM_FLOOR)
    peak = clamped.amax(2, keepdim=True)
    shares = clamped / peak
    powers = shares * shares * shares if p == 3.0 else torch.pow(shares, p)
    return peak[..., 0] * torch.pow(powers.mean(2), 1.0 / p)


def _with_prior(shared: _Shared) -> Tensor:
    height, width = shared.maps.shape[2:]
    weights = _prior_on(shared.maps.device, height, width)
    if shared.rows is not None:
        return shared.rows.weighted_sum(weights.expand(len(shared.maps), -1))
    return shared.places @ weights


@lru_cache(64)
@torch.inference_mode(mode=False)  # of use to gradients, too
def _prior_on(device: torch.device, height: int, width: int) -> Tensor:
    """The weights of places, copied to a device once: a copy would wait for the pass."""
    return torch.from_numpy(centre_prior(height, width)).to(device, torch.float32).flatten()


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
