"""Follows the files of the open net: what another program saves is read again, edits stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QFileSystemWatcher, QObject, QStorageInfo, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QGuiApplication

from core.comparison.changes import changes_between
from core.errors import AppError
from core.file_state import FileState
from core.images.presets import recipe_path
from core.jobs.open import own_recipe
from core.jobs.open_partly import PartlyOpened, open_text_partly
from core.net.definition import NetState
from core.net.text import read_prototxt
from gui.controllers.opening import OpeningController
from gui.controllers.sessions import SessionController
from gui.controllers.watching_notices import changed_notice, gone_notice
from gui.document import DerivedNet, ModelDocument
from gui.jobs import Lanes
from gui.notices import Notices

SETTLE_MILLISECONDS = 300
"""Without a change for so long a file counts as written."""
MOST_TRIES = 6
"""How often a file is looked at that can't be read: it may be half written."""
POLL_MILLISECONDS = 3000
KEY = "changed-file"
_NETWORK = (b"nfs", b"cifs", b"smb", b"9p", b"afs", b"fuse", b"vboxsf", b"ceph", b"lustre")
"""Where the system tells nothing of what other computers write."""


@dataclass(frozen=True)
class _Files:
    """The files of the open net; None where there is none."""

    prototxt: Path
    weights: Path | None
    recipe: Path
    labels: Path | None

    @property
    def all(self) -> tuple[Path, ...]:
        maybe = (self.weights, self.labels)
        return (self.prototxt, self.recipe, *(path for path in maybe if path is not None))


@dataclass(frozen=True)
class _Looked:
    """The files as they are now; opened: what the prototxt means where its text is another."""

    files: _Files
    states: dict[Path, FileState | None]
    text: str | None
    opened: PartlyOpened | None = None
    error: AppError | None = None


