"""Models, sessions and folders opened before: in a menu, and where no net is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from PyQt5.QtCore import QObject
from PyQt5.QtWidgets import QMenu

from core.files import is_folder, is_plain_file
from core.session_file import SUFFIX as SESSION_SUFFIX
from gui.controllers.opening import OpeningController
from gui.controllers.recent_notes import day_words, note_of_gallery, note_of_net, read_note
from gui.controllers.searching.controller import SearchingController
from gui.controllers.sessions import SessionController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.pages.recent_list import RecentFile
from gui.pages.start_page import StartPage
from gui.settings import Settings
from gui.widgets.plain_text import add_plain


class RecentFilesController(QObject):
    """Opens a model with the weights it last had, and remembers how each was left."""

    def __init__(
        self,
        menu: QMenu,
        page: StartPage,
        settings: Settings,
        document: ModelDocument,
        lanes: Lanes,
        opening: OpeningController,
        sessions: SessionController,
        searching: SearchingController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._menu = menu
        self._page = page
        self._settings = settings
        self._document = document
        self._lanes = lanes
        self._gone: frozenset[Path] = frozenset()
        self._opening = opening
        self._sessions = sessions
        self._searching = searching
        self.now: Callable[[], datetime] = lambda: datetime.now().astimezone()
        menu.setToolTipsVisible(True)
        page.recent.net_chosen.connect(self._open)
        page.recent.folder_chosen.connect(opening.open_folder)
        for changed in (document.opened, document.weights_changed, document.recipe_changed,
                        document.verification_changed):  # fmt: skip
            changed.connect(self._note_net)
        document.opened.connect(self.fill)
        searching.indexed.connect(lambda _found: self._note_gallery())

    def fill(self) -> None:
        """List the files anew, the last opened first, and look which of them are gone."""
        self._menu.clear()
        for path in self._settings.recent("models"):
            action = add_plain(self._menu, path.name, str(path))
            action.setStatusTip(str(path))
            action.triggered.connect(lambda _checked=False, p=path: self._open(p))
        self._menu.setEnabled(not self._menu.isEmpty())
        self._show()
        nets, folders = self._settings.recent("models"), self._settings.recent("folders")
        self._lanes.files.start(
            lambda: _gone(nets, folders), key="recent-files", on_result=self._take_gone
        )

    def _take_gone(self, gone: frozenset[Path]) -> None:
        if gone != self._gone:
            self._gone = gone
            self._show()

    def _show(self) -> None:
        nets = [self._shown(path) for path in self._settings.recent("models")]
        folders = [self._shown(path, "photo-stack") for path in self._settings.recent("folders")]
        self._page.recent.show_files(nets, folders)

    def _shown(self, path: Path, icon: str = "layout") -> RecentFile:
        note = read_note(self._settings.note_of(path))
        day = day_words(note.at, self.now()) if note.at is not None else ""
        icon = "restart" if path.suffix == SESSION_SUFFIX else icon
        return RecentFile(path, path not in self._gone, note.detail, day, note.chips, icon)

    def _note_net(self) -> None:
        document = self._document
        if document.path is not None and document.net is not None and not document.is_edited:
            self._settings.set_note_of(document.path, note_of_net(document, self.now()))

    def _note_gallery(self) -> None:
        gallery = self._searching.gallery
        if gallery is None:
            return
        self._settings.add_recent("folders", gallery.root)
        note = note_of_gallery(len(gallery), gallery.progress.n_missing, self.now())
        self._settings.set_note_of(gallery.root, note)
        self.fill()

    def _open(self, path: Path) -> None:
        if path.suffix == SESSION_SUFFIX:
            self._sessions.open(path)
            return
        weights = self._settings.weights_of(path)
        known = weights if weights is not None and is_plain_file(weights) else None
        self._opening.open_model(path, known)


def _gone(files: Sequence[Path], folders: Sequence[Path]) -> frozenset[Path]:
    """Those that are not there; on a lane, since a disk may not answer."""
    gone = [path for path in files if not is_plain_file(path)]
    return frozenset((*gone, *(path for path in folders if not is_folder(path))))
