"""Which class each channel of a layer prefers, how clearly, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_IN_TOP = 20
"""Of the images where a channel is greatest, how many are asked for their class at most."""
N_RESAMPLES = 1000
_CHANNELS_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class ClassSelectivity:
    """What each channel prefers among the classes of the images that have a label.

    means: (n_classes, channels) float64, of a channel over the images of a class. preferred:
    (channels,) int64, the class of the greatest mean, -1 where the index is not defined. index:
    (channels,) float64, see `class_selectivity`; low, high: its 95 % interval. NaN where not
    defined. n_in_top of n_top: of the images where the channel is greatest, those of its class.
    """

    classes: tuple[str, ...]
    sizes: np.ndarray
    means: np.ndarray
    preferred: np.ndarray
    index: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n_in_top: np.ndarray
    n_top: np.ndarray

    def others_mean(self, channel: int, but: int) -> float:
        """The mean of a channel's class means without one class."""
        n = len(self.classes)
        return float((self.means[:, channel].sum() - self.means[but, channel]) / (n - 1))


def class_selectivity(
    cells: np.ndarray,
    labels: Sequence[str | None],
    *,
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
) -> ClassSelectivity | None:
    """The selectivity index of Morcos et al. (2018): (m - r) / (m + r); None below two classes.

    m is the greatest of the class means of a channel, r the mean of the other classes' means: each
    class counts the same, however many images it has. 1: only images of one class; 0: all alike.
    Not defined, and so NaN, where a class mean is below 0 or not finite, or all are 0: a layer
    before its ReLU has none.

    cells: (n_images, channels), a number for each. The interval is that of the percentile bootstrap
    (Efron, 1979): images are drawn again within each class, and the preferred class stays.
    Of the min(20, class size) greatest images, those of the preferred class are counted; of equal
    values the earlier image comes first.
    """
    names = sorted({label for label in labels if label is not None})
    if len(names) < 2:
        return None
    number_of = {name: number for number, name in enumerate(names)}
    of_class = np.array([-1 if one is None else number_of[one] for one in labels], np.int64)
    rows = [np.flatnonzero(of_class == number) for number in range(len(names))]
    means = np.stack([cells[one].mean(axis=0, dtype=np.float64) for one in rows])
    index, preferred = _index(means)
    sizes = np.array([len(one) for one in rows], np.int64)
    low, high = _intervals(cells, rows, preferred, seed, n_resamples)
    n_top = np.where(preferred < 0, 0, np.minimum(MOST_IN_TOP, sizes[preferred]))
    n_in_top = _count_in_top(cells, of_class, preferred, n_top)
    return ClassSelectivity(
        tuple(names), sizes, means, preferred, index, low, high, n_in_top, n_top
    )


def _index(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The index of (n_classes, channels) means, and the preferred class or -1."""
    n_classes = len(means)
    is_defined = np.isfinite(means).all(axis=0)
    known = np.where(is_defined, means, 0.0)
    is_defined &= (known >= 0).all(axis=0) & (known > 0).any(axis=0)
    preferred = known.argmax(axis=0)
    greatest = known.max(axis=0)
    others = (known.sum(axis=0) - greatest) / (n_classes - 1)
    total = np.where(is_defined, greatest + others, 1.0)
    index = np.where(is_defined, (greatest - others) / total, np.nan)
    return index, np.where(is_defined, preferred, -1)


def _intervals(
    cells: np.ndarray, rows: Sequence[np.ndarray], preferred: np.ndarray, seed: int, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Percentiles 2.5 and 97.5 of the index over n draws of the images within their classes."""
    rng = np.random.default_rng(seed)
    weights = [rng.multinomial(len(one), [1 / len(one)] * len(one), n) / len(one) for one in rows]
    low = np.full(cells.shape[1], np.nan)
    high = low.copy()
    defined = np.flatnonzero(preferred >= 0)
    for start in range(0, len(defined), _CHANNELS_AT_ONCE):
        some = defined[start : start + _CHANNELS_AT_ONCE]
        total = np.zeros((n, len(some)))
        own = np.zeros((n, len(some)))
        for number, (one, drawn) in enumerate(zip(rows, weights, strict=True)):
            mean = drawn @ cells[np.ix_(one, some)].astype(np.float64)
            total += mean
            is_own = preferred[some] == number
            own[:, is_own] = mean[:, is_own]
        others = np.maximum(total - own, 0.0) / (len(rows) - 1)
        both = own + others
        found = np.where(both > 0, (own - others) / np.where(both > 0, both, 1.0), np.nan)
        low[some], high[some] = _percentiles(found)
    return low, high


def _percentiles(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Along draws, (n, channels); a draw in which nothing fires says nothing."""
    ends = np.full((2, found.shape[1]), np.nan)
    some = ~np.isnan(found).all(axis=0)
    ends[:, some] = np.nanpercentile(found[:, some], [2.5, 97.5], axis=0)
    return ends[0], ends[1]


def _count_in_top(
    cells: np.ndarray, of_class: np.ndarray, preferred: np.ndarray, n_top: np.ndarray
) -> np.ndarray:
    """Of the labelled images where a channel is greatest, those of its class; (channels,)."""
    labelled = np.flatnonzero(of_class >= 0)
    counts = np.zeros(cells.shape[1], np.int64)
    for channel in np.flatnonzero(preferred >= 0):
        best = np.argsort(-cells[labelled, channel], kind="stable")[: n_top[channel]]
        counts[channel] = np.count_nonzero(of_class[labelled[best]] == preferred[channel])
    return counts
