"""Evaluation of descriptors: every labelled image, or every query apart, ranks a gallery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import GalleryError
from core.progress import Job, Progress
from core.retrieval.descriptor import l2_normalise
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.scores import AP_VARIANT, QueryScore, score_ranking
from core.retrieval.search import order_scores, similarities

_QUERIES_AT_ONCE = 256
_N_RESAMPLES = 2000


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


@dataclass(frozen=True, eq=False)
class OutsideQueries:
    """Queries apart from a gallery: (n, dimension) descriptors of any length, and their labels.

    own: the index of the gallery's image that a query is, which its ranking leaves out; else None.
    """

    descriptors: np.ndarray
    labels: Sequence[str | None]
    own: Sequence[int | None]


@dataclass(frozen=True)
class Evaluation:
    """Measures of a gallery, the query itself excluded by its index.

    Micro means are over queries, macro means over labels. The interval is a 95 % percentile
    bootstrap of the micro mAP over queries. n_alone: images without another of their label, which
    are no queries; they and the n_unlabelled stay in the gallery as wrong answers. Of queries apart
    n_alone and n_unlabelled count the queries that are left out so.
    """

    mean_ap: float
    mean_ap_macro: float
    mean_ap_low: float
    mean_ap_high: float
    p_at_1: float
    p_at_5: float
    p_at_10: float
    r_precision: float
    n_images: int
    n_alone: int
    n_unlabelled: int
    n_queries_with_ties: int
    classes: tuple[ClassScore, ...]
    queries: tuple[ScoredQuery, ...]
    ap_variant: str = AP_VARIANT

    @property
    def n_queries(self) -> int:
        """How many images were queries."""
        return len(self.queries)

    def to_json(self, query_files: Sequence[str] | None = None) -> dict[str, Any]:
        """A JSON-able dictionary, with every query where their files are given, by its index."""
        document: dict[str, Any] = {
            "mAP": self.mean_ap,
            "mAP_95": [self.mean_ap_low, self.mean_ap_high],
            "mAP_macro": self.mean_ap_macro,
            "AP_variant": self.ap_variant,
            "P@1": self.p_at_1,
            "P@5": self.p_at_5,
            "P@10": self.p_at_10,
            "R-precision": self.r_precision,
            "n_images": self.n_images,
            "n_queries": self.n_queries,
            "n_classes": len(self.classes),
            "n_alone_in_class": self.n_alone,
            "n_unlabelled": self.n_unlabelled,
            "n_queries_with_ties": self.n_queries_with_ties,
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
        return (yield from evaluate(gallery.descriptors, chosen))
    except GalleryError as error:
        if gallery.progress.is_finished is False:
            raise GalleryError(
                f"The gallery is {gallery.progress.describe()}. {error.sentence}",
                hint="Index again to finish it.",
            ) from error
        raise


def evaluate(
    descriptors: np.ndarray, labels: Sequence[str | None], *, seed: int = 0
) -> Job[Evaluation]:
    """Rank all images for every query and average.

    descriptors: (n_images, dimension), of any length; labels: one each, None for none; seed: of
    the bootstrap. Raises GalleryError if no label has two images.
    """
    if len(labels) != len(descriptors):
        raise GalleryError(f"There are {len(labels)} labels for {len(descriptors)} images.")
    counts = Counter(label for label in labels if label is not None)
    query_indices = [i for i, label in enumerate(labels) if label is not None and counts[label] > 1]
    if not query_indices:
        raise GalleryError(
            "No label has two images, so there is nothing to find.",
            hint="Labels are needed that two images or more share.",
        )
    queries = OutsideQueries(descriptors, labels, range(len(labels)))
    scored, n_with_ties = yield from _score(descriptors, labels, queries, query_indices)
    n_alone = sum(1 for count in counts.values() if count == 1)
    n_unlabelled = sum(1 for label in labels if label is None)
    return _summarise(scored, len(labels), n_alone, n_unlabelled, n_with_ties, seed)


def evaluate_outside(
    descriptors: np.ndarray,
    labels: Sequence[str | None],
    queries: OutsideQueries,
    *,
    seed: int = 0,
) -> Job[Evaluation]:
    """Rank all images for every query apart that has something to find, and average.

    descriptors: (n_images, dimension), labels: one each, None for none. Raises GalleryError if no
    query has the label of an image other than itself.
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
    scored, n_with_ties = yield from _score(descriptors, labels, queries, query_indices)
    n_alone = len(queries.labels) - n_unlabelled - len(query_indices)
    return _summarise(scored, len(labels), n_alone, n_unlabelled, n_with_ties, seed)


def _score(
    descriptors: np.ndarray,
    labels: Sequence[str | None],
    queries: OutsideQueries,
    query_indices: Sequence[int],
) -> Job[tuple[list[ScoredQuery], int]]:
    """The measures of some of the queries, and how many of them had equal scores."""
    scored: list[ScoredQuery] = []
    n_with_ties = 0
    vectors, asked = l2_normalise(descriptors), l2_normalise(queries.descriptors)
    codes = _codes([*labels, *queries.labels])
    of_images, of_queries = codes[: len(labels)], codes[len(labels) :]
    for start in range(0, len(query_indices), _QUERIES_AT_ONCE):
        yield Progress(start, len(query_indices), "queries evaluated")
        chunk = list(query_indices[start : start + _QUERIES_AT_ONCE])
        for index, scores in zip(chunk, similarities(vectors, asked[chunk]), strict=True):
            ranking = order_scores(scores, exclude=queries.own[index])
            n_with_ties += ranking.n_ties > 0
            score = score_ranking(of_images[ranking.index] == of_queries[index])
            scored.append(ScoredQuery(index, str(queries.labels[index]), score))
    yield Progress(len(query_indices), len(query_indices), "queries evaluated")
    return scored, n_with_ties


def random_descriptors(n_images: int, dimension: int, seed: int = 0) -> np.ndarray:
    """Descriptors that know nothing, to compare with: (n_images, dimension) float32, normal."""
    return np.random.default_rng(seed).standard_normal((n_images, dimension), dtype=np.float32)


def bootstrap_interval(
    values: np.ndarray, *, seed: int = 0, n_resamples: int = _N_RESAMPLES
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean of (n,) values (Efron, 1979)."""
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, values.size, values.size)].mean() for _ in range(n_resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _codes(labels: Sequence[str | None]) -> np.ndarray:
    """A number for each label, (n,) int64; -1 for none."""
    numbers = {label: i for i, label in enumerate(dict.fromkeys(labels)) if label is not None}
    return np.array([-1 if label is None else numbers[label] for label in labels], dtype=np.int64)


def _summarise(
    scored: Sequence[ScoredQuery],
    n_images: int,
    n_alone: int,
    n_unlabelled: int,
    n_with_ties: int,
    seed: int,
) -> Evaluation:
    precisions = np.array([query.score.average_precision for query in scored])
    low, high = bootstrap_interval(precisions, seed=seed)
    classes = _class_scores(scored)
    return Evaluation(
        mean_ap=float(precisions.mean()),
        mean_ap_macro=float(np.mean([c.mean_ap for c in classes])),
        mean_ap_low=low,
        mean_ap_high=high,
        p_at_1=float(np.mean([query.score.p_at_1 for query in scored])),
        p_at_5=float(np.mean([query.score.p_at_5 for query in scored])),
        p_at_10=float(np.mean([query.score.p_at_10 for query in scored])),
        r_precision=float(np.mean([query.score.r_precision for query in scored])),
        n_images=n_images,
        n_alone=n_alone,
        n_unlabelled=n_unlabelled,
        n_queries_with_ties=n_with_ties,
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
