"""Why two images match: which places of an activation carry the cosine of two descriptors.

A pooled descriptor is a sum over places once the weights that each image gives them are fixed:
shares of SPoC, CroW, MAC and R-MAC are such sums (class activation maps of Zhou et al., 2016, are
the same of a classifier's score). The length of the descriptor, PCA and whitening are linear, so
that the shares of one image add up to the cosine itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.measures.measure import Pool
from core.measures.places import GEM_FLOOR, centre_prior
from core.measures.region_grid import region_grid
from core.representations.after import L2, After, signed_power, unit_length
from core.representations.clusters import assign
from core.representations.encoding import Encoder
from core.representations.pca import PcaFit

_METHODS = {
    "flatten": "exact: products of the values as they stand",
    "gap": "exact: shares of GAP's mean",
    "mac": "exact: each channel's maximum where it stands",
    "spoc": "exact: shares of SPoC's sum",
    "crow": "exact: shares of CroW's sum, by its own weights",
    "rmac": "exact: shares of R-MAC's regions, at their maxima",
    "mac+rmac": "exact: shares of MAC and the regions, at their maxima",
    "regions": "exact: products of the regions' maxima",
    "cells": "exact: products of the values as they stand",
    "gem": "shares of GeM's channels by x^p",
}
_ENCODED = {
    "white": "exact: shares of R-MAC's whitened regions, at their maxima",
    "vlad": "shares of VLAD's residuals, its signed root in proportion",
}
POWER_METHOD = "the signed power shared in proportion"


@dataclass(frozen=True)
class RegionShare:
    """A region of R-MAC by its left column, top row and side in places, and what it carries."""

    x: int
    y: int
    side: int
    share: float


@dataclass(frozen=True, eq=False)
class Pull:
    """The cosine as a linear function of one pooled descriptor: its product with `of` + `offset`.

    of: (dimension,) float64. offset: what no place carries, the mean that a projection takes away.
    """

    of: np.ndarray
    offset: float


@dataclass(frozen=True, eq=False)
class Shares:
    """What carries the cosine in one image: all of `places`, and `offset`, are the cosine.

    places: (height, width) float64; channels: (channels,) float64, the same sum by channel.
    """

    places: np.ndarray
    channels: np.ndarray
    offset: float
    regions: tuple[RegionShare, ...] = ()

    @property
    def total(self) -> float:
        """The cosine, up to rounding."""
        return float(self.places.sum()) + self.offset


def method_words(pool: Pool, after: After = L2, encoder: Encoder | None = None) -> str:
    """How the shares are taken, in a few words that begin with "exact" where they are no choice."""
    words = _METHODS[pool.method] if encoder is None else _ENCODED[encoder.encoding.method]
    return f"{words.removeprefix('exact: ')}; {POWER_METHOD}" if after.has_power else words


def is_exact(pool: Pool, after: After = L2, encoder: Encoder | None = None) -> bool:
    """Whether shares follow from the sum itself, and not from a choice of how to share it."""
    is_vlad = encoder is not None and encoder.encoding.method == "vlad"
    return pool.method != "gem" and not is_vlad and not after.has_power


def pulls(
    query: np.ndarray, result: np.ndarray, after: After = L2, fit: PcaFit | None = None
) -> tuple[float, Pull, Pull]:
    """The cosine of two pooled descriptors (dimension,), and how each of them pulls at it."""
    rows = np.stack([query, result]).astype(np.float64)
    settled = after.settled(fit)
    finished = _finished(rows, settled, fit)
    cosine = float(finished[0] @ finished[1])
    first = _pull(rows[0], finished[1], settled, fit)
    return cosine, first, _pull(rows[1], finished[0], settled, fit)


def share_out(activation: np.ndarray, pool: Pool, pull: Pull) -> Shares:
    """Which places of one image's activation carry its product with `pull`.

    activation: (channels, height, width), as the pooling reads it.
    """
    exact = activation.astype(np.float64)
    if pool.method == "gem":
        shares = _gem_shares(np.maximum(exact, 0.0), pull.of, pool.p)
    else:
        shares = linear_coefficients(exact, pool, pull.of) * exact
    regions = _region_shares(exact, pool, pull.of) if pool.has_levels else ()
    return Shares(shares.sum(0), shares.sum((1, 2)), pull.offset, regions)


def share_out_parts(activation: np.ndarray, pool: Pool, pull: Pull, encoder: Encoder) -> Shares:
    """The same of regions or cells that an encoder makes one vector of, at which `pull` pulls."""
    rows = np.reshape(pool.of(activation[None])[0].astype(np.float64), (-1, len(activation)))
    if encoder.centres is None:
        pulled = _of_whitened(rows, pull, encoder)
        return share_out(activation, pool, pulled)
    shares = _vlad_shares(rows, pull.of, encoder, encoder.centres)
    places = np.reshape(shares, activation.shape[1:])
    # a residual is of all channels together, so none of them carries a part of it
    return Shares(places, np.zeros(len(activation)), pull.offset)


def linear_coefficients(activation: np.ndarray, pool: Pool, of: np.ndarray) -> np.ndarray:
    """What each value is multiplied with so that all together are `of` times the descriptor.

    activation: (channels, ...) float64. Returns the same shape. Weights that an image gives its own
    places count as fixed: where a maximum stands, a region's length, CroW's weights. Of GeM it is
    the gradient, of which Euler's theorem says that times the values it is GeM again.
    """
    values = np.maximum(activation, 0.0) if pool.relu else activation
    coefficients = _coefficients(values, pool, of)
    return np.where(activation > 0, coefficients, 0.0) if pool.relu else coefficients


def _coefficients(values: np.ndarray, pool: Pool, of: np.ndarray) -> np.ndarray:
    n_channels = len(values)
    if pool.method == "flatten":
        return np.reshape(of, values.shape)
    if pool.method == "cells":
        return np.reshape(of, (*values.shape[1:], n_channels)).transpose(2, 0, 1)
    if pool.method == "regions":
        each = np.reshape(of, (-1, n_channels))
        return _of_regions(values, each, pool.levels, has_lengths=False)
    if pool.method == "rmac":
        return _of_regions(values, of, pool.levels, has_lengths=True)
    if pool.method == "mac+rmac":
        regions = _of_regions(values, of[n_channels:], pool.levels, has_lengths=False)
        regions += _at_maxima(values, of[:n_channels])
        return regions
    if pool.method == "mac":
        return _at_maxima(values, of)
    by_channel = np.reshape(of, (-1, *(1 for _ in values.shape[1:])))
    if pool.method == "spoc":
        weighted: np.ndarray = by_channel * centre_prior(*values.shape[1:])
        return weighted
    if pool.method == "crow":
        return _of_crow(values, by_channel)
    if pool.method == "gem":
        shares = _gem_shares(values, of, pool.p)
        return np.where(values >= GEM_FLOOR, shares / np.maximum(values, GEM_FLOOR), 0.0)
    n_places = values[0].size
    return np.broadcast_to(by_channel / n_places, values.shape)


def _at_maxima(values: np.ndarray, of: np.ndarray) -> np.ndarray:
    """`of` at the first maximum of each channel, 0 elsewhere."""
    flat = values.reshape(len(values), -1)
    result = np.zeros_like(flat)
    result[np.arange(len(flat)), flat.argmax(1)] = of
    return result.reshape(values.shape)


def _of_regions(
    values: np.ndarray, of: np.ndarray, levels: int, *, has_lengths: bool
) -> np.ndarray:
    """of: (channels,) for all regions, or (n_regions, channels)."""
    result = np.zeros_like(values)
    grid = region_grid(values.shape[1], values.shape[2], levels)
    each = np.broadcast_to(of, (len(grid), len(values)))
    for (x, y, side), own in zip(grid, each, strict=True):
        region = values[:, y : y + side, x : x + side]
        length = np.linalg.norm(region.max((1, 2))) if has_lengths else 1.0
        if length:
            result[:, y : y + side, x : x + side] += _at_maxima(region, own / length)
    return result


def _region_shares(values: np.ndarray, pool: Pool, of: np.ndarray) -> tuple[RegionShare, ...]:
    """What each region's maxima carry; of MAC + R-MAC the part of the regions."""
    values = np.maximum(values, 0.0) if pool.relu else values
    has_lengths = pool.method == "rmac"
    of = of[len(values) :] if pool.method == "mac+rmac" else of
    grid = region_grid(values.shape[1], values.shape[2], pool.levels)
    of = np.reshape(of, (-1, len(values)))
    found = []
    for (x, y, side), own in zip(grid, np.broadcast_to(of, (len(grid), len(values))), strict=True):
        region = values[:, y : y + side, x : x + side].max((1, 2))
        length = np.linalg.norm(region) if has_lengths else 1.0
        share = float(region @ own / length) if length else 0.0
        found.append(RegionShare(x, y, side, share))
    return tuple(found)


