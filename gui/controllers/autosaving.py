"""Keeps unsaved edits on the disk, and offers back those of a window that did not end well."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PyQt5.QtCore import QLockFile, QObject, QStandardPaths, QTimer

from core.errors import AppError
from core.session_file import SUFFIX, Session, read_session, write_session
from gui.controllers.sessions import SessionController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, NoticeAction, Notices

DELAY_MILLISECONDS = 700
KEY = "autosave"


def autosave_folder() -> Path:
    """Where this user's unsaved edits are kept."""
    base = QStandardPaths.writableLocation(QStandardPaths.AppLocalDataLocation)
    return Path(base or Path.home()) / "unsaved"


@dataclass(frozen=True)
class LostEdits:
    """Edits that a window left behind, and the lock that keeps other windows off them."""

    path: Path
    session: Session
    lock: QLockFile


class AutosavingController(QObject):
    """Writes a session while there are unsaved edits; a clean end takes it away.

    A lock beside the file lives as long as its window: a file whose lock is free has no window.
    """

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        sessions: SessionController,
        notices: Notices,
        folder: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._sessions = sessions
        self._notices = notices
        self._folder = folder or autosave_folder()
        self._path = self._folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._lock = _lock_of(self._path)
        self._lost: list[LostEdits] = []
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(DELAY_MILLISECONDS)
        self._delay.timeout.connect(self._keep)
        for changed in (document.net_changed, document.saved_changed, document.selection_changed,
                        document.image_changed, document.weights_changed):  # fmt: skip
            changed.connect(self._delay.start)

    @property
    def path(self) -> Path:
        """Where this window's unsaved edits are kept."""
        return self._path

    def offer_lost_edits(self) -> None:
        """Look for edits that other windows left behind and offer the newest of them."""
        self._lanes.files.start(
            lambda: find_lost_edits(self._folder), key="lost-edits", on_result=self._offer
        )

    def close(self) -> None:
        """Forget this window's edits: they were saved, or the user let them go.

        To be called when the lanes have ended.
        """
        self._delay.stop()
        _remove(self._path)
        self._lock.unlock()
        for lost in self._lost:
            lost.lock.unlock()

    def _keep(self) -> None:
        session = self._sessions.snapshot() if self._document.is_edited else None
        path, lock = self._path, self._lock
        # one thread, so that two saves never write at once
        self._lanes.compute.start(lambda: _write_or_remove(path, lock, session), key=KEY)

    def _offer(self, found: list[LostEdits]) -> None:
        self._lost = sorted(found, key=_saved_at)
        self._show_next()

    def _show_next(self) -> None:
        if not self._lost:
            self._notices.dismiss(KEY)
            return
        lost = self._lost[-1]
        self._notices.show(
            _notice(lost, len(self._lost) - 1),
            {"restore": lambda: self._restore(lost), "discard": lambda: self._discard(lost)},
        )

    def _restore(self, lost: LostEdits) -> None:
        """The file goes only when its edits are in this window and on the disk again."""

        def let_go() -> None:
            self._keep()
            self._discard(lost)

        self._sessions.open(lost.path, let_go, is_listed=False)

    def _discard(self, lost: LostEdits) -> None:
        self._lost = [other for other in self._lost if other is not lost]
        self._lanes.files.start(lambda: _give_up(lost), key=f"discard {lost.path.name}")
        self._show_next()


def find_lost_edits(folder: Path) -> list[LostEdits]:
    """The edits in `folder` that belong to no living window; their locks are taken."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        lock = _lock_of(path)
        if not lock.tryLock(0):
            continue
        try:
            found.append(LostEdits(path, read_session(path), lock))
        except AppError:  # half a file of a machine that went down; there is nothing to restore
            _remove(path)
            lock.unlock()
    return found


def _write_or_remove(path: Path, lock: QLockFile, session: Session | None) -> None:
    if session is None:
        _remove(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if not lock.isLocked():
        lock.tryLock(0)
    write_session(path, session)


def _give_up(lost: LostEdits) -> None:
    _remove(lost.path)
    lost.lock.unlock()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _lock_of(path: Path) -> QLockFile:
    lock = QLockFile(str(path.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # a window may live for days; only its death frees the lock
    return lock


def _notice(lost: LostEdits, n_more: int) -> Notice:
    session = lost.session
    count = session.n_done
    when = "" if session.saved_at is None else f" {_day_and_time(session.saved_at.astimezone())}"
    more = f" {n_more} more such file{'s' if n_more > 1 else ''} after this one." if n_more else ""
    return Notice(
        "warning",
        f"Unsaved edits of {session.prototxt.name} were found",
        f"A window ended{when} with {count} edit{'s' if count != 1 else ''} that"
        f" {'were' if count != 1 else 'was'} not saved.{more}",
        actions=(
            NoticeAction("restore", "Restore", "undo", closes=True),
            NoticeAction("discard", "Discard", closes=True),
        ),
        key=KEY,
    )


def _saved_at(lost: LostEdits) -> float:
    saved_at = lost.session.saved_at
    return 0.0 if saved_at is None else saved_at.timestamp()


def _day_and_time(when: datetime) -> str:
    today = datetime.now().astimezone().date()
    day = "today" if when.date() == today else f"on {when:%d %B %Y}"
    return f"{day} at {when:%H:%M}"
