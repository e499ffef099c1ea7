"""Brings settings to the disk as they change, and clears up in the folders that they name."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from PyQt5.QtCore import QObject

from core.errors import AppError
from core.leftovers import remove_leftovers
from gui.jobs import Lanes
from gui.notices import Notice, Notices
from gui.settings import Settings
from gui.throttle import Throttle

_LOG = logging.getLogger(__name__)

INTERVAL_MILLISECONDS = 1000
KEY = "settings"


class RememberingController(QObject):
    """Writes within a second of a change, so that a window that dies forgets nothing."""

    def __init__(
        self, lanes: Lanes, notices: Notices, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._notices = notices
        self._settings = settings
        self._has_failed = False
        self._throttle = Throttle(INTERVAL_MILLISECONDS, self)
        self._throttle.due.connect(self._write)
        settings.on_changed = self._throttle.wish

    def start(self) -> None:
        """Say what could not be read, and clear up after programs that were killed."""
        damaged = self._settings.damaged
        if damaged is not None:
            kept = f"They begin anew. What was there is kept in {damaged}."
            self._notices.show(
                Notice("warning", "The window's settings were damaged", kept, key=KEY)
            )
        files = [*self._settings.recent("models"), *self._settings.recent("images")]
        folders = {path.parent for path in files}
        self._lanes.files.start(
            lambda: _clear_up([self._settings.path.parent, *sorted(folders)]), key="leftovers"
        )

    def close(self) -> None:
        """Write what is not written yet."""
        self._throttle.stop()
        self._settings.on_changed = lambda: None
        try:
            self._settings.write()
        except AppError as error:
            _LOG.warning("The settings can't be kept: %s", error)

    def _write(self) -> None:
        self._lanes.files.start(self._settings.write, key=KEY, on_error=self._fail)

    def _fail(self, error: AppError) -> None:
        if not self._has_failed:  # once: it is of no use to hear it at every change
            self._has_failed = True
            self._notices.show_error(error, KEY, "The window's settings can't be kept")


def _clear_up(folders: Iterable[Path]) -> None:
    for folder in folders:
        n_removed = remove_leftovers(folder)
        if n_removed:
            _LOG.info("Removed %d half written files in %s", n_removed, folder)
