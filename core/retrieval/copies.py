"""Images whose descriptors are the very same, so that their order in a ranking means nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.retrieval.gallery_contents import DescriptorRows

_VALUES_AT_ONCE = 1 << 20


@dataclass(frozen=True, eq=False)
class Copies:
    """How many images have the descriptor of each, itself among them; which are of zeros.

    n_alike: (n_images,) int64; is_zero: (n_images,) bool.
    """

    n_alike: np.ndarray
    is_zero: np.ndarray

    @property
    def n_images(self) -> int:
        """Images that share their descriptor with another one, or whose descriptor is zero."""
        return int(np.count_nonzero((self.n_alike > 1) | self.is_zero))

    @cached_property
    def _n_shared(self) -> int:
        """Images that share their descriptor with another one."""
        return int(np.count_nonzero(self.n_alike > 1))

    def are_ranked(self, own: int | None) -> bool:
        """Whether two images other than `own` have one descriptor."""
        if own is None or self.n_alike[own] != 2:
            return self._n_shared > (own is not None and self.n_alike[own] > 1)
        return self._n_shared > 2  # a pair of which own is one ranks once


def find_copies(descriptors: np.ndarray | DescriptorRows) -> Copies:
    """Find equal rows of (n_images, dimension) in one read, block by block.

    Each row is multiplied with the same random numbers and summed in the same order: equal rows
    give equal sums, and others do not by any chance that counts.
    """
    n = len(descriptors)
    if not n:
        return Copies(np.zeros(0, np.int64), np.zeros(0, bool))
    dimension = int(descriptors[:1].shape[1])
    weights = np.random.default_rng(11).standard_normal(dimension)
    step = max(1, _VALUES_AT_ONCE // max(1, dimension))
    sums, is_zero = np.empty(n), np.empty(n, bool)
    for start in range(0, n, step):
        block = np.asarray(descriptors[start : start + step], dtype=np.float64)
        sums[start : start + step] = np.vecdot(block, weights)
        is_zero[start : start + step] = ~block.any(axis=1)
    _, inverse, counts = np.unique(sums, return_inverse=True, return_counts=True)
    return Copies(counts[inverse], is_zero)
