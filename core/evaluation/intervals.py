"""How sure a mean over queries is, and a difference between two: resampling and random signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_N_RESAMPLES = 2000
_N_SIGNS = 10_000
_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class PairedDifference:
    """What two results of the same queries differ by.

    mean: of second minus first; low, high: its 95 % percentile bootstrap interval; p: how often
    random signs of the differences give a mean at least as far from 0 (two-sided; the observed
    order counted among them, so that p is never 0). n_better, n_worse: queries of the second.
    """

    mean: float
    low: float
    high: float
    p: float
    n_queries: int
    n_better: int
    n_worse: int


def bootstrap_interval(
    values: np.ndarray, *, seed: int = 0, n_resamples: int = _N_RESAMPLES
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean of (n,) values (Efron, 1979)."""
    rng = np.random.default_rng(seed)
    n_at_once = max(1, _AT_ONCE // values.size)
    means = [
        values[
            rng.integers(0, values.size, (min(n_at_once, n_resamples - start), values.size))
        ].mean(axis=1)
        for start in range(0, n_resamples, n_at_once)
    ]
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return float(low), float(high)


def paired_difference(
    first: np.ndarray, second: np.ndarray, *, seed: int = 0, n_signs: int = _N_SIGNS
) -> PairedDifference:
    """Compare two results query by query: (n,) each, such as APs, in the order of the queries.

    The test is the paired permutation test (Fisher, 1935; for retrieval Smucker et al., 2007):
    where both results are equally good, the sign of each difference is chance. With 13 queries or
    fewer all combinations of signs are taken. Raises ValueError for results of other sizes.
    """
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise ValueError("Two results of the same queries are compared.")
    differences = np.asarray(second, np.float64) - first
    observed = abs(differences.mean())
    low, high = bootstrap_interval(differences, seed=seed)
    return PairedDifference(
        float(differences.mean()),
        low,
        high,
        _share_as_far(differences, observed, seed, n_signs),
        differences.size,
        int(np.count_nonzero(differences > 0)),
        int(np.count_nonzero(differences < 0)),
    )


def _share_as_far(differences: np.ndarray, observed: float, seed: int, n_signs: int) -> float:
    n = differences.size
    nearly = observed - 1e-12  # sums of the same numbers in another order
    if 2**n <= n_signs:
        bits = np.arange(2**n)[:, None] >> np.arange(n)[None, :] & 1
        means = np.abs(((2 * bits - 1) * differences).mean(axis=1))
        return float((means >= nearly).mean())
    rng = np.random.default_rng(seed)
    n_at_once = max(1, _AT_ONCE // n)
    n_as_far = 0
    for start in range(0, n_signs, n_at_once):
        signs = rng.integers(0, 2, (min(n_at_once, n_signs - start), n)) * 2 - 1
        n_as_far += int((np.abs(signs @ differences) / n >= nearly).sum())
    return (n_as_far + 1) / (n_signs + 1)
