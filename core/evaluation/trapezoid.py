"""Average precision of the Oxford, Paris and Holidays benchmarks: trapezoids, junk left out.

After Philbin et al. (2007) and Jegou et al. (2008): the area under the line through the points of
precision and recall, which differs from the mean of precisions by up to 17 points on short lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

AP_VARIANT = "trapezoid"


def ranks_without_junk(
    ranking: Sequence[object], relevant: Iterable[object], junk: Iterable[object] = ()
) -> np.ndarray:
    """Ranks from 0, rising, of the relevant items of a ranking; junk takes no rank.

    An item that is listed again has no second rank. What is both relevant and junk is relevant.
    """
    wanted = set(relevant)
    ignored = set(junk) - wanted
    kept = [item for item in dict.fromkeys(ranking) if item not in ignored]
    return np.array([rank for rank, item in enumerate(kept) if item in wanted], dtype=np.int64)


def trapezoid_precision(ranks: np.ndarray, n_relevant: int) -> float:
    """The area under the trapezoids; NaN where nothing is relevant.

    ranks: (n_found,) from 0, rising, junk left out. n_relevant: all there are, those that the
    ranking misses included.
    """
    if not n_relevant:
        return float("nan")
    found = np.arange(ranks.size)
    before = np.where(ranks == 0, 1.0, found / np.maximum(ranks, 1))
    after = (found + 1) / (ranks + 1)
    return float((before + after).sum() / (2 * n_relevant))
