"""Evaluating: how well a gallery's descriptors find images of the same label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.errors import ImageError
from core.images.box import BOX_CONVENTION, BOXES_UNUSED
from core.images.finding import find_files
from core.images.prepared import PreparedImage
from core.jobs.gallery_net import opened_gallery_net
from core.jobs.open import OpenRequest
from core.measures.measure import Pool
from core.progress import Job
from core.retrieval.describing import Describer, describe_parts
from core.retrieval.duplicates import Duplicates, find_duplicates
from core.retrieval.evaluation import (
    Evaluation,
    OutsideQueries,
    evaluate_gallery,
    evaluate_outside,
)
from core.retrieval.expansion import expand_queries
from core.retrieval.gallery import Gallery, ImageProblem, check_not_empty
from core.retrieval.ground_truth import LabelledPaths, choose_labels, choose_labels_apart
from core.retrieval.label_matching import MatchedLabels
from core.retrieval.protocols import ProtocolScores, evaluate_protocol
from core.retrieval.search import Ranking
from core.retrieval.search_steps import NOTHING, SearchSteps
from core.retrieval.searching import TRUNCATED, Searching, prepare_search
from core.surveys.passes import Results
from core.surveys.pictures import by_shape
from core.surveys.survey import DEFAULT_BATCH, survey

FOLDERS = "folders"

_OWN_FIT = (
    "Its PCA, whitening or encoding was fitted on images of the same folder (transductive): other "
    "images may gain less."
)


@dataclass(frozen=True)
class EvaluateRequest:
    """A gallery and its truth: "folders", "prefix" (before '__' in the name) or a table's path.

    search: what is done beside exact search. without_copies: in how many bits of 63 the hashes of
    images differ at most of which one alone stays, and is a query; None leaves none out.
    whole_images: search with whole images where a table has boxes. net, runs_on: what describes
    the boxes, as EvaluateQueriesRequest has them.
    """

    gallery: Gallery
    truth: str | Path = FOLDERS
    search: SearchSteps = NOTHING
    without_copies: int | Duplicates | None = None
    whole_images: bool = False
    net: NetToRun | None = None
    runs_on: OpenRequest | None = None


@dataclass(frozen=True)
class EvaluateProtocolRequest:
    """A gallery and a published benchmark: "oxford:DIR", "holidays" or "ukbench".

    whole_images: search with whole images where the benchmark has boxes. net, runs_on: what
    describes the boxes, as EvaluateQueriesRequest has them. search: what is done beside exact
    search. Copies stay: which images are ranked is part of the rule.
    """

    gallery: Gallery
    protocol: str
    whole_images: bool = False
    net: NetToRun | None = None
    runs_on: OpenRequest | None = None
    search: SearchSteps = NOTHING


@dataclass(frozen=True)
class EvaluateQueriesRequest:
    """A gallery, and folders or files of queries apart from it, which one truth labels.

    net: None for the net that the gallery was made with, from where it lies now; else the net to
    run, which must give the gallery's recipe. runs_on: engine and device of a net so found. search,
    without_copies: as EvaluateRequest has them.
    """

    gallery: Gallery
    queries: tuple[Path, ...]
    truth: str | Path = FOLDERS
    net: NetToRun | None = None
    runs_on: OpenRequest | None = None
    search: SearchSteps = NOTHING
    without_copies: int | Duplicates | None = None


@dataclass(frozen=True)
class Evaluated:
    """What was measured, and by which labels.

    query_files: the names of the queries by their index. searching: what ranked, None for a plain
    exact search. problems: queries that can't be read.
    duplicates: what was left out, None where nothing was; their numbers are those of the gallery.
    """

    evaluation: Evaluation
    truth: MatchedLabels
    query_files: tuple[str, ...]
    notes: tuple[str, ...] = ()
    problems: tuple[ImageProblem, ...] = ()
    duplicates: Duplicates | None = None
    searching: Searching | None = None


def evaluate(request: EvaluateRequest, host: EngineHost | None = None) -> Job[Evaluated]:
    """Use every labelled image as a query and average.

    host: describes the parts of images that a table names as queries; None searches with whole
    ones, which is noted. Raises ImageError if no part can be read.
    """
    gallery = request.gallery
    truth = choose_labels(str(request.truth), gallery.images.paths, gallery.roots)
    notes = (*_notes(gallery), *truth.notes)
    if truth.boxes and (request.whole_images or host is None):
        notes = (*notes, BOXES_UNUSED)
    elif truth.boxes and host is not None:
        return (yield from _evaluate_boxes(request, truth, notes, host))
    left_out = yield from _left_out(gallery, request.without_copies, truth.labels)
    if left_out is not None:
        truth = replace(truth, labels=left_out.of_kept(truth.labels))
        gallery, notes = gallery.only(left_out.kept), (*notes, left_out.found.note())
    ranked = yield from _ranked(gallery, truth.labels, None, request.search)
    return _evaluated(ranked, truth, gallery.images.paths, notes, left_out)


def _evaluate_boxes(
    request: EvaluateRequest, truth: MatchedLabels, notes: tuple[str, ...], host: EngineHost
) -> Job[Evaluated]:
    """With the boxes of a table as queries, described now, and whole images where it has none."""
    gallery = request.gallery
    check_not_empty(gallery)
    pairs = zip(truth.boxes, truth.labels, strict=True)
    boxed = [n for n, (box, label) in enumerate(pairs) if box is not None and label is not None]
    parts = [(gallery.path(number), truth.boxes[number]) for number in boxed]
    with opened_gallery_net(gallery, host, request.net, request.runs_on) as describer:
        found = yield from describe_parts(describer, parts)
    vectors, labels = np.array(gallery.rows[:], dtype=np.float32), list(truth.labels)
    vectors[[boxed[number] for number in found.numbers]] = found.vectors
    problems = []
    for number, reason in found.problems.items():
        labels[boxed[number]] = None  # no query, though others may find it
        problems.append(ImageProblem(gallery.images.paths[boxed[number]], reason))
    left_out = yield from _left_out(gallery, request.without_copies, truth.labels)
    said = f"Boxes of the table are queries ({len(found.numbers):,}): {BOX_CONVENTION}."
    notes = (*notes, said)
    if left_out is not None:
        vectors, labels = vectors[left_out.kept], list(left_out.of_kept(labels))
        truth = replace(truth, labels=left_out.of_kept(truth.labels))
        gallery, notes = gallery.only(left_out.kept), (*notes, left_out.found.note())
    queries = OutsideQueries(vectors, labels, range(len(gallery)))
    ranked = yield from _ranked(gallery, truth.labels, queries, request.search)
    evaluated = _evaluated(ranked, truth, gallery.images.paths, notes, left_out)
    return replace(evaluated, problems=tuple(problems))


@dataclass(frozen=True, eq=False)
class _LeftOut:
    """Copies of a gallery that are not ranked, and the images that are, (n,) int64, rising."""

    found: Duplicates
    kept: np.ndarray

    def of_kept(self, labels: Sequence[str | None]) -> tuple[str | None, ...]:
        """The labels of those alone."""
        return tuple(labels[image] for image in self.kept.tolist())

    def own(self, image: int | None) -> int | None:
        """Where an image is among those that are kept; a copy is the one that stays for it."""
        if image is None:
            return None
        for group in self.found.groups:
            if image in (other.image for other in group.others):
                image = group.first
        return int(np.searchsorted(self.kept, image))


def _left_out(
    gallery: Gallery, asked: int | Duplicates | None, labels: Sequence[str | None]
) -> Job[_LeftOut | None]:
    if asked is None:
        return None
    found = asked
    if not isinstance(found, Duplicates):
        found = yield from find_duplicates(gallery, limit=found, labels=labels)
    return _LeftOut(found, np.setdiff1d(np.arange(len(gallery)), found.left_out()))


def _ranked(
    gallery: Gallery,
    labels: Sequence[str | None],
    queries: OutsideQueries | None,
    search: SearchSteps,
) -> Job[tuple[Evaluation, Searching | None]]:
    """The measures of queries, None for the gallery's own images, and what ranked for them."""
    if search == NOTHING and queries is None:
        return (yield from evaluate_gallery(gallery, labels)), None
    if queries is None:
        queries = OutsideQueries(gallery.rows, labels, range(len(gallery)))
    if search == NOTHING:
        return (yield from evaluate_outside(gallery.cosines, labels, queries)), None
    searching = yield from prepare_search(gallery, search)
    cosines = searching.cosines
    if searching.ranks_by_cosine:
        if search.expansion is not None:
            vectors = np.asarray(queries.descriptors[:])
            expanded = expand_queries(cosines, vectors, queries.own, search.expansion)
            queries = replace(queries, descriptors=expanded)
        return (yield from evaluate_outside(cosines, labels, queries)), searching
    cut = False

    def rank_each(vectors: np.ndarray, own: Sequence[int | None]) -> list[Ranking]:
        nonlocal cut
        rankings = searching.rank_each(vectors, own)
        for ranking, one in zip(rankings, own, strict=True):
            cut = cut or not searching.lists_all(ranking, () if one is None else (one,))
        return rankings

    found = yield from evaluate_outside(cosines, labels, queries, rank=rank_each)
    if cut:
        found = replace(found, ap_variant=f"{found.ap_variant}, {TRUNCATED}")
    return found, searching


