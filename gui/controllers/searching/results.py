"""Sets two results against each other: layers that are evaluated, or files of the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.jobs.compare_results import CompareResultsRequest, compare_results
from core.retrieval.compared_results import ComparedResults, Result
from gui.controllers.searching.controller import SearchingController
from gui.dialogs.files import JSON_FILTER, FileChooser
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.retrieval.results_view import ResultsView
from gui.panels.retrieval.view import EvaluationRow
from gui.settings import Settings

RESULTS = "compare-results"


class ResultsController(QObject):
    """Nothing is compared that has not been chosen, but for the two best at first."""

    compared = pyqtSignal(object)

    def __init__(
        self,
        lanes: Lanes,
        searching: SearchingController,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        view: ResultsView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._searching = searching
        self._notices = notices
        self._settings = settings
        self._chooser = chooser
        self._view = view
        self._files: list[Path] = []
        self._rows: dict[str, EvaluationRow] = {}
        view.compared.connect(self.compare)
        view.file_requested.connect(self.choose_file)
        view.query_requested.connect(searching.query_image)
        searching.evaluated.connect(lambda _row: self._offer(self._view.keys))
        searching.changed.connect(lambda: self._offer(self._view.keys))

    def choose_file(self, place: int) -> None:
        """Ask for a file of `evaluate --json` as A (0) or B (1)."""

        def take(paths: tuple[Path, ...]) -> None:
            self._settings.set_folder("labels", paths[0].parent)
            if paths[0] not in self._files:
                self._files.append(paths[0])
            keys = list(self._view.keys)
            keys[place] = str(paths[0])
            self._offer((keys[0], keys[1]))
            if all(keys):
                self.compare(*keys)

        start = self._settings.folder("labels")
        self._chooser().open_files("A result of `evaluate --json`", start, JSON_FILTER, take)

    def compare(self, first: str, second: str) -> None:
        """Compare the results of two keys."""
        request = CompareResultsRequest(self._result(first), self._result(second))
        self._lanes.compute.start(
            lambda: compare_results(request),
            key=RESULTS,
            on_result=self._take,
            on_error=self._show_error,
        )

    def _result(self, key: str) -> Result | str:
        row = self._rows.get(key)
        if row is None:
            return key
        precisions = {
            row.paths[query.index]: query.score.average_precision for query in row.queries
        }
        variant = row.variant if not row.truth else f"{row.variant}, {row.truth}"
        return Result(row.label, precisions, variant)

    def _offer(self, keys: tuple[str, str]) -> None:
        """The evaluated layers, then the files; a layer that is gone takes its comparison along."""
        rows = sorted(self._searching.state.rows.values(), key=lambda row: -row.mean_ap)
        self._rows = {f"row:{row.label}": row for row in rows if not row.is_part}
        offered = [
            (key, f"{row.label}, {row.measure} {row.number(row.mean_ap)}")
            for key, row in self._rows.items()
        ]
        offered += [(str(path), path.name) for path in self._files]
        there = [key for key, _ in offered]
        first, second = (key if key in there else "" for key in keys)
        if not first and not second and len(self._rows) > 1:
            first, second = there[1], there[0]
            self._view.offer(offered, (first, second))
            self.compare(first, second)
            return
        self._view.offer(offered, (first, second))
        if not first or not second:
            self._view.show_compared(None, self._path_of)

    def _take(self, found: ComparedResults) -> None:
        self._notices.dismiss(RESULTS)
        self._view.show_compared(found, self._path_of)
        self.compared.emit(found)

    def _path_of(self, file: str) -> Path | None:
        gallery = self._searching.gallery
        index = None if gallery is None else gallery.find(Path(file))
        return None if gallery is None or index is None else gallery.path(index)

    def _show_error(self, error: AppError) -> None:
        self._view.show_compared(None, self._path_of, f"{error.sentence} {error.hint}".strip())