def _of_crow(values: np.ndarray, of: np.ndarray) -> np.ndarray:
    """CroW's weights of places and channels as `core.measures.places` computes them."""
    clamped = np.maximum(values, 0.0)
    total = clamped.sum(0)
    norm = np.sqrt((total * total).sum())
    of_places = np.sqrt(total / (norm or 1.0))
    share = (clamped > 0).mean(tuple(range(1, clamped.ndim)))
    rarity = share.sum() / np.where(share == 0, 1.0, share)
    of_channels = np.log(np.where(share == 0, 1.0, rarity)).reshape(of.shape)
    return np.where(values > 0, of * of_channels * of_places, 0.0)


def _gem_shares(values: np.ndarray, of: np.ndarray, p: float) -> np.ndarray:
    """What each value carries; one below the floor of 1e-6 as the floor that it counts as."""
    flat = np.maximum(values.reshape(len(values), -1), GEM_FLOOR)
    peak = flat.max(1, keepdims=True)
    powers = (flat / peak) ** p
    pooled = peak[:, 0] * powers.mean(1) ** (1.0 / p)
    shares: np.ndarray = (of * pooled)[:, None] * powers / powers.sum(1, keepdims=True)
    return shares.reshape(values.shape)


def _of_whitened(parts: np.ndarray, pull: Pull, encoder: Encoder) -> Pull:
    """Back from the sum of whitened regions of length 1 to their maxima, (n_regions, channels)."""
    kept = slice(0, encoder.encoding.dimension)
    fit = encoder.fit
    axes = fit.axes[kept] / np.sqrt(fit.eigenvalues[kept])[:, None]
    lengths = np.linalg.norm(parts, axis=1)
    units = unit_length(parts)
    whitened = np.linalg.norm((units - fit.mean) @ axes.T, axis=1)
    is_there = (lengths > 0) & (whitened > 0)
    of_units = np.where(is_there, 1 / np.where(is_there, whitened, 1), 0)[:, None] * (
        pull.of @ axes
    )
    of = of_units / np.where(is_there, lengths, 1)[:, None]
    return Pull(of.ravel(), pull.offset - float((of_units @ fit.mean).sum()))


