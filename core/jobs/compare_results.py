"""Comparing results: which of two is better, by how much, and whether that may be chance."""

from __future__ import annotations

from dataclasses import dataclass

from core.progress import Job, Progress
from core.retrieval.compared_results import ComparedResults, read_result
from core.retrieval.compared_results import compare_results as compare


@dataclass(frozen=True)
class CompareResultsRequest:
    """Two results, each a file of `evaluate --json` or "GALLERY:LAYER,POOLING,AFTER" of a sweep."""

    first: str
    second: str


def compare_results(request: CompareResultsRequest) -> Job[ComparedResults]:
    """Read both and set them against each other over the queries that both have."""
    first = read_result(request.first)
    yield Progress(1, 2, "results read")
    second = read_result(request.second)
    yield Progress(2, 2, "results read")
    return compare(first, second)
