"""What the histogram panel draws: one or two series with shared edges, and what they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.activations.histogram import Histogram
from core.activations.statistics import Statistics
from core.activations.summary import ValueSummary


@dataclass(frozen=True)
class Series:
    """One measured value: `letter` is A or B, `label` how the value is spelled."""

    letter: str
    label: str
    statistics: Statistics
    histogram: Histogram


@dataclass(frozen=True)
class HistogramView:
    """Up to two series whose histograms have the same edges."""

    series: tuple[Series, ...]
    is_log: bool = False
    source: tuple[str, ...] = ()
    """The net, weights, image and recipe that the values come from."""
    is_share: bool = False
    """Whether bins are drawn as percent of a series' values, so that other sizes compare."""

    @property
    def title(self) -> str:
        """What it shows: "fc7 · fc7@0 and relu7 · fc7@1, net.prototxt, cat.jpg"."""
        values = " and ".join(one.label for one in self.series)
        return ", ".join((values, *self.source))

    @property
    def edges(self) -> np.ndarray:
        """Bin edges, (bins + 1,), shared by every series."""
        return self.series[0].histogram.edges

    @property
    def n_bins(self) -> int:
        return len(self.edges) - 1

    @property
    def highest_count(self) -> int:
        """The fullest bin of any series, exact zeros left out."""
        return max(int(one.histogram.counts.max(initial=0)) for one in self.series)

    def bin_at(self, value: float) -> int:
        """The bin that holds `value`, clamped to the first and last one."""
        position = int(np.searchsorted(self.edges, value, side="right")) - 1
        return min(max(position, 0), self.n_bins - 1)


def view_from(
    values: Sequence[str],
    summaries: Sequence[ValueSummary],
    *,
    is_log: bool,
    source: tuple[str, ...] = (),
    is_share: bool = False,
) -> HistogramView:
    """The view of `summaries`, lettered A and B in their order; values: how each is spelled."""
    return HistogramView(
        tuple(
            Series(letter, label, summary.statistics, summary.histogram)
            for letter, label, summary in zip("AB", values, summaries, strict=False)
        ),
        is_log,
        source,
        is_share,
    )


def side_sentences(view: HistogramView) -> tuple[str, str]:
    """What holds left and right of zero when two series are shown: "negative: A only" or ""."""
    if len(view.series) != 2 or not view.edges[0] < 0 < view.edges[-1]:
        return "", ""
    zero = int(np.searchsorted(view.edges, 0.0))
    first, second = (one.histogram.counts for one in view.series)
    return (
        _side("negative", first[:zero], second[:zero]),
        _side("positive", first[zero:], second[zero:]),
    )


def _side(name: str, first: np.ndarray, second: np.ndarray) -> str:
    has_first, has_second = bool(first.any()), bool(second.any())
    if has_first and not has_second:
        return f"{name}: A only"
    if has_second and not has_first:
        return f"{name}: B only"
    if has_first and np.array_equal(first, second):
        return f"{name}: A = B"
    return ""
