"""Searches a folder of images with any layer: indexing, queries, evaluation."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, QStandardPaths, pyqtSignal

from core.errors import AppError, EngineCrashed
from core.images.finding import find_images
from core.progress import Progress
from core.retrieval.evaluation import Evaluation, evaluate_gallery
from core.retrieval.gallery import Gallery
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.index import (
    GalleryPlaces,
    Indexed,
    IndexRequest,
    SlicedJob,
    index_job,
    open_what_is_there,
)
from gui.controllers.searching.queries import Found, rank_outside, rank_own
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
)
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, Notices
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.view import EvaluationRow, IndexingView, RecipeChoice

INDEX, QUERY, EVALUATE = "index", "query", "evaluate"
MOST_EVALUATED_UNASKED = 2000


def default_cache() -> Path:
    """Where galleries are kept for this user."""
    base = QStandardPaths.writableLocation(QStandardPaths.CacheLocation)
    return Path(base) / "galleries"


class SearchingController(QObject):
    """Joins the retrieval panel, the engine and the galleries in the user's cache."""

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
        self._folder: Path | None = None
        self._choice: RecipeChoice | None = None
        self._found: Indexed | None = None
        self._query: Path | None = None
        self._listed: tuple[Path, ...] = ()
        self._running: IndexRequest | None = None
        self._interrupted: IndexRequest | None = None
        self._started = 0.0
        self._n_done = self._n_vain_crashes = 0
        self._rows: dict[RecipeChoice, EvaluationRow] = {}
        self._connect()
        self._on_opened()

    @property
    def folder(self) -> Path | None:
        """The folder that is searched, indexed or not yet."""
        return self._folder

    @property
    def choice(self) -> RecipeChoice | None:
        """The representation that it is searched by."""
        return self._choice

    @property
    def gallery(self) -> Gallery | None:
        """The gallery that is searched now."""
        return None if self._found is None else self._found.gallery

    def open_folder(self, folder: Path, choice: RecipeChoice | None = None) -> None:
        """Index a folder of images, with `choice` where one is given, and search in it."""
        if not folder.is_dir():
            self._notices.show_error(AppError(f"There is no folder {folder}."), INDEX)
            return
        if folder != self._folder:
            self._rows.clear()
            self._panel.show_evaluations(())
            self._query = None
        self._folder = folder
        if choice is not None:
            self._take_choice(choice)
        self._n_vain_crashes = 0
        if not self._found_in(folder):
            self._list(folder)
        self.index()

    def index(self) -> None:
        """Index the folder with the chosen representation, or go on where it stood."""
        request = self._request()
        if request is None:
            return
        self._lanes.cancel(EVALUATE)
        self._running, self._interrupted = request, None
        self._started, self._n_done = time.monotonic(), 0
        self._show_progress(Progress(0, 0, ""))
        job = index_job(self._engine.open_net, self._places, request)
        self._run_slice(request, SlicedJob(job))

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
        found = self._found
        if found is None:
            self._query = self._listed[index] if 0 <= index < len(self._listed) else None
            return
        if not 0 <= index < len(found.gallery):
            return
        self._query = found.gallery.path(index)
        self._lanes.compute.start(
            lambda: rank_own(found.gallery, index),
            key=QUERY,
            on_result=self._show_found,
            on_error=self._show_error,
        )

    def query_image(self, path: Path) -> None:
        """Rank the gallery for an image from anywhere."""
        found = self._found
        if found is None:
            return
        index = found.gallery.find(path.absolute())
        if index is not None:
            self.query_index(index)
            return
        self._query = path
        request = replace(found.request, net=self._engine.adapted(found.request.net))
        self._lanes.engine.start(
            lambda: rank_outside(self._engine.open_net, self._places, request, found.gallery, path),
            key=QUERY,
            on_result=self._show_found,
            on_error=self._show_error,
        )

    def evaluate(self, *, is_asked: bool = True) -> None:
        """Rank for every labelled image; a bar for this layer joins the others."""
        found = self._found
        if found is None:
            return
        row = self._rows.get(found.request.choice)
        if row is not None and not row.is_part:
            if is_asked:
                self._panel.open_evaluations()
            return
        self._started = time.monotonic()
        self._lanes.compute.start(
            lambda: evaluate_gallery(found.gallery),
            key=EVALUATE,
            title="Evaluating" if is_asked else "",
            on_progress=self._show_evaluating if is_asked else None,
            on_result=lambda result: self._take_evaluation(found, result, is_asked=is_asked),
            on_error=self._show_error if is_asked else lambda error: None,
            on_end=self._hide_progress if is_asked else None,
        )

    def _take_choice(self, choice: RecipeChoice) -> None:
        document = self._document
        if document.net is not None and document.shapes is not None:
            self._choice = fitting_choice(layer_choices(document.net, document.shapes), choice)
            self._show_layers()

    def _connect(self) -> None:
        document, panel = self._document, self._panel
        document.opened.connect(self._on_opened)
        document.net_changed.connect(self._show_layers)
        document.recipe_changed.connect(self._on_recipe)
        self._engine.restarted.connect(self._resume)
        self._engine.request_changed.connect(self._try_again)
        panel.folder_requested.connect(lambda folder: self.open_folder(folder))
        panel.image_requested.connect(self.query_image)
        panel.query_requested.connect(self.query_index)
        panel.recipe_requested.connect(self.choose)
        panel.evaluate_requested.connect(self.evaluate)
        panel.cancel_requested.connect(self.cancel)

    def _on_opened(self) -> None:
        """Another net: what was found with the old one goes."""
        self.cancel()
        self._folder = self._choice = self._found = self._query = self._interrupted = None
        self._rows.clear()
        self._show_layers()
        self._panel.show_evaluations(())
        self._panel.show_result(None, ())
        self._panel.show_gallery(None)

    def _show_layers(self) -> None:
        net, shapes = self._document.net, self._document.shapes
        if net is None or shapes is None:
            self._panel.show_layers((), None)
            return
        self._choice = adapted_choice(net, shapes, self._choice)
        self._panel.show_layers(layer_choices(net, shapes), self._choice)

    def _on_recipe(self) -> None:
        """Another preprocessing gives other descriptors."""
        if self._folder is not None:
            self._rows.clear()
            self._panel.show_evaluations(())
            self.index()

    def _found_in(self, folder: Path) -> bool:
        return self._found is not None and self._found.request.folder == folder

    def _list(self, folder: Path) -> None:
        """Show the images at once, while they are being read."""
        self._found = None
        self._listed = ()
        self._panel.show_result(None, ())
        self._lanes.compute.start(
            lambda: find_images(folder),
            key="list",
            on_result=lambda paths: self._take_listed(folder, paths),
            on_error=lambda error: None,  # the index says what is wrong with the folder
        )

    def _take_listed(self, folder: Path, paths: tuple[Path, ...]) -> None:
        if self._found is None and folder == self._folder:
            self._listed = paths
            self._panel.show_result(None, listed_tiles(folder, paths))

    def _request(self) -> IndexRequest | None:
        document, choice, folder = self._document, self._choice, self._folder
        if document.net is None or choice is None or folder is None:
            return None
        if document.recipe is None:
            error = AppError("This net has no input that takes a picture.")
            self._notices.show_error(error, INDEX)
            return None
        blob = blob_label(document.net, choice)
        return IndexRequest(self._engine.request(), folder, choice, document.recipe, blob)

    def _run_slice(self, request: IndexRequest, job: SlicedJob) -> None:
        def on_result(_: None) -> None:
            if job.result is not None:
                self._take_index(job.result)
            elif not job.is_done:
                self._run_slice(request, job)

        def on_end() -> None:
            if self._running is request and not self._lanes.is_running(INDEX):
                self._end_index(request, job)

        self._lanes.engine.start(
            job.next_slice,
            key=INDEX,
            title=f"Reading images, {request.choice.layer}",
            on_progress=self._show_progress,
            on_result=on_result,
            on_error=lambda error: self._stop_index(request, error),
            on_end=on_end,
        )

    def _end_index(self, request: IndexRequest, job: SlicedJob) -> None:
        """The user cancelled: close the job and show what it has done."""
        job.close()
        self._running = None
        self._hide_progress()
        self._lanes.compute.start(
            lambda: open_what_is_there(self._places, request),
            key="index-kept",
            on_result=self._take_kept,
            on_error=self._show_error,
        )

    def _stop_index(self, request: IndexRequest, error: AppError) -> None:
        self._running = None
        self._hide_progress()
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, INDEX)
            return
        self._interrupted = request
        self._n_vain_crashes = 0 if self._n_done else self._n_vain_crashes + 1
        if self._n_vain_crashes > 1:
            self._notices.dismiss(INDEX)  # this net ends every engine: the user decides
            return
        kept = f"The {self._n_done:,} images of this run are kept. " if self._n_done else ""
        title = "The engine stopped while reading images"
        body = f"{kept}A new engine starts, and the index goes on from there."
        self._notices.show(Notice("warning", title, body, key=INDEX))
        self._engine.restart()

    def _try_again(self) -> None:
        """What kept a folder from being indexed may be gone."""
        if self._folder is not None and self._found is None:
            self.index()

    def _resume(self) -> None:
        """A new engine is there: go on with the index that the old one left."""
        if self._interrupted is not None and self._interrupted.folder == self._folder:
            self.index()

    def _take_kept(self, found: Indexed | None) -> None:
        if found is not None:
            self._take_index(found)
        elif self._found is None:
            self._panel.show_gallery(None)

    def _take_index(self, found: Indexed) -> None:
        self._running = None
        self._found = found
        self._hide_progress()
        self._notices.dismiss(INDEX)
        view = gallery_view(found.gallery, found.request.choice, found.request.blob, found.report)
        self._panel.show_gallery(view)
        if not len(found.gallery):
            self._panel.show_result(None, ())
            sentence = f"No image could be read in {found.request.folder.name}."
            hint = "Show list names every file with the reason."
            self._notices.show_error(AppError(sentence, hint=hint), INDEX)
            return
        self._query_first(found)
        self.indexed.emit(found)
        if len(found.gallery) <= MOST_EVALUATED_UNASKED and view.n_groups > 1:
            self.evaluate(is_asked=False)

    def _query_first(self, found: Indexed) -> None:
        """Ask the same query again; at first the open image, else the folder's first one."""
        query = self._query or self._document.image_path
        if query is not None and query.is_file():
            self.query_image(query)
        else:
            self.query_index(0)

    def _show_found(self, found: Found) -> None:
        self._panel.show_result(found.query, found.tiles)
        self.ranked.emit(found)

    def _take_evaluation(self, found: Indexed, result: Evaluation, *, is_asked: bool) -> None:
        choice = found.request.choice
        self._rows[choice] = evaluation_row(result, choice, found.gallery)
        self._panel.show_evaluations(tuple(self._rows.values()))
        if is_asked:
            self._panel.open_evaluations()
        self.evaluated.emit(self._rows[choice])

    def _show_progress(self, step: Progress) -> None:
        request = self._running
        if request is None:
            return
        self._n_done = step.done
        seconds = time.monotonic() - self._started
        title = indexing_title(request.choice, request.folder, step.total)
        self._panel.show_indexing(IndexingView(title, step.done, step.total, seconds))

    def _show_evaluating(self, step: Progress) -> None:
        seconds = time.monotonic() - self._started
        title = f"Evaluating {step.total:,} queries"
        self._panel.show_indexing(IndexingView(title, step.done, step.total, seconds))

    def _hide_progress(self) -> None:
        if self._running is None:
            self._panel.show_indexing(None)

    def _show_error(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, QUERY)
