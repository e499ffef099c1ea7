"""Searches a folder of images with any layer: what is shown, what is offered, what is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from core.engines.host import NetToRun
from core.errors import AppError
from core.images.box import Box
from core.retrieval.gallery import Gallery
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.asking import Asker
from gui.controllers.searching.evaluating import Evaluator
from gui.controllers.searching.index import GalleryPlaces, Looked, Reading, Searched
from gui.controllers.searching.indexing import INDEX, Indexer
from gui.controllers.searching.offering import Offering
from gui.controllers.searching.queries import Found
from gui.controllers.searching.readings import ReadingMaker
from gui.controllers.searching.renames import NameFollower
from gui.controllers.searching.states import Search
from gui.controllers.searching.thumbnails import ThumbnailLoader
from gui.controllers.searching.values import (
    adapted_choice,
    choice_of_layer,
    fitting_choice,
    gallery_view,
    layer_choices,
)
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.view import RecipeChoice

FOLLOW_MILLISECONDS = 200


class SearchingController(QObject):
    """Joins the retrieval page, the jobs and the galleries in the user's cache.

    What is chosen never starts long work: what is read already is shown, the rest is offered.
    """

    indexed = pyqtSignal(object)
    ranked = pyqtSignal(object)
    evaluated = pyqtSignal(object)
    changed = pyqtSignal()
    """Another gallery is searched, or none, or more of it is read."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        notices: Notices,
        panel: RetrievalPanel,
        questioner: Callable[[], Questioner],
        cache: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._notices = notices
        self._panel = panel
        self._questioner = questioner
        self.places = GalleryPlaces(cache)
        self._thumbnails = ThumbnailLoader(lanes, panel.thumbnails, self)
        self._search = Search()
        self._readings = ReadingMaker(document, engine, notices, self._search)
        self._indexer = Indexer(lanes, engine, notices, self.places, self._search, self)
        self.asker = Asker(lanes, engine, notices, panel, self._search, self)
        self._offering = Offering(
            lanes, engine, notices, self.places, panel, self._search, self._indexer.rates,
            questioner, self,
        )  # fmt: skip
        self.evaluator = Evaluator(lanes, notices, panel, self._search, self)
        self._names = NameFollower(document, self._search, self.evaluator.show, self)
        self._follow_soon = QTimer(self)
        self._follow_soon.setSingleShot(True)
        self._follow_soon.setInterval(FOLLOW_MILLISECONDS)
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
        return None if self.searched is None else self.searched.gallery

    @property
    def searched(self) -> Searched | None:
        """That gallery with what made it."""
        return self._search.searched

    @property
    def net(self) -> NetToRun | None:
        """The net that the gallery was made with, on the engine and device of now."""
        searched = self.searched
        return None if searched is None else self._engine.adapted(searched.reading.request.net)

    @property
    def is_reading(self) -> bool:
        """Whether an index is under way."""
        return self._search.is_indexing

    @property
    def found(self) -> Found | None:
        """The ranking that is shown."""
        return self.asker.found

    @property
    def state(self) -> Search:
        """What is searched and how, what judges, what is left out, what was evaluated."""
        return self._search

    def open_folder(self, folder: Path, choice: RecipeChoice | None = None) -> None:
        """Search a folder, by `choice` if given: what is there, then the rest, asked if long."""
        if not folder.is_dir():
            self._notices.show_error(AppError(f"There is no folder {folder}."), INDEX)
            return
        if folder != self._search.folder:
            self._turn_to(folder)
        if choice is not None:
            self._take_choice(choice)
        if self._search.searched is not None:
            self.index()
            return
        self.asker.list_folder(folder)
        reading = self._readings.reading()
        if reading is not None:
            self._offering.look(reading, self._open_looked)

    def index(self, *, prune: bool = False) -> None:
        """Index the folder with the chosen representation, or go on where it stood.

        prune: forget the images that the folder does not show.
        """
        reading = self._readings.reading(prune=prune)
        if reading is not None:
            self._start(reading)

    def cancel(self) -> None:
        """Stop indexing or evaluating; what is done stays."""
        self._indexer.cancel()
        self.evaluator.cancel()

    def choose(self, choice: RecipeChoice) -> None:
        """Search with another layer or pooling: shown where it is read, else offered."""
        net, shapes = self._document.net, self._document.shapes
        if net is None or shapes is None:
            return
        choice = fitting_choice(layer_choices(net, shapes), choice)
        self._document.select(choice.layer)
        if self._search.folder is None:
            self._take_choice(choice)
            return
        reading = self._readings.reading(choice)
        if reading is not None:
            self._offering.look(reading, self._take_looked)
        self._show_layers()  # the fields say what the ranking is, whatever was chosen in them

    def show_searched(self, searched: Searched) -> None:
        """Search a gallery of the folder that lies elsewhere, as one of a sweep does."""
        self._offering.show(None)
        self._show(searched, is_whole=True)
        self._document.select(searched.reading.choice.layer)

    def resume(self, choice: RecipeChoice) -> None:
        """Read the rest of the images with a representation; asks first where that takes long."""
        reading = self._readings.reading(choice)
        if reading is not None:
            self._offering.look(reading, self._resume_looked)

    def take_offer(self) -> None:
        """Read what was offered; asks first where that may take long."""
        self._offering.take()

    def evaluate(self) -> None:
        """Rank for every labelled image; a bar for this layer joins the others."""
        self.evaluator.evaluate()

    def take_labels(self, gallery: Gallery, benchmark: str = "") -> None:
        """Show the gallery with other labels, or judged by a benchmark, and so all from now on."""
        self.places.truth, self._search.benchmark = gallery.truth, benchmark
        searched = self._search.searched
        if searched is not None and searched.gallery.folder == gallery.folder:
            self._search.searched = replace(searched, gallery=gallery)
            self._show_searched(self._search.searched)

    def query_index(self, index: int) -> None:
        """Rank the gallery for one of its own images."""
        self.asker.ask_index(index)

    def query_image(self, path: Path, box: Box | None = None) -> None:
        """Rank the gallery for one of its images, or one from anywhere; box: for a part of it."""
        self.asker.ask(path, box)

    def _connect(self) -> None:
        document, panel, indexer = self._document, self._panel, self._indexer
        document.opened.connect(self._on_opened)
        document.net_changed.connect(self._show_layers)
        document.recipe_changed.connect(self._on_ingredient)
        document.weights_changed.connect(self._on_ingredient)
        document.selection_changed.connect(lambda _name: self._follow_soon.start())
        self._follow_soon.timeout.connect(self._follow)
        self._engine.restarted.connect(self._resume)
        self._engine.request_changed.connect(self._try_again)
        indexer.read.connect(self._take_index)
        indexer.is_long.connect(self._take_long)
        indexer.part_found.connect(self._take_part)
        indexer.failed.connect(lambda _error: self._show_layers())
        indexer.ended.connect(self._show_reading)
        self.asker.ranked.connect(self.ranked)
        self.asker.ranked.connect(self._offering.offer_unread)
        self.asker.steps_changed.connect(self.evaluator.evaluate_otherwise)
        self.evaluator.evaluated.connect(self.evaluated)
        self._offering.wanted.connect(self._read_wanted)
        panel.image_requested.connect(self.query_image)
        panel.query_requested.connect(self.query_index)
        panel.recipe_requested.connect(self.choose)
        panel.evaluate_requested.connect(self.evaluate)
        panel.offer_taken.connect(self.take_offer)
        panel.offer_dropped.connect(lambda: self._offering.show(None))
        panel.history_requested.connect(self.asker.go)
        panel.shown.connect(self._follow_soon.start)
        panel.destroyed.connect(self._follow_soon.stop)

    def _on_opened(self) -> None:
        """Another net: what was found with the old one goes."""
        self._forget()
        self._search.close()
        self._show_layers()
        self.evaluator.show()
        self._show_reading()
        self.changed.emit()

    def _turn_to(self, folder: Path) -> None:
        """Another folder: what is under way for the one before is for no one."""
        self._forget()
        self._search.choose_folder(folder)
        self.places.begin()
        self._search.benchmark = self.places.benchmark
        self.evaluator.show()
        self.changed.emit()

    def _forget(self) -> None:
        self._indexer.drop()
        self.evaluator.cancel()
        self._offering.forget()
        self.asker.clear()
        self._panel.show_result(None, ())
        self._panel.show_gallery(None)

    def _take_choice(self, choice: RecipeChoice) -> None:
        document = self._document
        if document.net is not None and document.shapes is not None:
            choices = layer_choices(document.net, document.shapes)
            self._search.choice = fitting_choice(choices, choice)
            self._show_layers()

    def _show_layers(self) -> None:
        """The layers of the net, and the one that the ranking is of."""
        net, shapes = self._document.net, self._document.shapes
        if net is None or shapes is None:
            self._panel.show_layers((), None)
            return
        self._search.choice = adapted_choice(net, shapes, self._search.choice)
        searched = self._search.searched
        shown = self._search.choice if searched is None else searched.reading.choice
        shown = adapted_choice(net, shapes, shown)
        self._panel.show_layers(layer_choices(net, shapes, self._document.recipe), shown)

    def _show_reading(self) -> None:
        self._panel.show_reading(is_reading=self._search.is_indexing)
        self.changed.emit()

    def _on_ingredient(self) -> None:
        """With another preprocessing or other weights the same layer gives other descriptors."""
        if self._search.searched is not None:
            reading = self._readings.reading(self._search.searched.reading.choice)
            if reading is not None:
                self._offering.look(reading, self._take_looked)
        elif self._search.may_work_now:
            self.index()

    def _follow(self) -> None:
        """The layer that is selected on any page is the one to search by, if it can be."""
        net, shapes, searched = self._document.net, self._document.shapes, self._search.searched
        if net is None or shapes is None or searched is None or not self._panel.isVisible():
            return
        # what is looked up, offered or read is of the layer that is selected, and is not shown yet
        read = self._indexer.choice if self._search.is_indexing else None
        like = self._offering.wanted_choice or read or searched.reading.choice
        choice = choice_of_layer(net, shapes, self._document.selection, like)
        if choice is not None and choice.layer != like.layer:
            self.choose(choice)

    def _open_looked(self, looked: Looked) -> None:
        """A folder was opened: show what there is of it, then read what is missing."""
        if looked.part is not None:
            self._show(looked.part, is_whole=not looked.outlook.n_to_read)
        self._start(looked.reading)

    def _take_looked(self, looked: Looked) -> None:
        """Something was chosen: show it, or offer to read it."""
        if not looked.outlook.n_to_read and looked.part is not None:
            searched = self._search.searched
            if searched is None or searched.gallery.folder != looked.part.gallery.folder:
                self._show(looked.part, is_whole=True)
            self._offering.show(None)
            return
        is_read = self._search.is_indexing and looked.reading.choice == self._indexer.choice
        self._offering.show(None if is_read else looked)

    def _resume_looked(self, looked: Looked) -> None:
        self._offering.show(looked)
        self._offering.take()

    def _take_long(self, looked: Looked) -> None:
        """Reading may take long: what is there is offered to be completed, else it is asked."""
        self._show_reading()
        self._offering.show(looked)
        searched = self._search.searched
        if searched is None or searched.gallery.folder != looked.reading.request.out:
            self._offering.ask(looked)

    def _read_wanted(self, reading: Reading, is_agreed: bool) -> None:
        self._search.choice = reading.choice
        self._start(reading, is_agreed=is_agreed)

    def _start(self, reading: Reading, *, is_agreed: bool = False) -> None:
        self.evaluator.cancel()
        self._offering.forget()  # a look that is under way is of what was chosen before
        self._indexer.start(reading, is_agreed=is_agreed)
        self._show_reading()

    def _try_again(self) -> None:
        """What kept a folder from being indexed may be gone."""
        if self._search.may_work_now:
            self.index()

    def _resume(self) -> None:
        """A new engine is there: go on with the index that the old one left."""
        reading = self._readings.reading(self._indexer.choice)
        if self._search.goes_on_with_next_engine and reading is not None:
            self._start(reading, is_agreed=self._indexer.has_agreed)

    def _take_part(self, reading: Reading, found: Searched | None) -> None:
        """The user ended an index: what it left is shown, and the rest offered."""
        if reading.request.folder != self._search.folder:
            return
        searched = self._search.searched
        is_same = searched is not None and searched.reading.choice == reading.choice
        if found is not None and (searched is None or is_same):
            self._show(found, is_whole=False)
        self._offering.look(reading, self._offering.show)

    def _take_index(self, searched: Searched) -> None:
        report = None if searched.indexed is None else searched.indexed.report
        if report is not None and (report.n_added or report.n_removed):
            self._search.forget_rows(searched.reading.choice)  # of other images
        if self._search.finish(searched):
            self._show_searched(searched)

    def _show(self, searched: Searched, *, is_whole: bool) -> None:
        if self._search.show(searched, is_whole=is_whole):
            self._show_searched(searched)

    def _show_searched(self, searched: Searched) -> None:
        self._notices.dismiss(INDEX)
        self.evaluator.forget_others(searched)
        self._show_layers()
        view = gallery_view(searched.gallery, searched.reading, searched.indexed)
        self._panel.show_gallery(view, self.evaluator.why_not())
        self.asker.ask_again(self._document.image_path)
        self.indexed.emit(searched)
        self.changed.emit()
        self.evaluator.evaluate_unasked(searched.gallery)
