"""The leading axes of many descriptors, found by subspace iteration in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import GalleryError
from core.retrieval.descriptor import l2_normalise
from core.retrieval.gallery_contents import DescriptorRows

MOST_FITTED = 20_000
_MOST_VALUES = 1 << 26
"""Of the rows that a fit holds, 256 MB of float32."""
_BLOCK_VALUES = 1 << 22
_BEYOND = 10
"""Axes beyond those wanted that are turned with them, so that these come to rest sooner."""
_MOST_TURNS = 60


@dataclass(frozen=True, eq=False)
class LeadingAxes:
    """The axes along which descriptors of length 1 spread most.

    mean: (dimension,) float32. axes: (k, dimension) float32 of length 1, the largest value of each
    positive. variances: (k,) float64, falling. total: along all axes. n: descriptors fitted on.
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray
    total: float
    n: int

    def project(self, rows: np.ndarray) -> np.ndarray:
        """(n, dimension) of length 1 to (n, k) float32."""
        result: np.ndarray = (rows - self.mean) @ self.axes.T
        return result


def fit_axes(
    rows: DescriptorRows, k: int, *, seed: int, tolerance: float = 1e-6, most: int = MOST_FITTED
) -> LeadingAxes:
    """The first k axes of descriptors, or of a part of them that the seed draws.

    Orthogonal iteration from random axes (Halko, Martinsson and Tropp, 2011, algorithm 4.4), until
    no variance changes by more than `tolerance` of the first. Raises GalleryError where all
    descriptors are equal.
    """
    rng = np.random.default_rng(seed)
    dimension = int(rows.stored.shape[1])
    n = max(2, min(len(rows), most, _MOST_VALUES // max(1, dimension)))
    images = np.arange(len(rows)) if n >= len(rows) else np.sort(rng.permutation(len(rows))[:n])
    held = np.concatenate(list(unit_blocks(rows, images)))
    mean = held.mean(axis=0, dtype=np.float64).astype(np.float32)
    held -= mean
    total = float(np.vdot(held, held)) / (len(held) - 1)
    if total < 1e-10:
        raise GalleryError(
            "All descriptors of this representation are equal: there is nothing to map.",
            hint="Choose another layer or pooling.",
        )
    axes, variances = _turn(held, min(k + _BEYOND, *held.shape), k, rng, tolerance)
    return LeadingAxes(mean, _with_signs(axes[:k]), variances[:k], total, len(held))


def unit_blocks(rows: DescriptorRows, images: np.ndarray) -> Iterator[np.ndarray]:
    """Descriptors of some images, (n,) int64, as blocks of (up to some, dimension) of length 1."""
    size = block_rows(int(rows.stored.shape[1]))
    for start in range(0, len(images), size):
        yield l2_normalise(rows[images[start : start + size]])


def block_rows(dimension: int) -> int:
    """How many rows of so many values are brought near at once."""
    return max(1, _BLOCK_VALUES // max(1, dimension))


def _turn(
    held: np.ndarray, width: int, k: int, rng: np.random.Generator, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Axes of centred rows and their variances, falling: (width, dimension), (width,) float64."""
    basis = np.linalg.qr(rng.standard_normal((held.shape[1], width)).astype(np.float32))[0]
    before = np.zeros(width)
    for _ in range(_MOST_TURNS):
        seen = held @ basis
        values, turned = np.linalg.eigh(seen.T.astype(np.float64) @ seen / (len(held) - 1))
        values, turned = values[::-1], turned[:, ::-1]
        if np.abs(values[:k] - before[:k]).max() <= tolerance * max(values[0], 1e-30):
            break
        before = values
        basis = np.linalg.qr(held.T @ (seen @ turned.astype(np.float32)))[0]
        turned = np.eye(width)
    result: np.ndarray = (basis @ turned.astype(np.float32)).T
    return result, values


def _with_signs(axes: np.ndarray) -> np.ndarray:
    """An axis and its opposite are as good: take that whose largest value is positive."""
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    result: np.ndarray = axes * np.where(largest < 0, -1, 1).astype(np.float32)
    return result
