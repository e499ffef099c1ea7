"""The index job of the window: where its gallery lies, and how it shares the engine's lane."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.engines.base import Engine
from core.engines.host import NetToRun
from core.images.preprocess import Preprocess
from core.jobs.index import describer_for
from core.progress import Job, Progress
from core.retrieval.descriptor import DescriptorRecipe, file_sha256, text_sha256
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.indexing import IndexReport, index_folder
from gui.panels.retrieval.view import RecipeChoice

SLICE_SECONDS = 0.7


@dataclass(frozen=True)
class IndexRequest:
    """A folder to index, with which net, value, pooling and preprocessing."""

    net: NetToRun
    folder: Path
    choice: RecipeChoice
    preprocess: Preprocess
    blob: str


@dataclass(frozen=True, eq=False)
class Indexed:
    """A gallery with what made it; `report` is None for one that a cancelled run left."""

    request: IndexRequest
    gallery: Gallery
    report: IndexReport | None


class GalleryPlaces:
    """Finds the folder of each recipe's gallery below the user's cache."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def recipe(self, request: IndexRequest) -> DescriptorRecipe:
        """The descriptor recipe of a request; hashes the weights the first time."""
        choice, net = request.choice, request.net
        return DescriptorRecipe(
            choice.layer,
            choice.top,
            choice.pooling,
            choice.p if choice.pooling == "gem" else 3.0,
            request.preprocess,
            text_sha256(net.text),
            f"filler {net.seed}" if net.weights is None else file_sha256(net.weights),
            net.state,
            net.engine.precision,
            net.engine.value_options,
        )

    def folder(self, request: IndexRequest, recipe: DescriptorRecipe) -> Path:
        """Where the gallery of this folder and recipe lies."""
        text = f"{recipe.digest} {request.folder.resolve()}"
        return self._cache / hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:24]


def index_job(
    open_net: Callable[[NetToRun], Engine], places: GalleryPlaces, request: IndexRequest
) -> Job[Indexed]:
    """Index, or go on from where an earlier run stood; for the engine lane."""
    engine = open_net(request.net)
    recipe = places.recipe(request)
    out = places.folder(request, recipe)
    out.parent.mkdir(parents=True, exist_ok=True)
    describer = describer_for(request.net, recipe, engine)
    report = yield from index_folder(describer, request.folder, out)
    return Indexed(request, open_gallery(out), report)


def open_what_is_there(places: GalleryPlaces, request: IndexRequest) -> Indexed | None:
    """The gallery a cancelled run left; None when it holds no image yet."""
    out = places.folder(request, places.recipe(request))
    if not out.is_dir():
        return None
    gallery = open_gallery(out)
    return Indexed(request, gallery, None) if len(gallery) else None


class SlicedJob:
    """Runs a long job in slices, so that other work of the same lane comes in between.

    Every `next_slice` is a generator for a lane. When it ends, `is_done` tells whether the job has
    ended and `result` holds what it returned.
    """

    def __init__(self, job: Job[Indexed]) -> None:
        self._job = job
        self.result: Indexed | None = None
        self.is_done = False

    def next_slice(self) -> Job[None]:
        """Run on for a while; closing a slice closes the job."""
        deadline = time.monotonic() + SLICE_SECONDS
        is_cut_short = True
        try:
            while True:
                step = self._advance()
                if step is None:
                    is_cut_short = False
                    return
                yield step
                if time.monotonic() > deadline:
                    is_cut_short = False
                    return
        finally:
            if is_cut_short:
                self.close()

    def close(self) -> None:
        """End the job; what it has stored stays."""
        self.is_done = True
        self._job.close()

    def _advance(self) -> Progress | None:
        try:
            return next(self._job)
        except StopIteration as stop:
            self.result = stop.value
            self.is_done = True
            return None
