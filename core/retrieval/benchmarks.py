"""Published benchmarks over a gallery of their images: their queries and what answers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import GalleryError, RequestError
from core.evaluation import holidays
from core.evaluation.oxford import read_oxford_queries
from core.evaluation.revisited import LEVELS, RevisitedQuery, read_revisited_truth, score_level
from core.evaluation.scores import AP_VARIANT as PLAIN_VARIANT
from core.evaluation.scores import QueryScore, score_ranking
from core.evaluation.trapezoid import AP_VARIANT
from core.evaluation.ukbench import GROUP_SIZE
from core.images.box import Box
from core.retrieval.gallery import Gallery
from core.retrieval.search import Ranking

REVISITED = tuple(f"revisited-{level}" for level in LEVELS)
PROTOCOLS = ("oxford", *REVISITED, "holidays", "ukbench")
HELP = (
    "oxford:DIR (or Paris: files NAME_query.txt, NAME_good.txt, ...), revisited-easy:FILE.json "
    "(or -medium, -hard: the published dictionary as JSON), holidays, ukbench"
)
ALL_LEVELS = "revisited"
WORDS = {
    "oxford": "Oxford or Paris",
    **{f"revisited-{level}": f"revisited Oxford or Paris, {level}" for level in LEVELS},
    "holidays": "Holidays",
    "ukbench": "UKBench",
}
"""What a protocol is called on screen."""
WITH_BOXES = ("oxford", *REVISITED)
"""Those whose queries are parts of images."""
_MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class BenchmarkQuery:
    """One query: its name, the gallery's image that it is, and what answers it.

    relevant, junk: (k,) int64, numbers of images; junk takes no rank. score: of a ranking of all
    images by the benchmark's own rule. box: the part of the image that the benchmark searches with,
    None for all of it. keeps_itself: whether its own image is in the ranking. precisions: of a
    ranking, by k, where the rule has its own kind.
    """

    name: str
    image: int
    relevant: np.ndarray
    junk: np.ndarray
    score: Callable[[Sequence[int]], float]
    box: Box | None = None
    keeps_itself: bool = True
    precisions: Callable[[Sequence[int]], dict[int, float]] | None = None


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A benchmark's queries of which the gallery has the images, and what to know of them.

    measure: "mAP", or "N-S" of UKBench, from 0 to 4. variant: of the AP; of UKBench's that of the
    AP beside its own measure.
    """

    protocol: str
    measure: str
    variant: str
    queries: tuple[BenchmarkQuery, ...]
    notes: tuple[str, ...] = ()

    def of_image(self, image: int | None) -> BenchmarkQuery | None:
        """The first query that is an image; None where it is no query."""
        return next((query for query in self.queries if query.image == image), None)


@dataclass(frozen=True, eq=False)
class Judged:
    """A ranking judged by a benchmark: (n,) bool each by place, and its measures.

    score: over the ranking without junk, its AP that of the benchmark's rule.
    """

    is_relevant: np.ndarray
    is_junk: np.ndarray
    score: QueryScore


def is_protocol(named: str) -> bool:
    """Whether words name a benchmark, or all levels of one, and not labels."""
    return named.partition(":")[0] in (*PROTOCOLS, ALL_LEVELS)


def each_benchmark(named: str) -> tuple[str, ...]:
    """What a name stands for: "revisited:FILE" for its three levels, another for itself."""
    protocol, _, where = named.partition(":")
    return tuple(f"{one}:{where}" for one in REVISITED) if protocol == ALL_LEVELS else (named,)


def read_benchmark(gallery: Gallery, named: str) -> Benchmark:
    """The queries of "oxford:DIR", "revisited-hard:FILE", "holidays" or "ukbench".

    Raises RequestError for another name, GalleryError where the gallery has none of its images or
    the ground truth can't be read.
    """
    protocol, _, where = named.partition(":")
    notes: list[str] = []
    if protocol == "oxford" and where:
        queries = _oxford(gallery, Path(where), notes)
    elif protocol in REVISITED and where:
        queries = _revisited(gallery, Path(where), protocol.partition("-")[2], notes)
    elif protocol == "holidays" and not where:
        queries = _holidays(gallery, notes)
    elif protocol == "ukbench" and not where:
        queries = _ukbench(gallery, notes)
    else:
        raise RequestError(f"There is no protocol '{named}'.", hint=f"Known: {HELP}.")
    found = tuple(queries)
    if not found:
        raise GalleryError(
            f"The gallery has no query of {protocol}.", hint="Index the benchmark's own images."
        )
    is_n_s = protocol == "ukbench"
    return Benchmark(
        protocol,
        "N-S" if is_n_s else "mAP",
        PLAIN_VARIANT if is_n_s else AP_VARIANT,
        found,
        tuple(notes),
    )


def judge_by_benchmark(benchmark: Benchmark, query: BenchmarkQuery, ranking: Ranking) -> Judged:
    """Which images of a ranking are right for a query, which are junk, and its measures."""
    is_relevant = np.isin(ranking.index, query.relevant)
    is_junk = np.isin(ranking.index, query.junk) & ~is_relevant
    score = score_ranking(is_relevant[~is_junk])
    if benchmark.measure == "mAP":
        score = replace(score, average_precision=query.score(ranking.index.tolist()))
    return Judged(is_relevant, is_junk, score)


