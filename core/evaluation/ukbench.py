"""UKBench (Nister and Stewenius, 2006): of four images of an object, how many are in the top 4."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GROUP_SIZE = 4


def n_s_score(rankings: Sequence[Sequence[int]]) -> float:
    """The mean number of images of the query's group among the first four, from 0 to 4.

    rankings: for each image in the sorted order of names its ranking of all images, itself among
    them, which counts. An image's group is its index // 4.
    """
    counts = [
        sum(index // GROUP_SIZE == query // GROUP_SIZE for index in ranking[:GROUP_SIZE])
        for query, ranking in enumerate(rankings)
    ]
    return float(np.mean(counts))
