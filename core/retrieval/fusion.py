"""Several images as one query, and images that the answers are not to be like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.representations.after import unit_length

Fusion = Literal["mean", "max"]
FUSIONS: tuple[Fusion, ...] = ("mean", "max")
UNLIKE_WEIGHT = 0.5
FUSION_WORDS: dict[Fusion, str] = {
    "mean": "mean of their descriptors",
    "max": "each image scored by the nearest of them (maximum of cosines)",
}
"""How several are one query, in words."""


@dataclass(frozen=True, eq=False)
class QueryVectors:
    """What a ranking is of: descriptors of any length that count for it, and those against it.

    vectors: (n, dimension), n at least 1; own: the images of the gallery that these are, which the
    ranking leaves out. fusion: how several are one query. unlike: (m, dimension), weighed by
    unlike_weight.
    """

    vectors: np.ndarray
    own: tuple[int, ...] = ()
    fusion: Fusion = "mean"
    unlike: np.ndarray | None = None
    unlike_weight: float = UNLIKE_WEIGHT

    def fused(self) -> np.ndarray:
        """The queries to search with, (1, dimension) for "mean", (n, dimension) for "max".

        From each goes, times its weight, the mean of those against it (Rocchio, 1971, "Relevance
        Feedback in Information Retrieval"): means are of descriptors of length 1.
        """
        if len(self.vectors) == 1 and self.unlike is None:
            return self.vectors  # as it is: its scores are those of a plain search, bit for bit
        queries = unit_length(np.asarray(self.vectors, np.float64))
        if self.fusion == "mean":
            queries = queries.mean(axis=0, keepdims=True)
        if self.unlike is not None and len(self.unlike):
            against = unit_length(np.asarray(self.unlike, np.float64)).mean(axis=0)
            queries = queries - self.unlike_weight * against
        return queries
