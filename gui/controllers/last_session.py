"""The session as the window was closed, offered where the next one begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.files import is_plain_file
from core.session_file import Session, read_session, write_session
from gui.controllers.autosaving import autosave_folder
from gui.controllers.recent_notes import day_words
from gui.controllers.sessions import SessionController
from gui.document import ModelDocument
from gui.jobs import Lanes

_LOG = logging.getLogger(__name__)
NAME = "last.blobscope"
NO_LAST = "No session was closed with a net open yet."


class LastSession(QObject):
    """One file beside the unsaved edits, written as the window closes."""

    changed = pyqtSignal()

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        sessions: SessionController,
        autosaves: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._sessions = sessions
        self._path = (autosaves or autosave_folder()).with_name(NAME)
        self.sentence = ""
        self.now: Callable[[], datetime] = lambda: datetime.now().astimezone()

    @property
    def why_not(self) -> str:
        """Why there is none to restore; "" where there is one."""
        return "" if self.sentence else NO_LAST

    def start(self) -> None:
        """Look whether there is one, and what it was."""
        if is_plain_file(self._path):
            self._lanes.files.start(
                lambda: read_session(self._path),
                key="last-session",
                on_result=self._take,
                on_error=lambda error: _LOG.info("The last session is left out: %s", error),
            )

    def restore(self) -> None:
        """Go on with it."""
        self._sessions.open(self._path, is_listed=False)

    def keep(self) -> None:
        """Write the window as it is; edits that were let go of are left out."""
        session, document = self._sessions.snapshot(), self._document
        if session is None:
            return
        if document.is_edited:
            session = replace(session, base_text=document.saved_text, steps=(), n_done=0)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_session(self._path, session)
        except (AppError, OSError) as error:
            _LOG.warning("The session can't be kept: %s", error)

    def _take(self, session: Session) -> None:
        parts = [session.prototxt.stem, session.selection]
        if session.search is not None:
            parts.append(session.search.folder.name)
        if session.saved_at is not None:
            then = session.saved_at.astimezone()
            parts.append(f"{day_words(then, self.now())} {then:%H:%M}")
        self.sentence = ", ".join(filter(None, parts))
        self.changed.emit()
