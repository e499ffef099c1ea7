"""Published benchmarks over a gallery of their images: Oxford and Paris, Holidays, UKBench."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from core.errors import GalleryError, RequestError
from core.evaluation import holidays
from core.evaluation.intervals import bootstrap_interval
from core.evaluation.oxford import read_oxford_queries
from core.evaluation.trapezoid import AP_VARIANT
from core.evaluation.ukbench import GROUP_SIZE
from core.images.box import BOX_CONVENTION, Box
from core.progress import Job, Progress
from core.retrieval.describing import Describer, describe_parts
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.search import rank

PROTOCOLS = ("oxford", "holidays", "ukbench")
HELP = "oxford:DIR (or Paris: files NAME_query.txt, NAME_good.txt, ...), holidays, ukbench"
_MOST_NAMED = 3


@dataclass(frozen=True)
class ProtocolQuery:
    """One query: the gallery's image that it is, what it is called, its score."""

    file: str
    name: str
    score: float


@dataclass(frozen=True)
class ProtocolScores:
    """What a benchmark's rule gives.

    measure: "mAP", or "N-S" of UKBench, from 0 to 4. variant: of the AP, "" for N-S.
    """

    protocol: str
    measure: str
    variant: str
    mean: float
    low: float
    high: float
    queries: tuple[ProtocolQuery, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        key = "AP" if self.measure == "mAP" else self.measure
        return {
            "protocol": self.protocol,
            self.measure: self.mean,
            f"{self.measure}_95": [self.low, self.high],
            "AP_variant": self.variant or None,
            "n_queries": len(self.queries),
            "queries": [{"file": q.file, "name": q.name, key: q.score} for q in self.queries],
            "notes": list(self.notes),
        }


Describing = Callable[[], AbstractContextManager[Describer]]
"""Opens what describes parts of images, once it is known that there are any."""


class _Query(NamedTuple):
    """What a query is called, its image, what scores a ranking of all images with itself.

    box: the part of the image that the benchmark searches with, None for all of it.
    """

    name: str
    image: int
    score: Callable[[Sequence[int]], float]
    box: Box | None = None


def evaluate_protocol(
    gallery: Gallery, named: str, described: Describing | None = None
) -> Job[ProtocolScores]:
    """Score a gallery by a benchmark: "oxford:DIR", "holidays" or "ukbench".

    Queries are images of the gallery as they were indexed, or the boxes of the benchmark: described
    opens what describes them as the gallery was, None searches with whole images. Raises
    RequestError for another name, GalleryError where the gallery has none of the benchmark's
    queries.
    """
    check_not_empty(gallery)
    protocol, _, where = named.partition(":")
    notes: list[str] = []
    if protocol == "oxford" and where:
        queries = list(_oxford(gallery, Path(where), notes))
    elif protocol == "holidays" and not where:
        queries = list(_holidays(gallery, notes))
    elif protocol == "ukbench" and not where:
        queries = list(_ukbench(gallery, notes))
    else:
        raise RequestError(f"There is no protocol '{named}'.", hint=f"Known: {HELP}.")
    if not queries:
        raise GalleryError(
            f"The gallery has no query of {protocol}.", hint="Index the benchmark's own images."
        )
    of_boxes = yield from _boxes(gallery, queries, described, notes)
    scored = []
    for number, (name, index, score, box) in enumerate(queries):
        yield Progress(number, len(queries), "queries evaluated")
        if of_boxes is not None and box is not None and number not in of_boxes:
            continue
        vector = gallery.rows[index] if not of_boxes else of_boxes.get(number, gallery.rows[index])
        order = rank(gallery, vector).index.tolist()
        scored.append(ProtocolQuery(gallery.images.paths[index], name, score(order)))
    scores = np.array([query.score for query in scored])
    low, high = bootstrap_interval(scores)
    is_n_s = protocol == "ukbench"
    return ProtocolScores(
        protocol,
        "N-S" if is_n_s else "mAP",
        "" if is_n_s else AP_VARIANT,
        float(scores.mean()),
        low,
        high,
        tuple(scored),
        tuple(notes),
    )


def _boxes(
    gallery: Gallery, queries: Sequence[_Query], described: Describing | None, notes: list[str]
) -> Job[dict[int, np.ndarray] | None]:
    """The descriptor of each query's box, by its number; None where whole images are searched with.

    Boxes whose pictures can't be read have none, and are noted.
    """
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


def is_protocol(named: str) -> bool:
    """Whether words name a benchmark, and not labels."""
    return named.partition(":")[0] in PROTOCOLS


def _oxford(gallery: Gallery, folder: Path, notes: list[str]) -> Iterator[_Query]:
    stems = [PurePosixPath(path).stem for path in gallery.images.paths]
    places = {stem: index for index, stem in enumerate(stems)}
    missing = []
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

        yield _Query(query.name, index, of_names, Box(*query.box))
    notes.append(
        "The image of each query is in the gallery and one of its own positives, as the benchmark "
        "has it."
    )
    _note_missing(missing, notes)


def _holidays(gallery: Gallery, notes: list[str]) -> Iterator[_Query]:
    names = [PurePosixPath(path).name for path in gallery.images.paths]
    groups: dict[int, int] = {}
    for name in names:
        group = holidays.group_of(name)
        groups[group] = groups.get(group, 0) + 1
    alone = []
    for index, name in enumerate(names):
        if not holidays.is_query(name):
            continue
        if groups[holidays.group_of(name)] < 2:
            alone.append(name)
            continue

        def of_names(order: Sequence[int], query: str = name) -> float:
            return holidays.score_query(query, [names[i] for i in order], names)

        yield _Query(name, index, of_names)
    _note_missing(alone, notes)


def _ukbench(gallery: Gallery, notes: list[str]) -> Iterator[_Query]:
    if len(gallery) % GROUP_SIZE:
        raise GalleryError(
            f"UKBench has groups of {GROUP_SIZE} images; the gallery has {len(gallery):,} images."
        )
    for index, path in enumerate(gallery.images.paths):

        def of_group(order: Sequence[int], index: int = index) -> float:
            return float(sum(i // GROUP_SIZE == index // GROUP_SIZE for i in order[:GROUP_SIZE]))

        yield _Query(path, index, of_group)
    notes.append("Groups are four images each in the order of their names; a query counts itself.")


def _note_missing(missing: Sequence[str], notes: list[str]) -> None:
    if missing:
        named = ", ".join(missing[:_MOST_NAMED])
        more = f" and {len(missing) - _MOST_NAMED:,} more" if len(missing) > _MOST_NAMED else ""
        notes.append(f"Left out, for the gallery lacks their images: {named}{more}.")
