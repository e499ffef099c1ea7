"""Ranking one query in two galleries of the same folder."""

from __future__ import annotations

from dataclasses import dataclass

from core.engines.host import EngineHost
from core.jobs.query import QueryRequest, query
from core.progress import Job
from core.retrieval.two_rankings import RankedIn, TwoRankings, set_against


@dataclass(frozen=True)
class TwoRankingsRequest:
    """The same single query of two galleries."""

    first: QueryRequest
    second: QueryRequest


def two_rankings(request: TwoRankingsRequest, host: EngineHost) -> Job[TwoRankings]:
    """Rank in both. Raises ImageError if the query can't be read."""
    first = yield from query(request.first, host)
    second = yield from query(request.second, host)
    return set_against(
        RankedIn(request.first.gallery, first.answers[0]),
        RankedIn(request.second.gallery, second.answers[0]),
    )
