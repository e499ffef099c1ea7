"""Scoring a gallery by a published benchmark: Oxford and Paris, revisited, Holidays, UKBench."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.evaluation.intervals import bootstrap_interval
from core.evaluation.scores import QueryScore
from core.images.box import BOX_CONVENTION
from core.progress import Job, Progress
from core.retrieval.benchmarks import (
    Benchmark,
    BenchmarkQuery,
    judge_by_benchmark,
    read_benchmark,
)
from core.retrieval.describing import Describer, describe_parts
from core.retrieval.evaluation import RANKED_AT_ONCE
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.search import Ranking, rank
from core.retrieval.searching import TRUNCATED, Searching


@dataclass(frozen=True)
class ProtocolQuery:
    """One query: the gallery's image that it is, what it is called, its score by the rule.

    measures: the others of its ranking without junk, of which there are n_junk images.
    """

    file: str
    name: str
    score: float
    image: int = field(default=-1, compare=False)
    measures: QueryScore | None = field(default=None, compare=False, repr=False)
    n_junk: int = field(default=0, compare=False)


@dataclass(frozen=True)
class ProtocolScores:
    """What a benchmark's rule gives.

    measure: "mAP", or "N-S" of UKBench, from 0 to 4. variant: of the AP, "" for N-S. precision_at:
    the mean by k where the rule has its own kind. searching: what ranked, None for plain exact
    search.
    """

    protocol: str
    measure: str
    variant: str
    mean: float
    low: float
    high: float
    queries: tuple[ProtocolQuery, ...]
    notes: tuple[str, ...] = ()
    precision_at: dict[int, float] = field(default_factory=dict)
    searching: Searching | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        key = "AP" if self.measure == "mAP" else self.measure
        return {
            "protocol": self.protocol,
            self.measure: self.mean,
            f"{self.measure}_95": [self.low, self.high],
            "AP_variant": self.variant or None,
            **{f"mP@{k}": mean for k, mean in self.precision_at.items()},
            "n_queries": len(self.queries),
            "queries": [{"file": q.file, "name": q.name, key: q.score} for q in self.queries],
            "search": None if self.searching is None else self.searching.to_json(),
            "notes": list(self.notes),
        }


Describing = Callable[[], AbstractContextManager[Describer]]
"""Opens what describes parts of images, once it is known that there are any."""


def evaluate_protocol(
    gallery: Gallery,
    named: str,
    described: Describing | None = None,
    searching: Searching | None = None,
) -> Job[ProtocolScores]:
    """Score a gallery by a benchmark, as `read_benchmark` names it.

    described: what describes the boxes that the benchmark's queries are; None searches with whole
    images. searching: what ranks, None for plain exact search. Its rule is that of its publishers:
    trapezoid AP with junk left out, or the count of the four. Raises GalleryError where the gallery
    has none of its images, or a box can't be described.
    """
    check_not_empty(gallery)
    benchmark = read_benchmark(gallery, named)
    notes = list(benchmark.notes)
    of_boxes = yield from _boxes(gallery, benchmark, described, notes)
    scored, precisions, is_cut = [], [], False
    boxes = {} if of_boxes is None else of_boxes
    asked = [
        (query, boxes[number] if number in boxes else gallery.rows[query.image])
        for number, query in enumerate(benchmark.queries)
        if of_boxes is None or query.box is None or number in boxes
    ]
    for start in range(0, len(asked), RANKED_AT_ONCE):
        yield Progress(start, len(asked), "queries evaluated")
        some = asked[start : start + RANKED_AT_ONCE]
        for (query, _), ranking in zip(some, _rankings(gallery, some, searching), strict=True):
            order = ranking.index.tolist()
            own = () if query.keeps_itself else (query.image,)
            is_cut |= searching is not None and not searching.lists_all(ranking, own)
            judged = judge_by_benchmark(benchmark, query, ranking)
            file = gallery.images.paths[query.image]
            n_junk = int(judged.is_junk.sum())
            score = query.score(order)
            scored.append(ProtocolQuery(file, query.name, score, query.image, judged.score, n_junk))
            if query.precisions is not None:
                precisions.append(query.precisions(order))
    scores = _summarised(benchmark, scored, precisions, notes)
    if searching is None:
        return scores
    is_told_cut = is_cut and bool(scores.variant)
    variant = f"{scores.variant}, {TRUNCATED}" if is_told_cut else scores.variant
    said = (*scores.notes, *searching.notes)
    return replace(scores, variant=variant, notes=said, searching=searching)


def _rankings(
    gallery: Gallery,
    asked: Sequence[tuple[BenchmarkQuery, np.ndarray]],
    searching: Searching | None,
) -> Iterable[Ranking]:
    """For queries and their descriptors, one after the other where nothing else ranks."""
    left_out = [None if query.keeps_itself else query.image for query, _ in asked]
    if searching is not None:
        return searching.rank_each(np.stack([vector for _, vector in asked]), left_out)
    pairs = zip(asked, left_out, strict=True)
    return (rank(gallery, vector, exclude=own) for (_, vector), own in pairs)


def _summarised(
    benchmark: Benchmark,
    scored: list[ProtocolQuery],
    precisions: list[dict[int, float]],
    notes: list[str],
) -> ProtocolScores:
    scores = np.array([query.score for query in scored])
    low, high = bootstrap_interval(scores)
    return ProtocolScores(
        benchmark.protocol,
        benchmark.measure,
        benchmark.variant if benchmark.measure == "mAP" else "",
        float(scores.mean()),
        low,
        high,
        tuple(scored),
        tuple(notes),
        {k: float(np.mean([one[k] for one in precisions])) for k in (precisions or [{}])[0]},
    )


def _boxes(
    gallery: Gallery, benchmark: Benchmark, described: Describing | None, notes: list[str]
) -> Job[dict[int, np.ndarray] | None]:
    """The descriptor of each query's box, by its number; None where whole images are searched with.

    Boxes whose pictures can't be read have none, and are noted.
    """
    queries: tuple[BenchmarkQuery, ...] = benchmark.queries
    boxed = [number for number, query in enumerate(queries) if query.box is not None]
    if not boxed:
        return None
    if described is None:
        notes.append("Queries are whole images, not the boxes of the benchmark.")
        return None
    parts = [(gallery.path(queries[number].image), queries[number].box) for number in boxed]
    with described() as describer:
        found = yield from describe_parts(describer, parts)
    notes.append(f"Queries are the boxes of the benchmark: {BOX_CONVENTION}.")
    notes += [f"Left out: {queries[boxed[n]].name}: {why}" for n, why in found.problems.items()]
    return {boxed[n]: row for n, row in zip(found.numbers, found.vectors, strict=True)}
