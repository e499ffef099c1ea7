"""Statistics of the folder that is searched: what is kept of it, and reading the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError, EngineCrashed
from core.files import is_plain_file
from core.jobs.look import LookRequest
from core.jobs.stats import Stats, StatsOutlook, StatsRequest, look_ahead, stats
from core.words import about_text, plural
from gui.controllers.engine_child import EngineController
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices

READ, LOOK = "folder-statistics", "folder-statistics-look"


class FolderStatistics(QObject):
    """Looks without running anything; only `read` runs the net, and what it read stays."""

    changed = pyqtSignal()

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        notices: Notices,
        folder: Callable[[], Path | None],
        cache: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._lanes, self._engine = document, lanes, engine
        self._notices, self._folder, self._cache = notices, folder, cache
        self._asked: StatsRequest | None = None
        self._outlook: StatsOutlook | None = None

    @property
    def found(self) -> Stats | None:
        """What is known of the folder, as far as it was read."""
        return None if self._outlook is None else self._outlook.found

    @property
    def outlook(self) -> StatsOutlook | None:
        """What is known, and what is to be read; None before it was looked for."""
        return self._outlook

    @property
    def is_reading(self) -> bool:
        """Whether the folder is read now."""
        return self._lanes.is_running(READ)

    def offer_words(self, seconds: float | None) -> tuple[str, str]:
        """What there is of the folder, and what a button for the rest says; "" for all of it.

        seconds: how long one image takes.
        """
        folder, outlook = self._folder(), self._outlook
        if folder is None or outlook is None or not outlook.n_to_read:
            return "", ""
        n_read = outlook.n_files - outlook.n_to_read
        words = f"{n_read:,} of {plural(outlook.n_files, 'image')} of {folder.name} read."
        if self.is_reading:
            return f"{words} Reading the rest.", ""
        time = "" if seconds is None else f", {about_text(seconds * outlook.n_to_read)}"
        return words, f"Read {outlook.n_to_read:,}{time}"

    def look(self) -> None:
        """Look for what is kept, where that has not been done for the net and folder of now."""
        request = self._request()
        if request == self._asked:
            return
        self._asked, self._outlook = request, None
        folder = None if request is None else request.folder
        if request is None or folder is None:
            self.changed.emit()
            return
        self._lanes.compute.start(
            lambda: look_ahead(request, folder),
            key=LOOK,
            on_result=lambda outlook: self._take(request, outlook),
            on_error=self._on_failed,
        )

    def look_at_kept(self) -> None:
        """Look where there is a file of what was read; nothing is listed without one."""
        request = self._request()
        if request is not None and request.kept is not None and is_plain_file(request.kept):
            self.look()
        elif request != self._asked:
            self._asked = self._outlook = None
            self.changed.emit()

    def read(self) -> None:
        """Read what is missing."""
        request = self._request()
        if request is None or request.kept is None:
            return
        try:
            request.kept.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = AppError(f"{request.kept.parent} can't be made.", details=str(error))
            self._notices.show_error(problem, READ)
            return
        self._notices.dismiss(READ)
        self._lanes.engine.start(
            lambda: stats(request, self._engine.host),
            key=READ,
            title="Statistics",
            slice_seconds=SLICE_SECONDS,
            on_error=self._on_failed,
            on_end=self._look_again,
        )
        self.changed.emit()

    def _look_again(self) -> None:
        """What was read before the end or a cancel is there."""
        self._asked = None
        self.look()

    def _take(self, request: StatsRequest, outlook: StatsOutlook) -> None:
        if request == self._asked:
            self._outlook = outlook
            self.changed.emit()

    def _on_failed(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, READ)
        self.changed.emit()

    def _request(self) -> StatsRequest | None:
        return self.request_of(self._folder())

    def request_of(self, folder: Path | None) -> StatsRequest | None:
        """All values of the net over a folder; None where one of them is missing."""
        document = self._document
        if folder is None or document.net is None or document.chosen_recipe is None:
            return None
        look = LookRequest(self._engine.request(), None, document.chosen_recipe)
        said = repr((folder, look)).encode("utf-8", "backslashreplace")
        kept = self._cache / f"{hashlib.sha256(said).hexdigest()[:32]}.npz"
        return StatsRequest(look, folder, kept=kept)
