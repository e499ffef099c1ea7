"""Statistics: how the values of layers spread after one pass, over shared histogram edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.activations.summary import ValueSummary
from core.engines.engine import Engine
from core.engines.values import Value
from core.jobs.look import Looker, LookRequest
from core.progress import Job, Progress

HistogramRange = Literal["full", "central"]


@dataclass(frozen=True)
class StatisticsRequest:
    """A pass, and values of it whose histograms are to have the same edges.

    bins: None for as many as the values suggest. over: the full range, or p0.1 to p99.9 of all.
    """

    look: LookRequest
    values: tuple[Value, ...]
    bins: int | None = None
    over: HistogramRange = "full"


def statistics(request: StatisticsRequest, looker: Looker) -> Job[tuple[ValueSummary, ...]]:
    """Statistics and histogram of each value, in the order of the request. Raises AppError."""
    yield Progress(0, 1, "forward pass")
    with looker.passed(request.look) as engine:
        return _summaries(request, engine)


def _summaries(request: StatisticsRequest, engine: Engine) -> tuple[ValueSummary, ...]:
    values, bins = request.values, request.bins
    found = engine.statistics(values, bins=bins)
    if request.over == "central":
        ends = [found[value].statistics for value in values]
        low, high = min(one.p0_1 for one in ends), max(one.p99_9 for one in ends)
        if np.isfinite((low, high)).all() and low < high:
            found = engine.statistics(values, bins=bins, value_range=(low, high))
    return tuple(found[value] for value in values)
