"""Comparing results: which of two is better, by how much, and whether that may be chance."""

from __future__ import annotations

from dataclasses import dataclass

from core.progress import Job, Progress
from core.retrieval.compared_results import ComparedResults, Result, read_result
from core.retrieval.compared_results import compare_results as compare


@dataclass(frozen=True)
class CompareResultsRequest:
    """Two results, each known, or named as `read_result` reads it."""

    first: str | Result
    second: str | Result


def compare_results(request: CompareResultsRequest) -> Job[ComparedResults]:
    """Read both and set them against each other over the queries that both have."""
    first, second = request.first, request.second
    first = read_result(first) if isinstance(first, str) else first
    yield Progress(1, 2, "results read")
    second = read_result(second) if isinstance(second, str) else second
    yield Progress(2, 2, "results read")
    return compare(first, second)
