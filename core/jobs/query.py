"""Querying: the images of a gallery that are most like others, in it or from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.engines.host import EngineHost, NetToRun
from core.errors import ImageError, RequestError
from core.files import is_there
from core.images.box import Box
from core.images.finding import find_files
from core.jobs.gallery_net import opened_gallery_net
from core.jobs.open import OpenRequest
from core.progress import Job
from core.retrieval.benchmarks import read_benchmark
from core.retrieval.duplicates import Duplicates, find_duplicates
from core.retrieval.fusion import UNLIKE_WEIGHT, Fusion
from core.retrieval.gallery import Gallery, ImageProblem
from core.retrieval.queries import (
    Answers,
    Asked,
    QueryImage,
    answer_queries,
    find_query,
    with_box,
)
from core.retrieval.search_steps import NOTHING, SearchSteps
from core.retrieval.searching import Searching


@dataclass(frozen=True)
class QueryRequest:
    """A gallery and queries: images of it, or any files, which the gallery's net describes.

    images: files, folders and lists; what is not there is looked for as the gallery lists it.
    net: None for the net that the gallery was made with, from where it lies now; else the net to
    run, which must give the gallery's recipe. runs_on: engine and device of a net so found. search:
    what is done beside plain exact search. without_copies: in how many bits of 63 the hashes of
    images differ at most of which all but one are left out, or those that were found so already;
    None leaves none out. box: the part of the one image to search with, of several that are one
    query of the first; None for all of it. fusion: how all images are one query, None to rank for
    each. unlike: images that answers are not to be like, named as `images` are, and how much these
    weigh. benchmark: "oxford:DIR" and the like, whose queries are ranked and judged by
    its rule, "" for labels alone. prepared: of an earlier answer, used again for the same search.
    """

    gallery: Gallery
    images: tuple[Path, ...]
    net: NetToRun | None = None
    runs_on: OpenRequest | None = None
    search: SearchSteps = NOTHING
    without_copies: int | Duplicates | None = None
    box: Box | None = None
    fusion: Fusion | None = None
    unlike: tuple[Path, ...] = ()
    unlike_weight: float = UNLIKE_WEIGHT
    benchmark: str = ""
    prepared: Searching | None = None


def query(request: QueryRequest, host: EngineHost) -> Job[Answers]:
    """Rank the gallery for each image; those that can't be read are listed with the reason.

    Raises ImageError if none can be, RequestError for one box of several images, or for copies left
    out of what a benchmark ranks.
    """
    gallery = request.gallery
    if request.benchmark and request.without_copies is not None:
        raise RequestError(
            "Which images are ranked is part of a benchmark's rule.",
            hint="Leave copies in, or judge by labels.",
        )
    unknown: list[ImageProblem] = []
    n_boxed = len(request.images) if request.fusion is None else 1
    queries = _found(gallery, request.images[:n_boxed], request.box, unknown)
    queries += _found(gallery, request.images[n_boxed:], None, unknown)
    unlike = _found(gallery, request.unlike, None, unknown)
    if request.unlike and not unlike:
        raise ImageError(unknown[-1].reason)
    asked = Asked(request.fusion, tuple(unlike), request.unlike_weight)
    n_named = len(queries) + len(unknown) if request.fusion is None else len(request.images[:1])
    if request.box is not None and n_named > 1:
        raise RequestError("A box is of one image, not of several.")
    judging = read_benchmark(gallery, request.benchmark) if request.benchmark else None
    if judging is not None:
        queries = [with_box(judging, query) for query in queries]
    alike: Duplicates | None = None
    if isinstance(request.without_copies, Duplicates):
        alike = request.without_copies
    elif request.without_copies is not None:
        alike = yield from find_duplicates(gallery, limit=request.without_copies)
    steps = request.search
    if any(query.needs_net for query in (*queries, *unlike)):
        with opened_gallery_net(gallery, host, request.net, request.runs_on) as describer:
            found = yield from answer_queries(
                gallery, queries, describer, steps, alike, asked, judging, request.prepared
            )
    else:
        found = yield from answer_queries(
            gallery, queries, None, steps, alike, asked, judging, request.prepared
        )
    problems = (*unknown, *found.problems)
    if problems and not found.answers:
        raise ImageError(problems[0].reason)
    return replace(found, problems=problems)


def _found(
    gallery: Gallery, paths: Sequence[Path], box: Box | None, unknown: list[ImageProblem]
) -> list[QueryImage]:
    """The images that paths name; those of which there are none are added to `unknown`."""
    found: list[QueryImage] = []
    for path in paths:
        try:
            named = find_files([path]).files if is_there(path) else (path,)
            found += [find_query(gallery, one, box) for one in named]
        except ImageError as error:
            unknown.append(ImageProblem(str(path), error.sentence))
    return found
