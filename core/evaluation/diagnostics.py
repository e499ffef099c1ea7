"""What explains a mAP: zeros, directions in use, hubs, how far labels stand apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_NEIGHBOURS = 10
MOST_IMAGES = 600
"""Enough to tell layers apart; the pairs of all images of a large folder would take hours."""


@dataclass(frozen=True)
class Diagnostics:
    """Four figures of a set of descriptors, of 600 of its images at most.

    sparsity: the share of values that are 0. effective_rank: along how many directions the
    descriptors spread, (sum of eigenvalues)^2 / sum of their squares (participation ratio).
    hubness: the skewness of how often an image is among the ten nearest of others; much above 1
    means hubs, which crowd rankings (Radovanovic et al., 2010). separation: how often a pair of one
    label is more alike than a pair of two (area under the ROC curve); NaN without both.
    """

    sparsity: float
    effective_rank: float
    hubness: float
    separation: float

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return {
            "sparsity": self.sparsity,
            "effective_rank": self.effective_rank,
            "hubness": self.hubness,
            "separation": None if np.isnan(self.separation) else self.separation,
        }


def diagnose(rows: np.ndarray, labels: Sequence[str | None]) -> Diagnostics:
    """The figures of (n_images, dimension) descriptors of any length, a label or None for each."""
    exact = rows.astype(np.float64)
    lengths = np.sqrt(np.vecdot(exact, exact))
    unit = exact / np.where(lengths == 0, 1.0, lengths)[:, None]
    cosines = unit @ unit.T
    return Diagnostics(
        float(1 - np.count_nonzero(rows) / max(1, rows.size)),
        _effective_rank(unit),
        _hubness(cosines),
        _separation(cosines, labels),
    )


def chosen_images(n: int) -> np.ndarray:
    """The indices of the images that stand for all, rising and the same every time."""
    if n <= MOST_IMAGES:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, MOST_IMAGES, replace=False))


def _effective_rank(unit: np.ndarray) -> float:
    """By the smaller of the two squares that have the same eigenvalues."""
    centred = unit - unit.mean(axis=0)
    wide = centred.shape[1] > centred.shape[0]
    square = centred @ centred.T if wide else centred.T @ centred
    of_squares = float((square * square).sum())
    return float(np.trace(square) ** 2 / of_squares) if of_squares > 1e-24 else 0.0


def _hubness(cosines: np.ndarray) -> float:
    """0 where there are too few images for ten neighbours, or each is one equally often."""
    n = len(cosines)
    k = min(_NEIGHBOURS, n - 1)
    if k < 1:
        return 0.0
    others = cosines.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = np.argpartition(-others, k - 1, axis=1)[:, :k]
    counts = np.bincount(nearest.ravel(), minlength=n).astype(np.float64)
    spread = counts.std()
    return float(((counts - counts.mean()) ** 3).mean() / spread**3) if spread else 0.0


def _separation(cosines: np.ndarray, labels: Sequence[str | None]) -> float:
    """The Mann-Whitney statistic of pairs of one label over pairs of two, ties counting half."""
    names = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    codes = np.array([-1 if label is None else names[label] for label in labels])
    one, other = np.triu_indices(len(codes), 1)
    known = (codes[one] >= 0) & (codes[other] >= 0)
    values = cosines[one[known], other[known]].astype(np.float32)  # copies tie, as they should
    is_same = codes[one[known]] == codes[other[known]]
    n_same, n_apart = int(is_same.sum()), int((~is_same).sum())
    if not n_same or not n_apart:
        return float("nan")
    ordered = np.sort(values[~is_same])
    below = np.searchsorted(ordered, values[is_same], side="left")
    up_to = np.searchsorted(ordered, values[is_same], side="right")
    return float((below + up_to).sum() / 2 / n_same / n_apart)
