"""Querying: the images of a gallery that are most like one image, in it or from anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.engines.host import EngineHost, NetToRun
from core.errors import ImageError
from core.jobs.index import describer_for
from core.jobs.open import OpenRequest, open_model
from core.progress import Job, Progress
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_origin import GalleryOrigin, check_origin, recipe_of
from core.retrieval.scores import QueryScore, judge, score_ranking
from core.retrieval.search import Ranking, equal_scores, rank_image


@dataclass(frozen=True)
class QueryRequest:
    """A gallery and a query: an image of it, or any file, which the gallery's net describes.

    net: None for the net that the gallery was made with, from where it lay; else the net to run,
    which must give the gallery's recipe. runs_on: engine and device of a net found by the gallery.
    """

    gallery: Gallery
    image: Path
    net: NetToRun | None = None
    runs_on: OpenRequest | None = None


@dataclass(frozen=True)
class Ranked:
    """A ranking of the whole gallery; index: the query's own number, None for one from outside.

    verdicts: which ranked images have the query's label; score: the measures, None without any.
    """

    ranking: Ranking
    index: int | None
    label: str | None
    verdicts: np.ndarray | None
    score: QueryScore | None
    notes: tuple[str, ...] = ()


def query(request: QueryRequest, host: EngineHost) -> Job[Ranked]:
    """Rank the gallery. Raises ImageError for a query that can't be read or is nowhere."""
    gallery = request.gallery
    index = find_query(gallery, request.image)
    yield Progress(0, 1, "queries")
    if index is not None:
        ranking, label = rank_image(gallery, index), gallery.labels[index]
    else:
        ranking, label = (yield from _rank_outside(request, host)), None
    verdicts = judge(ranking, gallery.labels, label)
    is_scored = verdicts is not None and bool(verdicts.any())
    score = score_ranking(verdicts) if is_scored and verdicts is not None else None
    notes = (*gallery.notes, *equal_scores(ranking))
    return Ranked(ranking, index, label, verdicts, score, notes)


def find_query(gallery: Gallery, image: Path) -> int | None:
    """The number of a gallery image by its path as given, then by where its links lead."""
    index = gallery.find(image.absolute())
    if index is None:
        index = gallery.find(image.resolve())
    if index is None and not image.exists():
        index = gallery.find(image)  # named as the gallery lists it
    return index


def _rank_outside(request: QueryRequest, host: EngineHost) -> Job[Ranking]:
    if not request.image.is_file():
        raise ImageError(
            f"There is no image {request.image}, and none of that name in the gallery."
        )
    to_run = request.net or _net_of_gallery(request)
    origin = GalleryOrigin(to_run.path, to_run.weights or Path(), to_run.state)
    recipe = request.gallery.recipe
    if to_run.weights is not None and request.net is None:
        recipe = recipe_of(origin, to_run.engine, recipe)
        request.gallery.check_recipe(recipe)
    with host.opened(to_run) as engine:
        yield Progress(0, 1, "queries")
        return describer_for(to_run, recipe, engine).search(request.gallery, request.image)


def _net_of_gallery(request: QueryRequest) -> NetToRun:
    """The net that made the gallery, in the gallery's precision unless another is named."""
    origin = check_origin(request.gallery.origin)
    asked = request.runs_on or OpenRequest(origin.net)
    return open_model(
        replace(asked, net=origin.net, weights=origin.weights, state=origin.state)
    ).to_run
