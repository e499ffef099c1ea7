"""Keeps unsaved edits on the disk, and offers back those of a window that did not end well."""

from __future__ import annotations

import contextlib
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PyQt5.QtCore import QObject, QStandardPaths, QTimer

from core.errors import AppError
from core.leftovers import remove_leftovers
from core.locks import FileLock
from core.session_file import SUFFIX, Session, read_session, write_session
from gui.controllers.renaming import RenamingController
from gui.controllers.sessions import SessionController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, NoticeAction, Notices
from gui.throttle import Throttle

_LOG = logging.getLogger(__name__)

INTERVAL_MILLISECONDS = 300
RETRY_MILLISECONDS = 2000
KEY = "autosave"
FAILED_KEY = "autosave-failed"
LOCK_SUFFIX = ".lock"


def autosave_folder() -> Path:
    """Where this user's unsaved edits are kept."""
    base = QStandardPaths.writableLocation(QStandardPaths.AppLocalDataLocation)
    return Path(base or Path.home()) / "unsaved"


@dataclass(frozen=True)
class LostEdits:
    """Edits that a window left behind, and the lock that keeps other windows off them."""

    path: Path
    session: Session
    lock: FileLock


class AutosavingController(QObject):
    """Writes a session while there are unsaved edits; a clean end takes it away.

    The first edit is on its way to the disk at once, on a lane of its own, and those after it
    within `INTERVAL_MILLISECONDS`, however many come. A lock beside the file lives as long as its
    window: a file whose lock is free has no window.
    """

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        renaming: RenamingController,
        sessions: SessionController,
        notices: Notices,
        folder: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._sessions = sessions
        self._notices = notices
        self._folder = folder or autosave_folder()
        self._path = self._folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._lock = _lock_of(self._path)
        self._lost: list[LostEdits] = []
        self._restored: list[LostEdits] = []
        self._has_failed = False
        self._throttle = Throttle(INTERVAL_MILLISECONDS, self)
        self._throttle.due.connect(self._keep)
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(RETRY_MILLISECONDS)
        self._retry.timeout.connect(self._throttle.wish)
        # The history, not the net: what an edit means may take long to work out.
        for changed in (renaming.history.indexChanged, document.saved_changed,
                        document.selection_changed, document.image_changed,
                        document.weights_changed):  # fmt: skip
            changed.connect(self._throttle.wish)

    @property
    def path(self) -> Path:
        """Where this window's unsaved edits are kept."""
        return self._path

    def offer_lost_edits(self) -> None:
        """Look for edits that other windows left behind and offer the newest of them."""
        self._lanes.files.start(
            lambda: find_lost_edits(self._folder), key="lost-edits", on_result=self._offer
        )

    def hurry(self) -> None:
        """Keep what there is now, as after a bug."""
        self._throttle.hurry()

    def close(self, *, has_let_go: bool) -> None:
        """Forget this window's edits if they were saved or let go; else the next start offers them.

        To be called when the lanes have ended.
        """
        self._throttle.stop()
        self._retry.stop()
        session = self._sessions.snapshot() if self._sessions.has_unsaved else None
        if session is None or has_let_go:
            _remove(self._path)
        else:
            self._write_at_last(session)
        self._lock.release(is_done=True)
        for lost in (*self._lost, *self._restored):
            lost.lock.release()

    def _write_at_last(self, session: Session) -> None:
        try:
            _write(self._path, self._lock, session)
        except AppError as error:
            _LOG.error("Unsaved edits can't be kept: %s", error)

    def _keep(self) -> None:
        has_unsaved = self._sessions.has_unsaved
        session = self._sessions.snapshot() if has_unsaved else None
        path, lock, restored = self._path, self._lock, tuple(self._restored)
        if session is None and has_unsaved:
            return  # another net is on its way
        self._lanes.keeping.start(
            lambda: _remove(path) if session is None else _write(path, lock, session),
            key=KEY,
            on_result=lambda _: self._note_kept(restored),
            on_error=self._fail,
        )

    def _note_kept(self, restored: tuple[LostEdits, ...]) -> None:
        self._has_failed = False
        self._notices.dismiss(FAILED_KEY)
        for lost in restored:
            self._restored.remove(lost)
            self._discard(lost)

    def _fail(self, error: AppError) -> None:
        """Say it once, and try again until it works."""
        self._retry.start()
        if self._has_failed:
            return
        self._has_failed = True
        self._notices.show(
            Notice(
                "error",
                "Unsaved edits can't be kept",
                (
                    f"{error.sentence} Save the net as a file of its own: a crash would lose its"
                    " edits. Blobscope goes on trying."
                ),
                key=FAILED_KEY,
            )
        )

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

        def note() -> None:
            self._restored.append(lost)
            self._lost = [other for other in self._lost if other is not lost]
            self._show_next()
            self._throttle.wish()

        self._sessions.open(lost.path, note, is_listed=False)

    def _discard(self, lost: LostEdits) -> None:
        self._lost = [other for other in self._lost if other is not lost]
        self._lanes.files.start(lambda: _give_up(lost), key=f"discard {lost.path.name}")
        self._show_next()


def find_lost_edits(folder: Path) -> list[LostEdits]:
    """The edits in `folder` that belong to no living window; their locks are taken.

    A file that can't be read stays: a newer Blobscope may be able to.
    """
    remove_leftovers(folder)
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        lock = _lock_of(path)
        if not _take(lock):
            continue
        try:
            found.append(LostEdits(path, read_session(path), lock))
        except AppError as error:
            _LOG.warning("Lost edits can't be offered: %s", error)
            lock.release()
    for path in folder.glob(f"*{LOCK_SUFFIX}"):  # of windows that died before their first edit
        lock = FileLock(path)
        if not path.with_suffix(SUFFIX).exists() and _take(lock):
            lock.release(is_done=True)
    return found


def _write(path: Path, lock: FileLock, session: Session) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AppError(f"{path.parent} can't be written: {error.strerror or error}.") from error
    _take(lock)  # without locks other windows can't tell whose it is, and leave it alone
    write_session(path, session)


def _take(lock: FileLock) -> bool:
    try:
        return lock.take()
    except OSError:  # a folder that may only be read, or a disk without locks
        return False


def _give_up(lost: LostEdits) -> None:
    _remove(lost.path)
    lost.lock.release(is_done=True)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _lock_of(path: Path) -> FileLock:
    return FileLock(path.with_suffix(LOCK_SUFFIX))


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
