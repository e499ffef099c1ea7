"""The one door for messages to the user: notices are shown, replaced by key and dismissed here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from gui.widgets.code_block import CodeLine
from gui.widgets.notice_card import Notice, NoticeAction

_LOG = logging.getLogger(__name__)

Handlers = Mapping[str, Callable[[], None]]


class Notices(QObject):
    """What is shown now, by key; the notice bar follows `changed`, tests read `current`."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown: dict[str, tuple[Notice, Handlers]] = {}
        self._remedies: dict[type[AppError], Callable[[AppError], None]] = {}

    @property
    def current(self) -> tuple[Notice, ...]:
        """The notices shown, newest first."""
        return tuple(notice for notice, _ in reversed(self._shown.values()))

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


__all__ = ["CodeLine", "Handlers", "Notice", "NoticeAction", "Notices"]
