"""Ranks of images by their scores: all in order, or the relevant ones without sorting others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_MOST_BINS = 1 << 16
_LONGEST_RUN = 4096
_MOST_NEAR = 2000
"""Images beside the relevant ones whose exact scores are worth asking for."""
_NOISE = 1e-14
"""What the rounding of sums makes of equal cosines, as of one descriptor in two lengths."""
_ROUNDING = 2.0**-23
"""Of scores near 1 to float32."""
Exactly = Callable[[np.ndarray], np.ndarray]
"""The exact scores of some images: (n,) int64, indices, to (n,) float64."""


def relevant_ranks(
    scores: np.ndarray,
    relevant: np.ndarray,
    exactly: Exactly | None = None,
    *,
    error: float = 0.0,
) -> np.ndarray | None:
    """Ranks from 1, rising, of some images: greatest score first, equal ones by index.

    scores: (n,) float32, cosines; relevant: (n_relevant,) int64, indices. exactly: tells scores
    apart that are equal as float32. The same as sorting all scores, ten times as fast where n is a
    million: images are counted by bins of like scores, and only those that share a bin with a
    relevant one are sorted.

    error: how far scores may be from the exact ones; the ranks are those of the exact ones, of
    which only those are asked for that may be on either side of a relevant one. None where these
    are too many to be worth it.
    """
    least = scores[relevant].min(initial=2.0) - np.float32(2 * error + _ROUNDING)
    ahead = np.flatnonzero(scores >= least)
    if 2 * ahead.size < scores.size:  # behind them no relevant one stands
        return _ranks(
            scores[ahead],
            np.searchsorted(ahead, relevant),
            None if exactly is None else lambda images: exactly(ahead[images]),
            error,
        )
    return _ranks(scores, relevant, exactly, error)


def _ranks(
    scores: np.ndarray, relevant: np.ndarray, exactly: Exactly | None, error: float
) -> np.ndarray | None:
    """`relevant_ranks`, which looks at all of the scores."""
    bins, scale = _bins(scores)
    counts = np.bincount(bins)
    reach = math.ceil((2 * error + _ROUNDING) * scale) + 1 if error else 0
    has_relevant = _within(bins[relevant], reach, counts.size)
    near = np.flatnonzero(has_relevant[bins])
    if error and exactly is not None:
        if near.size - relevant.size > _MOST_NEAR:
            return None
        scores = scores.copy()
        scores[near] = exactly(near)
    order = near[np.argsort(sort_keys(scores[near], near))]
    if exactly is not None:
        order = refined(order, scores, exactly, only=relevant).order
    n_passed = np.cumsum(np.where(has_relevant, 0, counts))
    places = np.flatnonzero(_are_among(order, relevant, scores.size))
    ranks: np.ndarray = places + n_passed[bins[order[places]]] + 1
    return ranks


@dataclass(frozen=True)
class Refined:
    """Ranked images whose equal scores were told apart, and how many are equal even so."""

    order: np.ndarray
    n_ties: int


def refined(
    order: np.ndarray,
    scores: np.ndarray,
    exactly: Exactly,
    *,
    only: np.ndarray | None = None,
) -> Refined:
    """Sort runs of scores that are equal as float32 by the exact ones, equal ones by index.

    order: (n,) int64, images by falling score; scores: (n_images,) float32; only: leave runs
    without these images as they are. A run of thousands is of equal descriptors, which no exact
    score tells apart: it is left too, and counted.
    """
    ranked = scores[order]
    is_next = ranked[1:] != ranked[:-1]
    if is_next.all():
        return Refined(order.copy(), 0)
    starts = np.flatnonzero(np.concatenate(([True], is_next)))
    ends = np.append(starts[1:], order.size)
    is_run = ends - starts > 1
    if only is not None:
        n_wanted = np.concatenate(([0], np.cumsum(_are_among(order, only, scores.size))))
        is_run &= n_wanted[ends] > n_wanted[starts]
    result, n_ties = order.copy(), 0
    is_long = is_run & (ends - starts > _LONGEST_RUN)
    n_ties += int((ends - starts)[is_long].sum())
    runs = np.flatnonzero(is_run & ~is_long)
    if runs.size:
        lengths = (ends - starts)[runs]
        number = np.repeat(runs, lengths)
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places = np.repeat(starts[runs], lengths) + within
        images = order[places]
        exact = exactly(images)
        sorting = np.lexsort((-exact, number))
        exact, number, images = exact[sorting], number[sorting], images[sorting]
        is_same = (exact[:-1] - exact[1:] <= _NOISE) & (number[1:] == number[:-1])
        group = np.cumsum(np.concatenate(([0], ~is_same)))
        result[places] = images[np.lexsort((images, group))]
        n_ties += int(np.count_nonzero(_in_pairs(is_same)))
    return Refined(result, n_ties)


def _are_among(images: np.ndarray, some: np.ndarray, n: int) -> np.ndarray:
    """Which of some of n images are among others: as `np.isin`, which sorts."""
    is_some = np.zeros(n, dtype=bool)
    is_some[some] = True
    result: np.ndarray = is_some[images]
    return result


def _in_pairs(is_same: np.ndarray) -> np.ndarray:
    """Which items equal a neighbour: (n - 1,) bool of neighbours to (n,) bool."""
    in_tie = np.zeros(is_same.size + 1, dtype=bool)
    in_tie[1:] |= is_same
    in_tie[:-1] |= is_same
    return in_tie


def sort_keys(scores: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Keys that rise as scores fall, and with the index among equal ones; (n,) uint64.

    A score's bits, turned so that they fall as it rises, and its index make one 64-bit key, which
    sorts four times as fast as a stable argsort. Adding 0 makes -0 equal to 0.
    """
    bits = (scores.astype(np.float32) + np.float32(0)).view(np.uint32)
    # IEEE 754: read as whole numbers, the bits rise with a positive value and fall with a negative
    # one, whose sign bit makes them greater than those of every positive value.
    falling = np.where(bits >> 31, bits, ~(bits | np.uint32(1 << 31)))
    keys = falling.astype(np.uint64) << np.uint64(32)
    keys |= indices.astype(np.uint64)
    return keys


def _within(bins: np.ndarray, reach: int, n_bins: int) -> np.ndarray:
    """Which of n_bins bins are at most `reach` from one of some bins, (n_bins,) bool."""
    steps = np.zeros(n_bins + 1, np.int64)
    np.add.at(steps, np.maximum(bins - reach, 0), 1)
    np.add.at(steps, np.minimum(bins + reach + 1, n_bins), -1)
    result: np.ndarray = np.cumsum(steps[:-1]) > 0
    return result


def _bins(scores: np.ndarray) -> tuple[np.ndarray, float]:
    """A number for each score, (n,) int64 from 0, which never rises with it; bins per unit."""
    # Subtracting and multiplying round, but never the wrong way round: an order stays or becomes
    # equal, so that a bin holds neighbours, and equal scores share one.
    best = scores.max(initial=-1)
    spread = float(best) - float(scores.min(initial=1))
    n_bins = min(_MOST_BINS, scores.size)
    scale = min((n_bins - 1) / spread, 1e30) if spread > 0 else 0.0
    result: np.ndarray = ((best - scores) * np.float32(scale)).astype(np.int64)
    return result, scale
