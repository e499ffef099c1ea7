"""PCA and whitening: fitted in one pass over descriptors, float64, saved under a name.

A fit is of vectors of length 1 (Jegou and Chum, 2012). Projecting takes the mean away and turns to
the axes of greatest variance; whitening divides each by its standard deviation as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from core.errors import AppError

LEAST_EIGENVALUE = 1e-6
"""Axes with less than this share of the first one's variance are noise, and are dropped."""
IMAGES_AN_AXIS = 8
"""Whitening needs so many images for each dimension: with fewer it amplifies noise."""
_MOST_WIDE = 4096


@dataclass(frozen=True, eq=False)
class PcaFit:
    """What a set of descriptors says of where they spread.

    image_set: the images it was fitted on, as a person names them; n: how many vectors, which are
    of `what`: "images", or "regions" or "cells" of them; made_for: what tells that a descriptor is
    of the same kind, such as the digest of its recipe. mean: (dimension,) float64; eigenvalues:
    (k,) float64, falling, those beyond the cut left out; axes: (k, dimension) float64, of length 1;
    total: the variance along all axes.
    """

    image_set: str
    n: int
    mean: np.ndarray
    eigenvalues: np.ndarray
    axes: np.ndarray
    total: float
    made_for: str = ""
    what: str = "images"

    @property
    def most(self) -> int:
        """The most dimensions it can project to."""
        return int(self.eigenvalues.size)

    @property
    def sensible(self) -> int:
        """The most dimensions to whiten to: one for every eight images, but what there is."""
        return max(1, min(self.most, self.n // IMAGES_AN_AXIS))

    @property
    def explained(self) -> np.ndarray:
        """The share of the variance that the first 1, 2, ... axes hold together, (k,) float64."""
        shares: np.ndarray = np.cumsum(self.eigenvalues) / (self.total or 1.0)
        return shares

    def project(self, rows: np.ndarray, dimension: int, *, whiten: bool) -> np.ndarray:
        """(n, d) to (n, dimension) float64, not normalised. Raises AppError beyond `most`."""
        if not 0 < dimension <= self.most:
            raise AppError(
                f"A fit on {self.n:,} {self.what} has {self.most} dimensions, not {dimension}.",
                hint="Fit it on more images, or choose fewer dimensions.",
            )
        turned: np.ndarray = (rows.astype(np.float64) - self.mean) @ self.axes[:dimension].T
        return turned / np.sqrt(self.eigenvalues[:dimension]) if whiten else turned

    def cut(self, dimension: int) -> PcaFit:
        """The same with its first axes alone, for a smaller file."""
        kept = slice(0, dimension)
        return replace(self, eigenvalues=self.eigenvalues[kept], axes=self.axes[kept])

    def warning(self, dimension: int, *, whiten: bool) -> str:
        """A sentence where so many dimensions can't be trusted; "" where they can."""
        if not whiten or dimension <= self.sensible:
            return ""
        return (
            f"Whitening to {dimension} dimensions with {self.n:,} {self.what} of {self.image_set} "
            f"amplifies noise: {self.sensible} dimensions, an eighth of the {self.what}, are "
            "safer."
        )


@dataclass
class PcaSums:
    """What a fit needs of the descriptors seen so far; rows stream through it.

    It keeps the rows while they are no more than their dimensions, whose products have the same
    eigenvalues and are a smaller square; then one square of the dimensions, 134 MB at most. Of more
    than 4,096 dimensions, as flattened values have, it takes up to 4,096 rows.
    """

    image_set: str
    made_for: str = ""
    n: int = 0
    what: str = "images"
    _shift: np.ndarray | None = field(default=None, repr=False)
    _sum: np.ndarray | None = field(default=None, repr=False)
    _scatter: np.ndarray | None = field(default=None, repr=False)
    _rows: list[np.ndarray] = field(default_factory=list, repr=False)

    def add(self, rows: np.ndarray) -> None:
        """(n, dimension) of length 1. Raises AppError for too many wide ones."""
        if not len(rows):
            return
        self._rows.append(rows.astype(np.float64))
        self.n += len(rows)
        dimension = rows.shape[1]
        if dimension > _MOST_WIDE and self.n > _MOST_WIDE:
            raise AppError(
                f"PCA of {dimension:,} dimensions takes {_MOST_WIDE:,} images at most.",
                hint="Pool the layer, or fit it on fewer images.",
            )
        if self._scatter is not None or dimension < self.n:
            for held in self._rows:
                self._fold(held)
            self._rows.clear()

    def _fold(self, exact: np.ndarray) -> None:
        """Count rows into the sums."""
        if self._shift is None or self._sum is None or self._scatter is None:
            # sums about a point among the rows: squares of what is far from 0 would lose digits
            self._shift = exact.mean(axis=0)
            self._sum = np.zeros_like(self._shift)
            self._scatter = np.zeros((exact.shape[1], exact.shape[1]))
        centred = exact - self._shift
        self._sum += centred.sum(axis=0)
        self._scatter += centred.T @ centred

    def fit(self) -> PcaFit:
        """The fit of all that was added. Raises AppError for fewer than two images."""
        if self.n < 2:
            raise AppError(f"PCA needs two {self.what} or more, not {self.n}.")
        return self._fit_rows() if self._rows else self._fit_sums()

    def _fit_sums(self) -> PcaFit:
        if self._shift is None or self._sum is None or self._scatter is None:
            raise AppError("PCA needs two images or more.")
        offset = self._sum / self.n
        covariance = (self._scatter - self.n * np.outer(offset, offset)) / (self.n - 1)
        values, axes = np.linalg.eigh(covariance)
        total = float(np.trace(covariance))
        return self._cut(self._shift + offset, values[::-1], axes[:, ::-1].T, total)

    def _fit_rows(self) -> PcaFit:
        """By the products of the rows with one another, which have the same eigenvalues."""
        rows = np.concatenate(self._rows)
        mean = rows.mean(axis=0)
        centred = rows - mean
        values, turned = np.linalg.eigh(centred @ centred.T / (self.n - 1))
        values, turned = values[::-1], turned[:, ::-1]
        kept = values > LEAST_EIGENVALUE * values[0]
        lengths = np.sqrt(values[kept] * (self.n - 1))
        axes = (centred.T @ turned[:, kept]).T / lengths[:, None]
        return self._cut(mean, values[kept], axes, float(values.sum()))

    def _cut(self, mean: np.ndarray, values: np.ndarray, axes: np.ndarray, total: float) -> PcaFit:
        """Leave out the axes of noise, and those that n images can't tell of."""
        kept = int(np.count_nonzero(values > LEAST_EIGENVALUE * max(values[0], 1e-300)))
        k = min(kept, self.n - 1)
        if not k:
            raise AppError(
                f"All {self.n:,} descriptors of {self.image_set} are equal: there is nothing to "
                "turn to."
            )
        return PcaFit(
            self.image_set,
            self.n,
            mean,
            values[:k].copy(),
            axes[:k].copy(),
            total,
            self.made_for,
            self.what,
        )


def fit_pca(blocks: Iterable[np.ndarray], image_set: str, made_for: str = "") -> PcaFit:
    """Fit blocks of (n, dimension) descriptors of length 1, one after the other."""
    sums = PcaSums(image_set, made_for)
    for block in blocks:
        sums.add(block)
    return sums.fit()
