"""The one door for messages to the user: notices are shown, replaced by key and dismissed here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from gui.widgets.code_block import CodeLine
from gui.widgets.notice_card import Notice, NoticeAction
from gui.widgets.plain_text import plain_words

_LOG = logging.getLogger(__name__)

Handlers = Mapping[str, Callable[[], None]]
MOST_KEPT = 200


@dataclass(frozen=True)
class Told:
    """A notice, or the result of a job, and when it was said."""

    notice: Notice
    at: datetime

    @property
    def words(self) -> str:
        """Body and note in one line, without markup."""
        return plain_words(self.notice.body or self.notice.note)


class Notices(QObject):
    """What is shown now, by key, and all that was; the strip and the bell follow `changed`."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown: dict[str, tuple[Notice, Handlers]] = {}
        self._told: list[Told] = []
        self._remedies: dict[type[AppError], Callable[[AppError], None]] = {}

    @property
    def current(self) -> tuple[Notice, ...]:
        """The notices shown, newest first."""
        return tuple(notice for notice, _ in reversed(self._shown.values()))

    @property
    def told(self) -> tuple[Told, ...]:
        """What was said in this session, newest first."""
        return tuple(reversed(self._told))

    def note(self, kind: str, sentence: str, words: str = "") -> None:
        """Keep a result among what was said, without a notice over the page."""
        self._keep(Notice(kind, sentence, words, key=f"note {sentence}"))
        self.changed.emit()

    def _keep(self, notice: Notice) -> None:
        if self._told and self._told[-1].notice.title == notice.title:
            self._told.pop()
        self._told.append(Told(notice, datetime.now().astimezone()))
        del self._told[:-MOST_KEPT]

    def has(self, key: str) -> bool:
        """Whether a notice of that key is shown."""
        return key in self._shown

    def show(self, notice: Notice, handlers: Handlers | None = None) -> None:
        """Show a notice on top; one of the same key is replaced.

        handlers: what each of the notice's action ids does.
        """
        _LOG.info("Notice %s (%s): %s", notice.key, notice.kind, notice.title)
        self._shown.pop(notice.key, None)
        self._shown[notice.key] = (notice, handlers or {})
        self._keep(notice)
        self.changed.emit()

    def offer_remedy(self, kind: type[AppError], show: Callable[[AppError], None]) -> None:
        """Let `show` say every error of one kind, whichever job met it."""
        self._remedies[kind] = show

    def show_error(self, error: AppError, key: str, title: str = "") -> None:
        """Show an expected failure: what happened, what to do, and its details."""
        remedy = self._remedies.get(type(error))
        if remedy is not None:
            remedy(error)
            return
        lines = tuple(CodeLine(0, line) for line in error.details.splitlines()[-8:])
        body = error.hint if not title else f"{error.sentence} {error.hint}".strip()
        heading = title or error.sentence.rstrip(".")
        self.show(Notice("error", heading, body, code=lines, key=key))

    def dismiss(self, key: str) -> None:
        """Take a notice away."""
        if self._shown.pop(key, None) is not None:
            self.changed.emit()

    def dismiss_all(self, *keys: str) -> None:
        """Take several notices away at once."""
        if [self._shown.pop(key) for key in keys if key in self._shown]:
            self.changed.emit()

    def trigger(self, key: str, action: str) -> None:
        """Do what a notice's button says."""
        _, handlers = self._shown.get(key, (None, {}))
        if action in handlers:
            handlers[action]()


__all__ = ["CodeLine", "Handlers", "Notice", "NoticeAction", "Notices", "Told"]
