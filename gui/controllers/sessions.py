"""Saves what the user has in front of him to a session file, and brings it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QWidget

from core.errors import AppError
from core.files import is_folder, is_plain_file, is_there
from core.images.preprocess import Preprocess
from core.interventions.intervention import Intervention
from core.jobs.open_partly import PartlyOpened, open_text_partly
from core.net.reader import read_prototxt
from core.session_file import (
    FOLDERS,
    SUFFIX,
    KeptPin,
    Search,
    Session,
    Shown,
    read_session,
    write_session,
)
from core.training.split import SPLIT_NAME
from gui.controllers.opening import OpeningController
from gui.controllers.renaming import RenamingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.values import fit_folder, kept_choice, kept_steps
from gui.dialogs.files import SESSION_FILTER, FileChooser
from gui.document import ModelDocument
from gui.graph.memory import memory_from_json, memory_to_json
from gui.jobs import Lanes
from gui.main_window import Panels
from gui.notices import Notice, Notices
from gui.panels.activations.shown import Pin
from gui.panels.layers.away import columns_away, put_away
from gui.settings import Settings
from gui.widgets.kept import kept_words, take_words


@dataclass(frozen=True)
class ReadSession:
    """A session and the model its text means, read off the window's thread."""

    session: Session
    opened: PartlyOpened
    saved_text: str
    has_file_changed: bool