def _evaluated(
    ranked: tuple[Evaluation, Searching | None],
    truth: MatchedLabels,
    files: tuple[str, ...],
    notes: tuple[str, ...],
    left_out: _LeftOut | None,
) -> Evaluated:
    evaluation, searching = ranked
    if searching is not None:
        notes = (*notes, *searching.notes)
    alike = None if left_out is None else left_out.found
    return Evaluated(evaluation, truth, files, notes, (), alike, searching)


def evaluate_by_protocol(request: EvaluateProtocolRequest, host: EngineHost) -> Job[ProtocolScores]:
    """Score the gallery by the rule of a benchmark, whose images it holds."""
    gallery = request.gallery
    opened = partial(opened_gallery_net, gallery, host, request.net, request.runs_on)
    described = None if request.whole_images else opened
    searching = None
    if request.search != NOTHING:
        searching = yield from prepare_search(gallery, request.search)
    scores = yield from evaluate_protocol(gallery, request.protocol, described, searching)
    return replace(scores, notes=(*_notes(gallery), *scores.notes))


def evaluate_queries(request: EvaluateQueriesRequest, host: EngineHost) -> Job[Evaluated]:
    """Describe the queries as the gallery was described, rank it for each, and average.

    A query that is an image of the gallery too is left out of its own ranking.
    """
    gallery = request.gallery
    check_not_empty(gallery)
    found = find_files(request.queries)
    problems = [ImageProblem(str(lost.path), lost.reason) for lost in found.losses]
    described = _Described(problems=problems)
    with opened_gallery_net(gallery, host, request.net, request.runs_on) as describer:
        yield from _describe(describer, found.files, described)
    names = [_name_below(path, request.queries) for path in described.paths]
    truth, of_queries = choose_labels_apart(
        str(request.truth),
        LabelledPaths(gallery.images.paths, gallery.roots),
        LabelledPaths(names, [path.resolve() for path in request.queries if path.is_dir()]),
    )
    own = [gallery.find(path.absolute()) for path in described.paths]
    notes = (*_notes(gallery), *truth.notes, *((BOXES_UNUSED,) if any(of_queries.boxes) else ()))
    left_out = yield from _left_out(gallery, request.without_copies, truth.labels)
    if left_out is not None:
        truth = replace(truth, labels=left_out.of_kept(truth.labels))
        gallery, notes = gallery.only(left_out.kept), (*notes, left_out.found.note())
        own = [left_out.own(image) for image in own]
    queries = OutsideQueries(np.concatenate(described.vectors), of_queries.labels, own)
    ranked = yield from _ranked(gallery, truth.labels, queries, request.search)
    files = tuple(str(path) for path in described.paths)
    evaluated = _evaluated(ranked, truth, files, notes, left_out)
    return replace(evaluated, problems=tuple(described.problems))


