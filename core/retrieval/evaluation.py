"""Evaluation of descriptors: every labelled image, or every query apart, ranks a gallery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from core.errors import GalleryError
from core.evaluation.intervals import bootstrap_interval
from core.evaluation.scores import AP_VARIANT, QueryScore, chance_precision, score_ranks
from core.progress import Job, Progress
from core.retrieval.copies import find_copies
from core.retrieval.cosines import Cosines
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.gallery_contents import DescriptorRows
from core.retrieval.query_scores import AskedQuery, QueryScorer, Rough
from core.retrieval.search import Ranking

_MOST_QUERIES_AT_ONCE = 512
_SCORES_AT_ONCE = 1 << 26
"""256 MB, and as much of the next ones, however many images there are."""
RANKED_AT_ONCE = 100
"""Queries that a backend is asked for together; between two times a job can be cancelled."""
RankEach = Callable[[np.ndarray, Sequence[int | None]], Sequence[Ranking]]
"""The ranking of each of (n, dimension) descriptors, without the image which it is."""
HIT_RATE_AT = (1, 2, 4, 8)


@dataclass(frozen=True)
class ClassScore:
    """The mean measures over the queries of one label."""

    label: str
    n_queries: int
    mean_ap: float
    p_at_1: float


@dataclass(frozen=True)
class ScoredQuery:
    """One query: its index in the gallery, or among the queries apart, its label, its measures."""

    index: int
    label: str
    score: QueryScore


@dataclass
class _Scored:
    """Queries measured so far, the mean AP of each by chance, and how many ranked copies."""

    queries: list[ScoredQuery] = field(default_factory=list)
    by_chance: list[float] = field(default_factory=list)
    n_with_ties: int = 0
    n_copies: int = 0


@dataclass(frozen=True, eq=False)
class OutsideQueries:
    """Queries apart from a gallery: (n, dimension) descriptors of any length, and their labels.

    own: the index of the gallery's image that a query is, which its ranking leaves out; else None.
    """

    descriptors: np.ndarray | DescriptorRows
    labels: Sequence[str | None]
    own: Sequence[int | None]


@dataclass(frozen=True)
class Evaluation:
    """Measures of a gallery, the query itself excluded by its index.

    Micro means are over queries, macro means over labels. The interval is a 95 % percentile
    bootstrap of the micro mAP over queries. mean_ap_of_chance: what random descriptors reach in the
    mean. n_alone: images without another of their label, which
    are no queries; they and the n_unlabelled stay in the gallery as wrong answers. Of queries apart
    n_alone and n_unlabelled count the queries that are left out so. n_ties: images that share their
    descriptor with another, or whose descriptor is of zeros; n_queries_with_ties: queries with
    such a pair in their ranking.
    """

    mean_ap: float
    mean_ap_macro: float
    mean_ap_low: float
    mean_ap_high: float
    mean_ap_of_chance: float
    p_at_1: float
    p_at_5: float
    p_at_10: float
    r_precision: float
    n_images: int
    n_alone: int
    n_unlabelled: int
    n_queries_with_ties: int
    n_ties: int
    classes: tuple[ClassScore, ...]
    queries: tuple[ScoredQuery, ...]
    ap_variant: str = AP_VARIANT

    @property
    def n_queries(self) -> int:
        """How many images were queries."""
        return len(self.queries)

    @property
    def ndcg(self) -> float:
        """The mean NDCG of whole rankings."""
        return float(np.mean([query.score.ndcg for query in self.queries]))

    @property
    def coverage_at_10(self) -> float:
        """Which share of the relevant images is among the first ten, in the mean."""
        return float(np.mean([query.score.coverage_at_10 for query in self.queries]))

    @property
    def precisions(self) -> np.ndarray:
        """The AP of each query, (n_queries,) float64."""
        return np.array([query.score.average_precision for query in self.queries])

    @property
    def worst_first(self) -> tuple[ScoredQuery, ...]:
        """The queries by rising AP, equal ones in the order of the gallery."""
        return tuple(sorted(self.queries, key=lambda q: (q.score.average_precision, q.index)))

    def hit_rate(self, k: int) -> float:
        """The share of queries with a relevant image among the first k."""
        return float(np.mean([query.score.hit_at(k) for query in self.queries]))

    def to_json(self, query_files: Sequence[str] | None = None) -> dict[str, Any]:
        """A JSON-able dictionary, with every query where their files are given, by its index."""
        document: dict[str, Any] = {
            "mAP": self.mean_ap,
            "mAP_95": [self.mean_ap_low, self.mean_ap_high],
            "mAP_macro": self.mean_ap_macro,
            "mAP_of_random_descriptors": self.mean_ap_of_chance,
            "AP_variant": self.ap_variant,
            "P@1": self.p_at_1,
            "P@5": self.p_at_5,
            "P@10": self.p_at_10,
            "R-precision": self.r_precision,
            "NDCG": self.ndcg,
            "recall@10": self.coverage_at_10,
            **{f"hit_rate@{k}": self.hit_rate(k) for k in HIT_RATE_AT},
            "P@1_macro": float(np.mean([c.p_at_1 for c in self.classes])),
            "n_images": self.n_images,
            "n_queries": self.n_queries,
            "n_classes": len(self.classes),
            "n_alone_in_class": self.n_alone,
            "n_unlabelled": self.n_unlabelled,
            "n_queries_with_ties": self.n_queries_with_ties,
            "n_ties": self.n_ties,
            "classes": [
                {"label": c.label, "n": c.n_queries, "mAP": c.mean_ap, "P@1": c.p_at_1}
                for c in self.classes
            ],
        }
        if query_files is not None:
            document["queries"] = [
                {
                    "index": q.index,
                    "file": query_files[q.index],
                    "label": q.label,
                    **q.score.to_json(),
                }
                for q in self.queries
            ]
        return document


def evaluate_gallery(
    gallery: Gallery, labels: Sequence[str | None] | None = None
) -> Job[Evaluation]:
    """Evaluate a gallery with its folder labels, or others in the order of its images."""
    check_not_empty(gallery)
    chosen = gallery.labels if labels is None else labels
    try:
        return (yield from evaluate(gallery.cosines, chosen))
    except GalleryError as error:
        if gallery.progress.is_finished is False:
            raise GalleryError(
                f"The gallery is {gallery.progress.describe()}. {error.sentence}",
                hint="Index again to finish it.",
            ) from error
        raise


def evaluate(
    gallery: np.ndarray | Cosines, labels: Sequence[str | None], *, seed: int = 0
) -> Job[Evaluation]:
    """Rank all images for every query and average.

    gallery: (n_images, dimension) descriptors of any length, or their cosines; labels: one each,
    None for none; seed: of the bootstrap. Raises GalleryError if no label has two images.
    """
    if len(labels) != len(gallery):
        raise GalleryError(f"There are {len(labels)} labels for {len(gallery)} images.")
    counts = Counter(label for label in labels if label is not None)
    query_indices = [i for i, label in enumerate(labels) if label is not None and counts[label] > 1]
    if not query_indices:
        raise GalleryError(
            "No label has two images, so there is nothing to find.",
            hint="Labels are needed that two images or more share.",
        )
    cosines = _cosines(gallery)
    queries = OutsideQueries(cosines.descriptors, labels, range(len(labels)))
    scored = yield from _score(cosines, labels, queries, query_indices)
    n_alone = sum(1 for count in counts.values() if count == 1)
    n_unlabelled = sum(1 for label in labels if label is None)
    return _summarise(scored, len(labels), n_alone, n_unlabelled, seed)


def evaluate_outside(
    gallery: np.ndarray | Cosines,
    labels: Sequence[str | None],
    queries: OutsideQueries,
    *,
    seed: int = 0,
    rank: RankEach | None = None,
) -> Job[Evaluation]:
    """Rank all images for every query apart that has something to find, and average.

    gallery: (n_images, dimension) descriptors or their cosines; labels: one each, None for none.
    rank: what ranks in place of the cosines; what it does not list is missed.
    Raises GalleryError if no query has the label of an image other than itself.
    """
    counts = Counter(label for label in labels if label is not None)
    n_unlabelled = sum(1 for label in queries.labels if label is None)
    query_indices = []
    for index, (label, own) in enumerate(zip(queries.labels, queries.own, strict=True)):
        is_itself = own is not None and labels[own] == label
        if label is not None and counts[label] > is_itself:
            query_indices.append(index)
    if not query_indices:
        raise GalleryError(
            "No query has the label of an image of the gallery, so there is nothing to find.",
            hint="Queries and gallery are labelled in the same way, by folders or by one table.",
        )
    scored = yield from _score(_cosines(gallery), labels, queries, query_indices, rank)
    n_alone = len(queries.labels) - n_unlabelled - len(query_indices)
    return _summarise(scored, len(labels), n_alone, n_unlabelled, seed)


def _score(
    cosines: Cosines,
    labels: Sequence[str | None],
    queries: OutsideQueries,
    query_indices: Sequence[int],
    rank: RankEach | None = None,
) -> Job[_Scored]:
    """The measures of some of the queries, of one at least."""
    if rank is not None:
        return (yield from _score_rankings(cosines, labels, queries, query_indices, rank))
    scored = _Scored()
    members = _by_label(labels)
    copies = find_copies(cosines.descriptors)
    n_at_once = min(_MOST_QUERIES_AT_ONCE, max(1, _SCORES_AT_ONCE // max(1, len(cosines))))
    with ThreadPoolExecutor(1) as thread:
        scorer = QueryScorer(cosines, thread)
        starts = range(0, len(query_indices), n_at_once)
        chunks = [list(query_indices[start : start + n_at_once]) for start in starts]
        coming = _begun(scorer, queries, chunks[0])
        for start, chunk, after in zip(starts, chunks, [*chunks[1:], []], strict=True):
            yield Progress(start, len(query_indices), "queries evaluated")
            vectors, begun = coming
            rough = begun.result()
            if after:
                coming = _begun(scorer, queries, after)
            asked = [
                AskedQuery(partial(cosines.exactly, v), members[queries.labels[i]], queries.own[i])
                for v, i in zip(vectors, chunk, strict=True)
            ]
            found = scorer.score(vectors, asked, rough)
            for index, vector, score in zip(chunk, vectors, found, strict=True):
                own = queries.own[index]
                n_ranked = len(cosines) - (own is not None)
                scored.queries.append(ScoredQuery(index, str(queries.labels[index]), score))
                scored.by_chance.append(chance_precision(n_ranked, score.n_relevant))
                scored.n_with_ties += copies.are_ranked(own) or (n_ranked > 1 and not vector.any())
    yield Progress(len(query_indices), len(query_indices), "queries evaluated")
    scored.n_copies = copies.n_images
    return scored


def _begun(
    scorer: QueryScorer, queries: OutsideQueries, chunk: Sequence[int]
) -> tuple[np.ndarray, Future[Rough | None]]:
    """The descriptors of some queries, (n, dimension), and their products as they come."""
    vectors = np.asarray(queries.descriptors[np.array(chunk)])
    return vectors, scorer.begin(vectors)


def _score_rankings(
    cosines: Cosines,
    labels: Sequence[str | None],
    queries: OutsideQueries,
    query_indices: Sequence[int],
    rank: RankEach,
) -> Job[_Scored]:
    """The measures of some of the queries by rankings, which need not list every image."""
    scored, members = _Scored(), _by_label(labels)
    copies = find_copies(cosines.descriptors)
    for start in range(0, len(query_indices), RANKED_AT_ONCE):
        yield Progress(start, len(query_indices), "queries evaluated")
        chunk = query_indices[start : start + RANKED_AT_ONCE]
        vectors = np.asarray(queries.descriptors[np.array(chunk)])
        rankings = rank(vectors, [queries.own[index] for index in chunk])
        for index, vector, ranking in zip(chunk, vectors, rankings, strict=True):
            own, relevant = queries.own[index], members[queries.labels[index]]
            relevant = relevant if own is None else relevant[relevant != own]
            ranks = np.flatnonzero(np.isin(ranking.index, relevant)) + 1
            n_ranked = len(cosines) - (own is not None)
            score = score_ranks(ranks, n_ranked, relevant.size)
            scored.queries.append(ScoredQuery(index, str(queries.labels[index]), score))
            scored.by_chance.append(chance_precision(n_ranked, score.n_relevant))
            scored.n_with_ties += copies.are_ranked(own) or (n_ranked > 1 and not vector.any())
    yield Progress(len(query_indices), len(query_indices), "queries evaluated")
    scored.n_copies = copies.n_images
    return scored


def _cosines(gallery: np.ndarray | Cosines) -> Cosines:
    return gallery if isinstance(gallery, Cosines) else Cosines(gallery)


def _by_label(labels: Sequence[str | None]) -> dict[str | None, np.ndarray]:
    """The indices of the images of each label, rising; images without one are of none."""
    names = [label for label in dict.fromkeys(labels) if label is not None]
    numbers = {label: i for i, label in enumerate(names)}
    codes = np.array([-1 if label is None else numbers[label] for label in labels])
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(names)), side="right")
    starts = np.searchsorted(codes[order], np.arange(len(names)))
    return {name: order[a:b] for name, a, b in zip(names, starts, ends, strict=True)}


def _summarise(
    found: _Scored,
    n_images: int,
    n_alone: int,
    n_unlabelled: int,
    seed: int,
) -> Evaluation:
    scored = found.queries
    precisions = np.array([query.score.average_precision for query in scored])
    low, high = bootstrap_interval(precisions, seed=seed)
    classes = _class_scores(scored)
    return Evaluation(
        mean_ap=float(precisions.mean()),
        mean_ap_macro=float(np.mean([c.mean_ap for c in classes])),
        mean_ap_low=low,
        mean_ap_high=high,
        mean_ap_of_chance=float(np.mean(found.by_chance)),
        p_at_1=float(np.mean([query.score.p_at_1 for query in scored])),
        p_at_5=float(np.mean([query.score.p_at_5 for query in scored])),
        p_at_10=float(np.mean([query.score.p_at_10 for query in scored])),
        r_precision=float(np.mean([query.score.r_precision for query in scored])),
        n_images=n_images,
        n_alone=n_alone,
        n_unlabelled=n_unlabelled,
        n_queries_with_ties=found.n_with_ties,
        n_ties=found.n_copies,
        classes=classes,
        queries=tuple(scored),
    )


def _class_scores(scored: Sequence[ScoredQuery]) -> tuple[ClassScore, ...]:
    by_label: dict[str, list[QueryScore]] = {}
    for query in scored:
        by_label.setdefault(query.label, []).append(query.score)
    return tuple(
        ClassScore(
            label,
            len(scores),
            float(np.mean([score.average_precision for score in scores])),
            float(np.mean([score.p_at_1 for score in scores])),
        )
        for label, scores in sorted(by_label.items())
    )