class SessionController(QObject):
    """Takes snapshots of the document and panels, writes them, and restores them."""

    saved = pyqtSignal(object)
    restored = pyqtSignal()

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        opening: OpeningController,
        renaming: RenamingController,
        searching: SearchingController,
        panels: Panels,
        notices: Notices,
        settings: Settings,
        chooser: FileChooser,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._opening = opening
        self._renaming = renaming
        self._searching = searching
        self._panels = panels
        self._notices = notices
        self._settings = settings
        self.chooser = chooser
        self.training_folder: Callable[[], Path | None] = lambda: None
        self.open_training: Callable[[Path], object] = lambda folder: None
        self.leave_out_copies: Callable[[int], object] = lambda limit: None
        self.interventions: Callable[[], tuple[tuple[Intervention, bool], ...]] = tuple
        self.take_interventions: Callable[[tuple[tuple[Intervention, bool], ...]], object] = tuple
        self.fields_in: Callable[[], QWidget | None] = lambda: None
        """The window whose fields are kept."""
        self._waiting_search: Search | None = None
        self._waiting_words: dict[str, str] = {}
        opening.session_opened.connect(lambda path: self.open(path))
        document.weights_changed.connect(self._go_on_searching)
        searching.changed.connect(self._take_waiting_words)

    @property
    def has_unsaved(self) -> bool:
        """Whether the text differs from the file's, an edit that is still worked out included."""
        return self._renaming.history.current_text != self._document.saved_text

    def snapshot(self) -> Session | None:
        """The session as it is now; None without a readable net."""
        document, history = self._document, self._renaming.history
        if document.net is None or document.path is None or document.is_partial:
            return None
        return Session(
            prototxt=document.path,
            base_text=history.first_text,
            steps=history.steps(),
            n_done=history.index(),
            weights=document.weights_path,
            image=document.image_path,
            state=document.state,
            selection=document.selection,
            graph=memory_to_json(self._panels.graph.memory),
            recipe=None if document.recipe is None else document.recipe.to_json(),
            search=self._search(),
            shown=self._shown(),
            training=self.training_folder(),
        )

    def choose_and_save(self) -> None:
        """Ask where, then save."""
        path = self._document.path
        if path is not None:
            suggested = path.with_suffix(SUFFIX)
            self.chooser.save_file("Save session", suggested, SESSION_FILTER, self.save)

    def choose_and_open(self) -> None:
        """Ask for a session file."""
        self.chooser.open_files(
            "Open session",
            self._settings.folder("models"),
            SESSION_FILTER,
            lambda paths: self.open(paths[0]),
        )

    def save(self, path: Path) -> None:
        """Write the session to `path`."""
        session = self.snapshot()
        if session is None:
            return

        def finish(_: None) -> None:
            self._notices.dismiss("session")
            self._settings.add_recent("models", path)
            self.saved.emit(path)

        self._lanes.files.start(
            lambda: write_session(path, session),
            key="save-session",
            title=f"Saving {path.name}",
            on_result=finish,
            on_error=lambda error: self._notices.show_error(error, "session"),
        )

    def open(
        self,
        path: Path,
        on_restored: Callable[[], None] = lambda: None,
        *,
        is_listed: bool = True,
    ) -> None:
        """Read a session and go on where it stopped; asks first where edits would be lost.

        is_listed: whether the file belongs among the recent ones.
        """

        def take(found: ReadSession) -> None:
            if is_listed:
                self._settings.add_recent("models", path)
            self._restore(found)
            on_restored()

        def start() -> None:
            self._lanes.compute.start(
                lambda: _read(path),
                key="open",
                title=f"Opening {path.name}",
                on_result=take,
                on_error=lambda error: self._notices.show_error(error, "session"),
            )

        self._opening.may_replace(start)

    def reread(self, opened: PartlyOpened, text: str) -> None:
        """Take the text that the file holds now, with everything else as it is; edits go."""
        session, chosen = self.snapshot(), self._document.chosen_recipe
        if session is None:
            self._opening.take_model(opened, None, offers_weights=False)
            return
        recipe = session.recipe if chosen is not None and chosen.origin == "given" else None
        now = replace(session, base_text=text, steps=(), n_done=0, recipe=recipe)
        self._restore(ReadSession(now, opened, text, has_file_changed=False), is_new=False)

    def _restore(self, found: ReadSession, *, is_new: bool = True) -> None:
        session, document = found.session, self._document
        self._notices.dismiss("session")
        self._waiting_search = None
        missing = [
            path for path in (session.weights, session.image) if path and not is_plain_file(path)
        ]
        weights = session.weights if session.weights not in missing else None
        document.state = session.state
        if is_new:
            document.set_image(session.image if session.image not in missing else None)
        self._panels.graph.expect_net(memory_from_json(session.graph))
        self._opening.take_model(found.opened, weights, found.saved_text, offers_weights=is_new)
        self._renaming.history.restore(session.steps, session.n_done)
        self._take_recipe(session)
        self._waiting_search = session.search  # opened once there is a recipe, and the weights
        if document.net is not None and document.net.has_layer(session.selection):
            document.select(session.selection)
        self._show(session.shown)
        if session.training is not None and is_plain_file(session.training / SPLIT_NAME):
            self.open_training(session.training)
        if weights is None:
            self._go_on_searching()
        self._tell(found, missing)
        self.restored.emit()

    def _tell(self, found: ReadSession, missing: list[Path]) -> None:
        """Say what is not as it was."""
        name = found.session.prototxt.name
        sentences = [f"{path} is not there any more." for path in missing]
        if found.has_file_changed:
            sentences.append(
                f"{name} was changed or moved since. The text shown is the session's, with its"
                " edits; saving writes it to a new file."
            )
        if sentences:
            title = "Not everything is as the session left it"
            self._notices.show(Notice("warning", title, " ".join(sentences), key="session"))

    def _take_recipe(self, session: Session) -> None:
        if session.recipe is None:
            return
        try:
            recipe = Preprocess.from_json(dict(session.recipe))
            if recipe != self._document.recipe:  # else it is known where it comes from
                self._document.set_recipe(recipe)
        except AppError as error:
            self._notices.show_error(error, "recipe", "The session's preprocessing is not usable")

    def _search(self) -> Search | None:
        folder, choice = self._searching.folder, self._searching.choice
        if folder is None or choice is None:
            return self._waiting_search
        found, gallery = self._searching.found, self._searching.gallery
        truth = FOLDERS if gallery is None else gallery.truth
        state = self._searching.state
        protocol, _, where = state.benchmark.partition(":")
        return Search(
            folder,
            choice.layer,
            choice.top,
            choice.pooling,
            choice.p,
            None if found is None else found.query.path,
            FOLDERS if truth == FOLDERS else Path(truth),
            self._panels.retrieval.view,
            None if found is None else found.query.box,
            choice.after,
            fit_folder(choice.fit_on, folder),
            protocol,
            Path(where) if where else None,
            state.steps.word,
            None if state.left_out is None else state.left_out.limit,
            self._panels.retrieval.map.method,
        )

    def _shown(self) -> Shown:
        activations = self._panels.activations
        pins = tuple(KeptPin(p.layer, p.top_index, p.channel) for p in activations.pins)
        away = columns_away(self._panels.layer_table)
        window = self.fields_in()
        words = {} if window is None else kept_words(window) | self._waiting_words
        return Shown(activations.chosen[0], pins, away, self.interventions(), words)

    def _show(self, shown: Shown) -> None:
        activations = self._panels.activations
        activations.take_pins([Pin(*pin) for pin in shown.pins])
        activations.choose(shown.channel)
        self.take_interventions(shown.interventions)
        if shown.columns_away is not None:
            put_away(self._panels.layer_table, shown.columns_away)
        window = self.fields_in()
        if window is not None:
            self._waiting_words = take_words(window, shown.fields)

    def _take_waiting_words(self) -> None:
        """What could not be said before there was a gallery."""
        window, words = self.fields_in(), self._waiting_words
        if words and window is not None and self._searching.gallery is not None:
            self._waiting_words = {}
            take_words(window, words)

    def _go_on_searching(self) -> None:
        """Open the gallery once the net has its weights."""
        search, document = self._waiting_search, self._document
        if search is None or document.net is None:
            return
        self._waiting_search = None
        if is_folder(search.folder) and document.net.has_layer(search.layer):
            choice = kept_choice(search)
            is_gone = search.ground_truth is not None and not is_there(search.ground_truth)
            benchmark = "" if is_gone else search.named_benchmark
            self._searching.places.expect_labels(str(search.truth), benchmark)
            self._searching.asker.search_by(kept_steps(search.steps))
            if search.copies is not None:
                self.leave_out_copies(search.copies)
            self._searching.open_folder(search.folder, choice)
            self._panels.retrieval.map.choose_method(search.map)
            if search.query is not None and is_plain_file(search.query):
                self._searching.query_image(search.query, search.box)
            self._panels.retrieval.expect_view(search.view)


def _read(path: Path) -> ReadSession:
    session = read_session(path)
    try:
        file_text = read_prototxt(session.prototxt)
    except AppError:
        file_text = ""
    opened = open_text_partly(session.base_text, session.prototxt, session.state)
    has_changed = file_text not in (session.base_text, session.text)
    return ReadSession(session, opened, file_text, has_changed)