class WatchingController(QObject):
    """One look at a time, on a lane; what it finds is carried out in the window's thread."""

    reread = pyqtSignal(str)
    """A file was read again: what happened, in a sentence."""
    difference_requested = pyqtSignal(str)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        opening: OpeningController,
        sessions: SessionController,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._opening = opening
        self._sessions = sessions
        self._notices = notices
        self._is_on = True
        self._states: dict[Path, FileState | None] = {}
        self._asked_about = ""
        self._n_tries = 0
        self._path: Path | None = None
        self.save: Callable[[], None] = lambda: None
        self.labels: Callable[[], Path | None] = lambda: None
        self.read_labels: Callable[[Path], None] = lambda path: None
        self._watcher = QFileSystemWatcher(self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MILLISECONDS)
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MILLISECONDS)
        self._connect()

    def _connect(self) -> None:
        for changed in (self._watcher.fileChanged, self._watcher.directoryChanged):
            changed.connect(lambda _path: self.look_soon())
        self._settle.timeout.connect(self._look)
        self._poll.timeout.connect(self._look)
        for changed in (self._document.opened, self._document.weights_changed):
            changed.connect(self.follow)
        self._document.saved_changed.connect(self._follow_path)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._on_activated)

    @property
    def is_on(self) -> bool:
        """Whether files are followed."""
        return self._is_on

    def set_on(self, is_on: bool) -> None:
        """Follow files, or leave what was read as it is."""
        self._is_on = is_on
        self._states = {}
        self.follow()
        self.look_soon()

    def look_soon(self) -> None:
        """Look at the files once nothing has changed for a moment."""
        if self._is_on:
            self._n_tries = 0
            self._settle.start()

    @pyqtSlot("Qt::ApplicationState")
    def _on_activated(self, state: Qt.ApplicationState) -> None:
        """Back from another program, or from another computer that shares the folder."""
        if state == Qt.ApplicationActive and self._is_on and self._files() is not None:
            self._settle.start()

    def _files(self) -> _Files | None:
        document = self._document
        if document.path is None or not document.text:
            return None
        path = document.path
        return _Files(path, document.weights_path, recipe_path(path), self.labels())

    def _follow_path(self) -> None:
        if self._document.path != self._path:
            self.follow()

    def follow(self) -> None:
        """Watch the files of now; one that is new among them counts as it is now."""
        watched = [*self._watcher.files(), *self._watcher.directories()]
        if watched:
            self._watcher.removePaths(watched)
        files = self._files()
        if self._document.path != self._path:
            self._begin()
        if files is None or not self._is_on:
            return
        before = self._states
        self._states = {
            path: before[path] if path in before else FileState.of(path) for path in files.all
        }
        self._watch(files)

    def _begin(self) -> None:
        """Another net: what is said of the files of the one before goes."""
        self._path = self._document.path
        self._states = {}
        self._settle.stop()
        self._poll.stop()
        self._notices.dismiss(KEY)
        path = self._path
        if path is not None:
            self._lanes.files.start(
                lambda: _is_far(path), key="watch-place", on_result=self._begin_polling
            )

    def _begin_polling(self, is_far: bool) -> None:
        if is_far and self._is_on:
            self._poll.start()

    def _watch(self, files: _Files) -> None:
        """Each file and its folder: a file that is replaced is watched no longer."""
        known = {*self._watcher.files(), *self._watcher.directories()}
        there = [path for path, state in self._states.items() if state is not None]
        wanted = {*map(str, there), *(str(path.parent) for path in files.all)}
        if wanted - known:
            self._watcher.addPaths(sorted(wanted - known))

    def _look(self) -> None:
        files = self._files()
        if files is None or not self._is_on:
            return
        known, state = self._document.saved_text, self._document.state
        self._lanes.files.start(
            lambda: _look_at(files, known, state), key="watch", on_result=self._take
        )

    def _take(self, looked: _Looked) -> None:
        files = self._files()
        if files is None or files != looked.files or not self._is_on:
            return
        before, self._states = self._states, looked.states
        self._watch(files)
        if looked.text is None and looked.states[files.prototxt] is None:
            self._tell_gone(files.prototxt)
            return
        if looked.error is not None or (looked.opened is not None and looked.opened.error):
            self._try_again(looked)
            return
        if looked.opened is not None and looked.text is not None:
            self._take_text(looked.text, looked.opened)
            return
        self._notices.dismiss(KEY)
        self._follow_others(files, before)

    def _follow_others(self, files: _Files, before: dict[Path, FileState | None]) -> None:
        def is_new(path: Path) -> bool:
            now = self._states.get(path)
            return now is not None and path in before and before[path] != now

        if files.weights is not None and is_new(files.weights):
            self._opening.weights.open(files.weights)
            self.reread.emit(f"{files.weights.name} was saved by another program and read again")
        if files.labels is not None and is_new(files.labels):
            self.read_labels(files.labels)
            self.reread.emit(f"{files.labels.name} was saved by another program and read again")
        if is_new(files.recipe) or (before.get(files.recipe) and not self._states[files.recipe]):
            self._take_recipe()

    def _try_again(self, looked: _Looked) -> None:
        """A file that can't be read may be half written; after a while it is in error."""
        self._n_tries += 1
        self._states[looked.files.prototxt] = None
        if self._n_tries < MOST_TRIES:
            self._settle.start()
            return
        error = looked.error or (looked.opened.error if looked.opened else None)
        if error is not None:
            name = looked.files.prototxt.name
            title = f"{name} was saved by another program, with an error"
            self._notices.show_error(error, KEY, title)

    def _take_text(self, text: str, opened: PartlyOpened) -> None:
        document = self._document
        if text == document.saved_text:  # saved by this window meanwhile
            return
        if not document.is_edited:
            self._reread(text, opened)
            return
        if text == self._asked_about and self._notices.has(KEY):
            return
        self._asked_about = text
        name = document.path.name if document.path else "The file"
        self._notices.show(
            changed_notice(name),
            {
                "reload": lambda: self._opening.may_replace(lambda: self._reread(text, opened)),
                "keep": lambda: self._keep_mine(text, opened),
                "difference": lambda: self.difference_requested.emit(text),
            },
        )

    def _keep_mine(self, text: str, opened: PartlyOpened) -> None:
        """The edits stay; what was changed is counted against what the file holds now."""
        document, found = self._document, opened.opened
        document.set_saved_text(text)
        if found is not None and document.net is not None:
            saved = DerivedNet(text, found.net, found.shapes)
            changes = changes_between(found.net, document.net, document.changes.n_fixes)
            document.set_baseline(saved, changes)

    def _reread(self, text: str, opened: PartlyOpened) -> None:
        """Show the file's new text, with everything else as it was."""
        name = opened.path.name
        self._notices.dismiss(KEY)
        self._sessions.reread(opened, text)
        self.reread.emit(f"{name} was saved by another program and read again")

    def _take_recipe(self) -> None:
        document = self._document
        net, shapes, path = document.net, document.shapes, document.path
        if net is None or shapes is None or path is None:
            return
        opened = open_text_partly(document.text, path, document.state).opened
        if opened is None:
            return
        recipe, problem = own_recipe(opened)
        if recipe is not None and problem is None and recipe.recipe != document.recipe:
            document.set_chosen_recipe(recipe)
            self.reread.emit(f"{recipe_path(path).name} was changed by another program")

    def _tell_gone(self, path: Path) -> None:
        if self._notices.has(KEY):
            return
        self._notices.show(gone_notice(path.name), {"save": self.save})


def _is_far(path: Path) -> bool:
    """Whether a file lies where other computers write, too."""
    kind = QStorageInfo(str(path.parent)).fileSystemType().data()
    return kind.startswith(_NETWORK)


def _look_at(files: _Files, known: str, state: NetState) -> _Looked:
    states = {path: FileState.of(path) for path in files.all}
    if states[files.prototxt] is None:
        return _Looked(files, states, None)
    try:
        text = read_prototxt(files.prototxt)
    except AppError as error:
        return _Looked(files, states, None, error=error)
    if text == known:
        return _Looked(files, states, text)
    opened = open_text_partly(text, files.prototxt, state)
    is_empty = opened.opened is None or not opened.opened.net.layers
    if is_empty and opened.error is None:
        problem = AppError(f"{files.prototxt.name} has no layers.")
        return _Looked(files, states, text, error=problem)
    return _Looked(files, states, text, opened)