def _vlad_shares(
    cells: np.ndarray, of: np.ndarray, encoder: Encoder, centres: np.ndarray
) -> np.ndarray:
    """What the residual of each cell carries, (n_cells,); as Encoder._vlad adds them up."""
    units = unit_length(cells)
    turned = encoder.fit.project(units, encoder.encoding.dimension, whiten=False)
    nearest, _ = assign(turned, centres)
    off = turned - centres[nearest]
    off[~units.any(axis=1)] = 0
    summed = np.zeros_like(centres)
    np.add.at(summed, nearest, off)
    lengths = np.linalg.norm(summed, axis=1, keepdims=True)
    even = unit_length(summed)
    roots = np.divide(signed_power(even), even, out=np.zeros_like(even), where=even != 0)
    of_sums = np.reshape(of, centres.shape) * roots / np.where(lengths == 0, 1.0, lengths)
    shares: np.ndarray = np.vecdot(of_sums[nearest], off)
    return shares


def _finished(rows: np.ndarray, after: After, fit: PcaFit | None) -> np.ndarray:
    """The descriptors as they are compared, float64; as After.apply, which rounds to float32."""
    prepared = after.prepared(rows)
    if not after.projection or fit is None:
        return prepared
    turned = fit.project(prepared, after.dimension, whiten=after.projection == "white")
    turned[~prepared.any(axis=1)] = 0
    return unit_length(turned)


def _pull(row: np.ndarray, other: np.ndarray, after: After, fit: PcaFit | None) -> Pull:
    """Back from the cosine to a pooled descriptor, step by step, each length as it is."""
    powered = signed_power(row) if after.has_power else row
    length = float(np.linalg.norm(powered))
    if not length:
        return Pull(np.zeros_like(row), 0.0)
    of, offset = other, 0.0
    if after.projection and fit is not None:
        of, offset = _through(fit, powered / length, other, after)
    scale = np.divide(powered, row, out=np.zeros_like(row), where=row != 0)
    return Pull(of * scale / length, offset)


def _through(
    fit: PcaFit, unit: np.ndarray, other: np.ndarray, after: After
) -> tuple[np.ndarray, float]:
    kept = slice(0, after.dimension)
    axes = fit.axes[kept]
    if after.projection == "white":
        axes = axes / np.sqrt(fit.eigenvalues[kept])[:, None]
    length = float(np.linalg.norm((unit - fit.mean) @ axes.T))
    if not length:
        return np.zeros_like(unit), 0.0
    of = other @ axes / length
    return of, -float(of @ fit.mean)
