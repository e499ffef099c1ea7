"""Measuring values where they live; the NumPy formulas of core.measures are the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from core.engines.torch.rows_of_places import RowsOfPlaces, has_rows_of_places
from core.measures.measure import Measure, Pool
from core.measures.places import GEM_FLOOR, centre_prior
from core.measures.region_grid import region_cells, region_grid


def measure_all(activation: Tensor, measures: Sequence[Measure]) -> list[Tensor]:
    """What several measures make of one activation (n_images, channels, ...), on its own device.

    They share what they read: R-MAC and MAC the maxima of cells, the sums of a CPU one walk.
    """
    shared = _Shared(activation)
    for measure in measures:
        if isinstance(measure, Pool) and measure.has_levels and not measure.relu:
            measure.check(tuple(activation.shape))
            shared.cells(measure.levels)  # of which MAC takes the maxima too
    return [measure_on_device(activation, measure, shared) for measure in measures]


def measure_on_device(
    activation: Tensor, measure: Measure, shared: _Shared | None = None
) -> Tensor:
    """What `measure` makes of an activation; shared: what others have made of the same one."""
    if not isinstance(measure, Pool):
        return activation
    measure.check(tuple(activation.shape))
    if measure.relu:
        activation, shared = torch.clamp_min(activation, 0.0), None
    shared = shared or _Shared(activation)
    if measure.method == "flatten":
        return activation.flatten(1) if activation.ndim > 1 else activation[:, None]
    if measure.method == "gap":
        return shared.places.mean(2)
    if measure.method == "mac":
        return shared.peak
    if measure.method == "spoc":
        return _with_prior(shared)
    if measure.method in ("rmac", "mac+rmac"):
        return _over_regions(shared, measure.levels, with_mac=measure.method == "mac+rmac")
    return _cross_weighted(shared) if measure.method == "crow" else _gem(shared, measure.p)


class _Shared:
    """One activation and what several measures ask of it, each found once."""

    def __init__(self, activation: Tensor) -> None:
        self.maps = activation
        self._cells: dict[int, Tensor] = {}
        self._peak: Tensor | None = None
        self.rows: RowsOfPlaces | None = None
        if has_rows_of_places(activation):
            self.rows = RowsOfPlaces(activation)

    @property
    def places(self) -> Tensor:
        """(n_images, channels, places)."""
        shape = self.maps.shape
        return self.maps.reshape(*shape[:2], math.prod(shape[2:]))

    @property
    def peak(self) -> Tensor:
        """The maximum of each channel, (n_images, channels)."""
        if self._peak is None:
            cells = next(iter(self._cells.values()), None)
            self._peak = self.places.amax(2) if cells is None else cells.amax((1, 2))
        return self._peak

    def cells(self, levels: int) -> Tensor:
        """The maxima of the cells that the regions are made of, (n_images, down, across, channels).

        Each value is read once, however many regions hold it.
        """
        if levels not in self._cells:
            height, width = self.maps.shape[2:]
            down, across = region_cells(height, width, levels)
            last = self.maps.permute(0, 2, 3, 1)
            bands = torch.stack([last[:, a:b].amax(1) for a, b in down], 1)
            self._cells[levels] = torch.stack([bands[:, :, a:b].amax(2) for a, b in across], 2)
        return self._cells[levels]


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


def _over_regions(shared: _Shared, levels: int, *, with_mac: bool) -> Tensor:
    """R-MAC, or MAC and the sum of the regions' maxima; see core.measures.places."""
    height, width = shared.maps.shape[2:]
    cells = shared.cells(levels)
    down, across = region_cells(height, width, levels)
    first_row = {a: i for i, (a, _) in enumerate(down)}
    last_row = {b: i + 1 for i, (_, b) in enumerate(down)}
    first_column = {a: i for i, (a, _) in enumerate(across)}
    last_column = {b: i + 1 for i, (_, b) in enumerate(across)}
    bands: dict[tuple[int, int], Tensor] = {}
    regions = []
    for x, y, side in region_grid(height, width, levels):
        if (y, side) not in bands:
            bands[y, side] = cells[:, first_row[y] : last_row[y + side]].amax(1)
        columns = slice(first_column[x], last_column[x + side])
        regions.append(bands[y, side][:, columns].amax(1))
    found = torch.stack(regions, 1)
    if with_mac:
        return torch.cat([shared.peak, found.sum(1)], 1)
    length = torch.linalg.vector_norm(found, dim=2, keepdim=True)
    return (found / torch.where(length == 0, 1.0, length)).sum(1)
