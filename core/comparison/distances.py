"""How far two arrays of one shape are from each other."""

from __future__ import annotations

import math

import msgspec
import numpy as np


class Distance(msgspec.Struct, frozen=True):
    """Two arrays held against each other, the second against the first.

    n_different: values whose bits differ. cosine: between both, NaN where a norm is not finite.
    relative: |b - a| over |a|, in L2; infinite where the first is all zeros and the second is not.
    largest: the largest |b - a|. zeros: shares of exact zeros in the first and in the second.
    """

    n_values: int
    n_different: int
    cosine: float
    relative: float
    largest: float
    zeros: tuple[float, float]

    @property
    def is_equal(self) -> bool:
        """Whether both hold the same bits."""
        return self.n_different == 0


def distance(first: np.ndarray, second: np.ndarray) -> Distance:
    """Hold two arrays of one shape against each other; sums are float64.

    Raises ValueError for arrays of other shapes.
    """
    if first.shape != second.shape:
        raise ValueError(f"shapes {first.shape} and {second.shape}")
    a, b = (np.ascontiguousarray(array, dtype=np.float32).ravel() for array in (first, second))
    n_different = int(np.count_nonzero(a.view(np.uint32) != b.view(np.uint32)))
    shares = tuple(float(np.mean(x == 0)) if x.size else 0.0 for x in (a, b))
    zeros = (shares[0], shares[1])
    if not n_different:
        return Distance(a.size, 0, 1.0, 0.0, 0.0, zeros)
    with np.errstate(invalid="ignore", over="ignore"):
        one, other = a.astype(np.float64), b.astype(np.float64)
        norm, norm_other = float(np.linalg.norm(one)), float(np.linalg.norm(other))
        gap = other - one
        moved = float(np.linalg.norm(gap))
        largest = float(np.abs(gap).max())
        cosine = _cosine(float(one @ other), norm, norm_other)
    return Distance(a.size, n_different, cosine, share_of(moved, norm), largest, zeros)


def share_of(moved: float, norm: float) -> float:
    """How much of its length something has moved; infinite for what had none."""
    if norm:
        return moved / norm
    return math.inf if moved else 0.0


def channel_parts(first: np.ndarray, second: np.ndarray, axis: int = 0) -> np.ndarray:
    """Which part of the squared difference each slice along an axis has, (n_slices,) float64.

    The parts add up to 1; all are 0 for equal arrays, and where the difference is not finite.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        gap = second.astype(np.float64) - first.astype(np.float64)
        squares = np.square(np.moveaxis(gap, axis, 0).reshape(gap.shape[axis], -1)).sum(axis=1)
        total = float(squares.sum())
    if not total or not math.isfinite(total):
        return np.zeros(len(squares))
    result: np.ndarray = squares / total
    return result


def _cosine(product: float, norm: float, norm_other: float) -> float:
    """1 between two zeros, 0 between a zero and another."""
    if norm == 0.0 or norm_other == 0.0:
        return 1.0 if norm == norm_other else 0.0
    return min(1.0, max(-1.0, product / (norm * norm_other)))
