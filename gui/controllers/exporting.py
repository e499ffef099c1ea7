"""Asks where an export goes, has it written, and says what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.progress import Job
from gui.dialogs.files import FileChooser
from gui.jobs import Lanes
from gui.notices import Notices
from gui.settings import Settings


class ExportingController(QObject):
    """Remembers the folder of the last export."""

    saved = pyqtSignal(object)
    """The path of a file that is there now."""

    def __init__(
        self,
        lanes: Lanes,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._notices = notices
        self._settings = settings
        self._chooser = chooser

    def choose(self, title: str, name: str, filters: str, write: Callable[[Path], object]) -> None:
        """Offer `name` in the dialog; `write` raises AppError where it can't be done."""

        def save(path: Path) -> None:
            self._settings.set_folder("exports", path.parent)
            try:
                write(path)
            except AppError as error:
                self._notices.show_error(error, "save")
            else:
                self.saved.emit(path)

        self._chooser().save_file(title, self._settings.folder("exports") / name, filters, save)

    def choose_for_job(
        self,
        title: str,
        name: str,
        filters: str,
        job: Callable[[Path], Job[Any]],
        warning: Callable[[Any], str] = lambda _result: "",
    ) -> None:
        """Like `choose`, for what takes its time: it has progress and can be cancelled.

        warning: of the job's result, what the user should know of the file; "" for nothing.
        """

        def take(path: Path, result: object) -> None:
            self.saved.emit(path)
            words = warning(result)
            if words:
                self._notices.note("warning", words)

        def save(path: Path) -> None:
            self._settings.set_folder("exports", path.parent)
            self._notices.dismiss("save")
            self._lanes.files.start(
                lambda: job(path),
                key=f"save {path}",
                title=f"Saving {path.name}",
                on_result=lambda result: take(path, result),
                on_error=lambda error: self._notices.show_error(error, "save"),
            )

        self._chooser().save_file(title, self._settings.folder("exports") / name, filters, save)
