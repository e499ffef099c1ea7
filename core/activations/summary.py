"""ValueSummary: what an engine answers about one value, in place of the value itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.activations.histogram import Histogram, histogram
from core.activations.statistics import Statistics, summarise


@dataclass(frozen=True)
class ValueSummary:
    """Statistics and histogram of one value (a layer's top)."""

    statistics: Statistics
    histogram: Histogram

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary that holds everything."""
        return {"statistics": self.statistics.to_json(), "histogram": self.histogram.to_json()}


def summarise_values(
    arrays: Sequence[np.ndarray],
    *,
    bins: int | None = None,
    value_range: tuple[float, float] | None = None,
) -> tuple[ValueSummary, ...]:
    """Statistics of each array and histograms with the same edges for all of them."""
    histograms = histogram(arrays, bins, value_range)
    return tuple(ValueSummary(summarise(a), h) for a, h in zip(arrays, histograms, strict=True))
