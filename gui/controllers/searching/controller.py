"""Searches a folder of images with any layer: starts index, queries, evaluation; shows them."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, QStandardPaths, pyqtSignal

from core.engines.host import NetToRun
from core.engines.values import Value
from core.errors import AppError, EngineCrashed
from core.images.finding import find_images
from core.jobs.evaluate import Evaluated, EvaluateRequest, evaluate
from core.jobs.index import IndexRequest
from core.jobs.query import QueryRequest, query
from core.progress import Progress
from core.retrieval.gallery import Gallery
from core.retrieval.queries import find_query
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.index import (
    GalleryPlaces,
    Reading,
    Searched,
    open_what_is_there,
    read_folder,
)
from gui.controllers.searching.queries import Found, found_view
from gui.controllers.searching.states import Event, Search
from gui.controllers.searching.thumbnails import ThumbnailLoader
from gui.controllers.searching.values import (
    adapted_choice,
    blob_label,
    evaluation_row,
    fitting_choice,
    gallery_view,
    indexing_title,
    layer_choices,
    listed_tiles,
    pool_of,
)
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notice, Notices
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.view import IndexingView, RecipeChoice
from gui.runs import Run

INDEX, QUERY, EVALUATE = "index", "query", "evaluate"
MOST_EVALUATED_UNASKED = 2000


def default_cache() -> Path:
    """Where galleries are kept for this user."""
    base = QStandardPaths.writableLocation(QStandardPaths.CacheLocation)
    return Path(base) / "galleries"


class SearchingController(QObject):
    """Joins the retrieval panel, the jobs and the galleries in the user's cache."""

    indexed = pyqtSignal(object)
    ranked = pyqtSignal(object)
    evaluated = pyqtSignal(object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        notices: Notices,
        panel: RetrievalPanel,
        cache: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._notices = notices
        self._panel = panel
        self._places = GalleryPlaces(cache or default_cache())
        self._thumbnails = ThumbnailLoader(lanes, panel.thumbnails, self)
        self._search = Search()
        self._started = 0.0
        self._connect()
        self._on_opened()

    @property
    def folder(self) -> Path | None:
        """The folder that is searched, indexed or not yet."""
        return self._search.folder

    @property
    def choice(self) -> RecipeChoice | None:
        """The representation that it is searched by."""
        return self._search.choice

    @property
    def gallery(self) -> Gallery | None:
        """The gallery that is searched now."""
        searched = self._search.searched
        return None if searched is None else searched.gallery

    @property
    def net(self) -> NetToRun | None:
        """The net that the gallery was made with, on the engine and device of now."""
        searched = self._search.searched
        return None if searched is None else self._engine.adapted(searched.reading.request.net)

    def open_folder(self, folder: Path, choice: RecipeChoice | None = None) -> None:
        """Index a folder of images, with `choice` where one is given, and search in it."""
        if not folder.is_dir():
            self._notices.show_error(AppError(f"There is no folder {folder}."), INDEX)
            return
        self._search.choose_folder(folder)
        self._show_rows()
        if choice is not None:
            self._take_choice(choice)
        if self._search.searched is None:
            self._list(folder)
        self.index()

    def index(self, *, prune: bool = False) -> None:
        """Index the folder with the chosen representation, or go on where it stood.

        prune: forget the images that the folder does not show.
        """
        reading = self._reading(prune=prune)
        if reading is None:
            return
        self._lanes.cancel(EVALUATE)
        self._search.ask()
        self._started = time.monotonic()
        self._show_progress(reading, Progress(0, 0, ""))
        runs: list[Run] = []
        run = self._lanes.engine.start(
            lambda: read_folder(self._places, reading, self._engine.host),
            key=INDEX,
            title=f"Reading images, {reading.choice.layer}",
            slice_seconds=SLICE_SECONDS,
            on_progress=partial(self._show_progress, reading),
            on_result=self._take_index,
            on_error=self._stop_index,
            on_end=lambda: self._end_index(reading, runs[0]),
        )
        runs.append(run)

    def cancel(self) -> None:
        """Stop indexing or evaluating; what is done stays."""
        self._lanes.cancel(INDEX)
        self._lanes.cancel(EVALUATE)

    def choose(self, choice: RecipeChoice) -> None:
        """Search with another layer or pooling; the folder is indexed with it at once."""
        self._take_choice(choice)
        self.index()

    def query_index(self, index: int) -> None:
        """Rank the gallery for one of its own images."""
        search = self._search
        gallery = self.gallery
        if gallery is not None and 0 <= index < len(gallery):
            self.query_image(gallery.path(index))
        elif gallery is None:
            search.query = search.listed[index] if 0 <= index < len(search.listed) else None

    def query_image(self, path: Path) -> None:
        """Rank the gallery for one of its images, or one from anywhere."""
        searched = self._search.searched
        if searched is None:
            return
        self._search.query = path
        gallery, net = searched.gallery, self._engine.adapted(searched.reading.request.net)
        try:
            needs_net = find_query(gallery, path).needs_net
        except AppError as error:
            self._show_error(error)
            return
        request = QueryRequest(gallery, (path,), net)
        lane = self._lanes.engine if needs_net else self._lanes.compute
        lane.start(
            lambda: query(request, self._engine.host),
            key=QUERY,
            on_result=lambda found: self._show_found(found_view(gallery, found.answers[0])),
            on_error=self._show_error,
        )

    def evaluate(self, *, is_asked: bool = True) -> None:
        """Rank for every labelled image; a bar for this layer joins the others."""
        searched = self._search.searched
        if searched is None:
            return
        row = self._search.rows.get(searched.reading.choice)
        if row is not None and not row.is_part:
            if is_asked:
                self._panel.open_evaluations()
            return
        self._started = time.monotonic()
        request = EvaluateRequest(searched.gallery)
        self._lanes.compute.start(
            lambda: evaluate(request),
            key=EVALUATE,
            title="Evaluating" if is_asked else "",
            slice_seconds=SLICE_SECONDS,
            on_progress=self._show_evaluating if is_asked else None,
            on_result=lambda result: self._take_evaluation(searched, result, is_asked=is_asked),
            on_error=self._show_error if is_asked else lambda error: None,
            on_end=self._hide_progress if is_asked else None,
        )

    def _take_choice(self, choice: RecipeChoice) -> None:
        document = self._document
        if document.net is not None and document.shapes is not None:
            choices = layer_choices(document.net, document.shapes)
            self._search.choice = fitting_choice(choices, choice)
            self._show_layers()

    def _connect(self) -> None:
        document, panel = self._document, self._panel
        document.opened.connect(self._on_opened)
        document.net_changed.connect(self._show_layers)
        document.recipe_changed.connect(self._on_recipe)
        self._engine.restarted.connect(self._resume)
        self._engine.request_changed.connect(self._try_again)
        panel.image_requested.connect(self.query_image)
        panel.query_requested.connect(self.query_index)
        panel.recipe_requested.connect(self.choose)
        panel.evaluate_requested.connect(self.evaluate)
        panel.cancel_requested.connect(self.cancel)

    def _on_opened(self) -> None:
        """Another net: what was found with the old one goes."""
        self.cancel()
        self._search.close()
        self._show_layers()
        self._show_rows()
        self._hide_progress()
        self._panel.show_result(None, ())
        self._panel.show_gallery(None)

    def _show_layers(self) -> None:
        net, shapes = self._document.net, self._document.shapes
        if net is None or shapes is None:
            self._panel.show_layers((), None)
            return
        self._search.choice = adapted_choice(net, shapes, self._search.choice)
        self._panel.show_layers(layer_choices(net, shapes), self._search.choice)

    def _show_rows(self) -> None:
        self._panel.show_evaluations(tuple(self._search.rows.values()))

    def _on_recipe(self) -> None:
        """Another preprocessing gives other descriptors."""
        if self._search.folder is not None:
            self._search.rows.clear()
            self._show_rows()
            self.index()

    def _list(self, folder: Path) -> None:
        """Show the images at once, while they are being read."""
        self._panel.show_result(None, ())
        self._lanes.compute.start(
            lambda: find_images(folder),
            key="list",
            on_result=lambda paths: self._take_listed(folder, paths),
            on_error=lambda error: None,  # the index says what is wrong with the folder
        )

    def _take_listed(self, folder: Path, paths: tuple[Path, ...]) -> None:
        search = self._search
        if search.searched is None and folder == search.folder:
            search.listed = paths
            self._panel.show_result(None, listed_tiles(folder, paths))

    def _reading(self, *, prune: bool) -> Reading | None:
        document, choice, folder = self._document, self._search.choice, self._search.folder
        if document.net is None or choice is None or folder is None:
            return None
        if document.recipe is None:
            error = AppError("This net has no input that takes a picture.")
            self._notices.show_error(error, INDEX)
            return None
        request = IndexRequest(
            self._engine.request(),
            folder,
            Value(choice.layer, choice.top),
            pool_of(choice),
            Path(),
            document.chosen_recipe,
            prune=prune,
        )
        return Reading(request, choice, blob_label(document.net, choice))

    def _end_index(self, reading: Reading, run: Run) -> None:
        """Where neither a result nor an error came, the user cancelled or the engine is gone."""
        if not self._search.is_indexing or self._lanes.is_running(INDEX):
            return
        self._hide_progress()
        if not run.cancelled.is_set():
            self._search.happens(Event.ENGINE_GONE)
            return
        self._search.happens(Event.CANCELLED)
        self._lanes.compute.start(
            lambda: open_what_is_there(self._places, reading),
            key="index-kept",
            on_result=self._take_part,
            on_error=self._show_error,
        )

    def _stop_index(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._search.fail()
            self._show_layers()
            self._hide_progress()
            self._notices.show_error(error, INDEX)
            return
        goes_on = self._search.crash()
        self._hide_progress()
        if not goes_on:
            self._notices.dismiss(INDEX)  # this net ends every engine: the user decides
            return
        n_done = self._search.n_done
        kept = f"The {n_done:,} images of this run are kept. " if n_done else ""
        title = "The engine stopped while reading images"
        body = f"{kept}A new engine starts, and the index goes on from there."
        self._notices.show(Notice("warning", title, body, key=INDEX))
        self._engine.restart()

    def _try_again(self) -> None:
        """What kept a folder from being indexed may be gone."""
        if self._search.may_work_now:
            self.index()

    def _resume(self) -> None:
        """A new engine is there: go on with the index that the old one left."""
        if self._search.goes_on_with_next_engine:
            self.index()

    def _take_part(self, searched: Searched | None) -> None:
        if searched is not None and self._search.take_part(searched):
            self._show_searched(searched)
        elif self._search.searched is None:
            self._panel.show_gallery(None)

    def _take_index(self, searched: Searched) -> None:
        if self._search.finish(searched):
            self._show_searched(searched)

    def _show_searched(self, searched: Searched) -> None:
        self._hide_progress()
        self._notices.dismiss(INDEX)
        reading = searched.reading
        view = gallery_view(searched.gallery, reading.choice, reading.blob, searched.indexed)
        self._panel.show_gallery(view)
        self._query_first()
        self.indexed.emit(searched)
        if len(searched.gallery) <= MOST_EVALUATED_UNASKED and view.n_groups > 1:
            self.evaluate(is_asked=False)

    def _query_first(self) -> None:
        """Ask the same query again; at first the open image, else the folder's first one."""
        path = self._search.query or self._document.image_path
        if path is not None and path.is_file():
            self.query_image(path)
        else:
            self.query_index(0)

    def _show_found(self, found: Found) -> None:
        self._panel.show_result(found.query, found.tiles)
        self.ranked.emit(found)

    def _take_evaluation(self, searched: Searched, result: Evaluated, *, is_asked: bool) -> None:
        choice = searched.reading.choice
        row = evaluation_row(result.evaluation, choice, searched.gallery)
        self._search.rows[choice] = row
        self._show_rows()
        if is_asked:
            self._panel.open_evaluations()
        self.evaluated.emit(row)

    def _show_progress(self, reading: Reading, step: Progress) -> None:
        self._search.n_done = step.done
        seconds = time.monotonic() - self._started
        title = indexing_title(reading.choice, reading.request.folder, step.total)
        self._panel.show_indexing(IndexingView(title, step.done, step.total, seconds))

    def _show_evaluating(self, step: Progress) -> None:
        seconds = time.monotonic() - self._started
        title = f"Evaluating {step.total:,} queries"
        self._panel.show_indexing(IndexingView(title, step.done, step.total, seconds))

    def _hide_progress(self) -> None:
        if not self._search.is_indexing:
            self._panel.show_indexing(None)

    def _show_error(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, QUERY)