def _notes(gallery: Gallery) -> tuple[str, ...]:
    """What to know of a gallery: files that changed since it was made, a fit on its own images."""
    stale, finish = gallery.stale_note(range(len(gallery))), gallery.recipe.finish
    notes = gallery.notes if stale is None else (*gallery.notes, stale)
    fits = [fit.folder for fit in (finish.fit, finish.encoder) if fit is not None]
    return (*notes, _OWN_FIT) if str(gallery.root.resolve()) in fits else notes


@dataclass
class _Described:
    """Queries described so far: their paths, (n, dimension) arrays, and those left out."""

    paths: list[Path] = field(default_factory=list)
    vectors: list[np.ndarray] = field(default_factory=list)
    problems: list[ImageProblem] = field(default_factory=list)


class _QueryCollector:
    """Keeps the descriptor of each query."""

    def __init__(self, describer: Describer, described: _Described) -> None:
        self._describer = describer
        self._described = described

    @property
    def wants(self) -> Mapping[Value, tuple[Pool, ...]]:
        """What the recipe reads."""
        return self._describer.wants

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """Keep what is finite."""
        rows = self._describer.rows(results, len(images))
        is_finite = np.isfinite(rows).all(axis=1)
        for image, is_good in zip(images, is_finite, strict=True):
            if is_good:
                self._described.paths.append(image.path)
            else:
                reason = f"Layer '{self._describer.recipe.layer}' gives NaN or infinity for it."
                self._described.problems.append(ImageProblem(str(image.path), reason))
        self._described.vectors.append(rows[is_finite])

    def skip(self, image: PreparedImage) -> None:
        """Note a query that can't be read."""
        self._described.problems.append(ImageProblem(str(image.path), image.problem or ""))


def _describe(describer: Describer, files: Sequence[Path], described: _Described) -> Job[None]:
    """Fill `described`. Raises ImageError if no query can be read."""
    describer.check()
    yield from survey(
        describer.measurer,
        describer.feed,
        files,
        describer.recipe.preprocess,
        [_QueryCollector(describer, described)],
        batch_size=DEFAULT_BATCH,
        grouping=by_shape,
    )
    if not described.paths:
        raise ImageError(described.problems[0].reason)


def _name_below(path: Path, given: Sequence[Path]) -> str:
    """A query's path below the folder, or the list's folder, it was found in; else its name."""
    for one in given:
        folder = one if one.is_dir() else one.parent
        if one != path and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name
