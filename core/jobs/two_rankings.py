"""Ranking one query in two galleries of the same folder."""

from __future__ import annotations

from core.engines.host import EngineHost
from core.jobs.query import QueryRequest, query
from core.progress import Job
from core.retrieval.two_rankings import RankedIn, TwoRankings, set_against


def two_rankings(first: QueryRequest, second: QueryRequest, host: EngineHost) -> Job[TwoRankings]:
    """Rank the same single query in both. Raises ImageError if it can't be read."""
    in_first = yield from query(first, host)
    in_second = yield from query(second, host)
    return set_against(
        RankedIn(first.gallery, in_first.answers[0]),
        RankedIn(second.gallery, in_second.answers[0]),
        tuple(dict.fromkeys((*in_first.notes, *in_second.notes))),
    )
