"""Models and sessions opened before: in a menu, and where no net is open."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject
from PyQt5.QtWidgets import QMenu

from core.files import is_plain_file
from core.session_file import SUFFIX as SESSION_SUFFIX
from gui.controllers.opening import OpeningController
from gui.controllers.sessions import SessionController
from gui.pages.start_page import RecentFile, StartPage
from gui.settings import Settings
from gui.widgets.plain_text import plain_caption, plain_tip


class RecentFilesController(QObject):
    """Opens a model with the weights it last had."""

    def __init__(
        self,
        menu: QMenu,
        page: StartPage,
        settings: Settings,
        opening: OpeningController,
        sessions: SessionController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._menu = menu
        self._page = page
        self._settings = settings
        self._opening = opening
        self._sessions = sessions
        menu.setToolTipsVisible(True)
        page.recent_chosen.connect(self._open)

    def fill(self) -> None:
        """List the files anew, the last opened first."""
        self._menu.clear()
        for path in self._settings.recent("models"):
            action = self._menu.addAction(plain_caption(path.name))
            action.setToolTip(plain_tip(str(path)))
            action.setStatusTip(str(path))
            action.triggered.connect(lambda _checked=False, p=path: self._open(p))
        self._menu.setEnabled(not self._menu.isEmpty())
        recent = self._settings.recent("models")
        self._page.show_recent([RecentFile(path, is_plain_file(path)) for path in recent])

    def _open(self, path: Path) -> None:
        if path.suffix == SESSION_SUFFIX:
            self._sessions.open(path)
            return
        weights = self._settings.weights_of(path)
        known = weights if weights is not None and is_plain_file(weights) else None
        self._opening.open_model(path, known)