def _oxford(gallery: Gallery, folder: Path, notes: list[str]) -> Iterator[BenchmarkQuery]:
    stems = [PurePosixPath(path).stem for path in gallery.images.paths]
    places = {stem: index for index, stem in enumerate(stems)}
    missing: list[str] = []
    lacking: set[str] = set()
    for query in read_oxford_queries(folder):
        index = places.get(query.image)
        if index is None:
            missing.append(query.name)
            continue
        score = query.score

        def of_names(
            order: Sequence[int], score: Callable[[Sequence[str]], float] = score
        ) -> float:
            return score([stems[i] for i in order])

        lacking |= query.positives - places.keys()
        relevant = _numbers(stems, query.positives)
        junk = _numbers(stems, query.junk - query.positives)
        yield BenchmarkQuery(query.name, index, relevant, junk, of_names, Box(*query.box))
    notes.append(
        "The image of each query is in the gallery and one of its own positives, as the benchmark "
        "has it."
    )
    _note_missing(missing, notes)
    _note_lacking(lacking, notes)


def _revisited(
    gallery: Gallery, path: Path, level: str, notes: list[str]
) -> Iterator[BenchmarkQuery]:
    truth = read_revisited_truth(path)
    stems = [PurePosixPath(name).stem for name in gallery.images.paths]
    places = {stem: index for index, stem in enumerate(stems)}
    number_of = {name: number for number, name in enumerate(truth.imlist)}
    numbers = np.array([number_of.get(stem, -1) for stem in stems])
    others = np.flatnonzero(numbers < 0)
    missing: list[str] = []
    idle: list[str] = []
    lacking: set[str] = set()
    for name, query in zip(truth.qimlist, truth.gnd, strict=True):
        positives, junk = query.truth(level)
        if not positives:
            idle.append(name)
            continue
        if name not in places:
            missing.append(name)
            continue

        def ranked(order: Sequence[int]) -> list[int]:
            given = numbers[np.asarray(order, dtype=np.int64)]
            return [int(number) for number in given[given >= 0]]

        def score(order: Sequence[int], query: RevisitedQuery = query) -> float:
            return score_level([query], [ranked(order)], level).mean_ap

        def precisions(order: Sequence[int], query: RevisitedQuery = query) -> dict[int, float]:
            return score_level([query], [ranked(order)], level).precision_at

        found = np.flatnonzero(np.isin(numbers, list(positives)))
        passed = np.union1d(np.flatnonzero(np.isin(numbers, list(junk))), others)
        lacking |= {truth.imlist[i] for i in positives if truth.imlist[i] not in places}
        box = Box(*query.bbx) if len(query.bbx) == 4 else None
        yield BenchmarkQuery(name, places[name], found, passed, score, box, precisions=precisions)
    notes.append(
        f"Level {level}; images that are not in the list of the ground truth, the queries among "
        "them, take no rank. mP@k is precision at the smaller of k and the last positive's rank."
    )
    if idle:
        notes.append(
            f"{len(idle):,} of {len(truth.gnd):,} queries have nothing to find at {level}."
        )
    _note_missing(missing, notes)
    _note_lacking(lacking, notes)


def _holidays(gallery: Gallery, notes: list[str]) -> Iterator[BenchmarkQuery]:
    names = [PurePosixPath(path).name for path in gallery.images.paths]
    of_group: dict[int, list[int]] = {}
    for index, name in enumerate(names):
        of_group.setdefault(holidays.group_of(name), []).append(index)
    alone = []
    for index, name in enumerate(names):
        if not holidays.is_query(name):
            continue
        group = of_group[holidays.group_of(name)]
        if len(group) < 2:
            alone.append(name)
            continue

        def of_names(order: Sequence[int], query: str = name) -> float:
            return holidays.score_query(query, [names[i] for i in order], names)

        others = np.array([other for other in group if other != index])
        nothing = np.arange(0)
        yield BenchmarkQuery(name, index, others, nothing, of_names, keeps_itself=False)
    _note_missing(alone, notes)


def _ukbench(gallery: Gallery, notes: list[str]) -> Iterator[BenchmarkQuery]:
    if len(gallery) % GROUP_SIZE:
        raise GalleryError(
            f"UKBench has groups of {GROUP_SIZE} images; the gallery has {len(gallery):,} images."
        )
    for index, path in enumerate(gallery.images.paths):
        first = index - index % GROUP_SIZE

        def of_group(order: Sequence[int], first: int = first) -> float:
            return float(sum(first <= i < first + GROUP_SIZE for i in order[:GROUP_SIZE]))

        group = np.arange(first, first + GROUP_SIZE)
        yield BenchmarkQuery(path, index, group, np.arange(0), of_group)
    notes.append("Groups are four images each in the order of their names; a query counts itself.")


def _numbers(stems: Sequence[str], names: frozenset[str]) -> np.ndarray:
    """All images of some names: the same name may lie in several folders."""
    return np.array([i for i, stem in enumerate(stems) if stem in names], dtype=np.int64)


def _note_missing(missing: Sequence[str], notes: list[str]) -> None:
    if missing:
        named = ", ".join(missing[:_MOST_NAMED])
        more = f" and {len(missing) - _MOST_NAMED:,} more" if len(missing) > _MOST_NAMED else ""
        notes.append(f"Left out, for the gallery lacks their images: {named}{more}.")


def _note_lacking(lacking: set[str], notes: list[str]) -> None:
    """Positives that the gallery lacks count as missed, by the rule."""
    if lacking:
        first = min(lacking)
        notes.append(f"{len(lacking):,} positives are not in the gallery, {first} among them.")
