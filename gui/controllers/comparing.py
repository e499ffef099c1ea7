"""Compares two prototxts: asks for files, reads and matches them on a lane, keeps the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QFileSystemWatcher, QObject, pyqtSignal
from PyQt5.QtGui import QGuiApplication

from core.comparison.export import FORMATS, as_text
from core.comparison.rows import ComparedFile, Comparison, ComparisonRow
from core.errors import PrototxtError
from core.files import is_plain_file, write_file
from core.jobs.compare import ComparedSource, CompareRequest, compare
from gui.controllers.comparing_graphs import ComparedGraphs
from gui.controllers.opening_notices import parse_notice
from gui.controllers.sorted_paths import sort_paths
from gui.dialogs.comparison import ComparisonWindow
from gui.dialogs.files import PROTOTXT_FILTER, FileChooser
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notice, NoticeAction, Notices
from gui.panels.comparison.panel import ComparisonPanel
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.widgets.plain_text import plain_title

KEY, DROPPED = "compare", "dropped"
_FILTERS = {".md": "Markdown (*.md)", ".csv": "CSV table (*.csv)", ".txt": "Text (*.txt)"}


class ComparingController(QObject):
    """Holds the two files of the comparison window and follows them."""

    open_requested = pyqtSignal(object)

    def __init__(
        self,
        keeper: ThemeKeeper,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        chooser: FileChooser,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._document = document
        self._lanes = lanes
        self._window = window
        self._notices = notices
        self._settings = settings
        self.chooser = chooser
        self.dialog: ComparisonWindow | None = None
        self.panel: ComparisonPanel | None = None
        self.graphs: ComparedGraphs | None = None
        self._paths: tuple[Path, Path] | None = None
        self._phases = ("TEST", "TEST")
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_file_changed)
        document.net_changed.connect(self._on_document_changed)

    @property
    def comparison(self) -> Comparison | None:
        """What the window shows."""
        return self.panel.comparison if self.panel is not None else None

    def choose(self) -> None:
        """Ask for the file to hold against the open model; without one, for both."""
        path = self._document.path
        if path is None or self._document.net is None:
            self._ask("Compare two prototxts", self._take_first)
        else:
            self._ask(f"Compare {path.name} with", partial(self._take_second, path))

    def offers(self, paths: Sequence[Path]) -> bool:
        """Whether these are two prototxts, which are compared when dropped at once."""
        return len(paths) == len(_prototxts(paths)) == 2

    def offer(self, paths: Sequence[Path]) -> bool:
        """Offer to compare two prototxts dropped at once; False for anything else."""
        if not self.offers(paths):
            return False
        first, second = paths
        self._notices.show(
            Notice(
                "info",
                "Two prototxts at once",
                f"{first.name} and {second.name}: compare them, or open one.",
                actions=(
                    NoticeAction("compare", "Compare the two", "compare", closes=True),
                    NoticeAction("first", f"Open {first.name}", closes=True),
                    NoticeAction("second", f"Open {second.name}", closes=True),
                ),
                key=DROPPED,
            ),
            {
                "compare": lambda: self.compare(first, second),
                "first": lambda: self.open_requested.emit(first),
                "second": lambda: self.open_requested.emit(second),
            },
        )
        return True

    def compare(self, first: Path, second: Path) -> None:
        """Show two files against each other; of the open model's, the text as it is edited."""
        if self.dialog is None:
            phase = self._document.state.phase
            self._phases = (phase, phase)
        self._paths = (first.absolute(), second.absolute())
        self._settings.set_folder("models", second.absolute().parent)
        self.read_again()

    def read_again(self) -> None:
        """Read both files from the disk and match them."""
        if self._paths is None:
            return
        pairs = zip(self._paths, self._phases, strict=True)
        first, second = (self._source(path, phase) for path, phase in pairs)
        self._lanes.compute.start(
            lambda: compare(CompareRequest(first, second)),
            key=KEY,
            title=f"Comparing {first.path.name} with {second.path.name}",
            on_result=self._show,
            on_error=lambda error: self._notices.show_error(error, KEY),
        )

    def close(self) -> None:
        """Close the window, if it is open."""
        if self.dialog is not None:
            self.dialog.close()

    def _ask(self, title: str, on_chosen: object) -> None:
        folder = self._settings.folder("models")
        self.chooser.open_files(title, folder, PROTOTXT_FILTER, on_chosen)  # type: ignore[arg-type]

    def _take_first(self, paths: tuple[Path, ...]) -> None:
        if len(paths) > 1:
            self.compare(paths[0], paths[1])
        else:
            self._ask(f"Compare {paths[0].name} with", partial(self._take_second, paths[0]))

    def _take_second(self, first: Path, paths: tuple[Path, ...]) -> None:
        if len(paths) > 1:
            self.compare(paths[0], paths[1])
        else:
            self.compare(first, paths[0])

    def _source(self, path: Path, phase: str) -> ComparedSource:
        document = self._document
        state = replace(document.state, phase=phase)
        if document.path != path or document.net is None or document.is_partial:
            return ComparedSource(path, state)
        return ComparedSource(path, state, document.text, document.is_edited)

    def _show(self, comparison: Comparison) -> None:
        panel = self._open_window()
        panel.show_phases(*self._phases)
        first, second = comparison.first, comparison.second
        panel.show_comparison(comparison, (notice_of(first), notice_of(second)))
        if self.dialog is not None:
            self.dialog.setWindowTitle(plain_title(f"Compare {first.title} and {second.title}"))
        self._watch()

    def _open_window(self) -> ComparisonPanel:
        if self.dialog is not None and self.panel is not None:
            self.dialog.activateWindow()
            return self.panel
        panel = ComparisonPanel(self._keeper)
        dialog = ComparisonWindow(panel, self._settings.compare_geometry, self._window)
        panel.swap_requested.connect(self._swap)
        panel.reread_requested.connect(self.read_again)
        panel.choose_requested.connect(self._choose_side)
        panel.phases_chosen.connect(self._take_phases)
        panel.export_requested.connect(self._export)
        panel.graphs_requested.connect(self._make_graphs)
        panel.shown_changed.connect(self._show_graphs)
        panel.row_selected.connect(self._select_in_graphs)
        dialog.files_dropped.connect(self._take_dropped)
        dialog.finished.connect(lambda _code: self._forget(dialog))
        self.dialog, self.panel = dialog, panel
        dialog.show()
        panel.table.setFocus()
        return panel

    def _make_graphs(self) -> None:
        if self.panel is not None and self.graphs is None:
            panel, self.graphs = self.panel, ComparedGraphs(self._keeper, self._lanes, self.dialog)
            self.graphs.layer_selected.connect(
                lambda is_first, name: panel.choose_layer(name, is_first=is_first)
            )
            panel.set_graphs(self.graphs.widget)

    def _show_graphs(self) -> None:
        """Draw only while the graphs are looked at."""
        panel, comparison, graphs = self.panel, self.comparison, self.graphs
        if panel is None or comparison is None or graphs is None or not panel.shows_graphs:
            return
        first, second = comparison.first.side, comparison.second.side
        if first is not None and second is not None:
            graphs.show_nets(first, second, panel.model.rows)
            graphs.mark(panel.marked)
            graphs.select(panel.table.chosen)

    def _select_in_graphs(self, row: ComparisonRow | None) -> None:
        if self.graphs is not None and self.panel is not None and self.panel.shows_graphs:
            self.graphs.select(row)

    def _forget(self, dialog: ComparisonWindow) -> None:
        if self.dialog is not dialog:
            return
        self._settings.compare_geometry = dialog.saveGeometry()
        self.dialog = self.panel = self.graphs = self._paths = None
        self._lanes.cancel(KEY)
        self._watch()

    def _swap(self) -> None:
        if self._paths is not None:
            self._paths = (self._paths[1], self._paths[0])
            self._phases = (self._phases[1], self._phases[0])
            self.read_again()

    def _choose_side(self, is_first: bool) -> None:
        which = "first" if is_first else "second"
        self._ask(f"Choose the {which} file", partial(self._take_side, is_first))

    def _take_side(self, is_first: bool, paths: Sequence[Path]) -> None:
        if self._paths is None or not paths:
            return
        first, second = self._paths
        self.compare(*((paths[0], second) if is_first else (first, paths[0])))

    def _take_dropped(self, paths: list[Path], is_first: bool) -> None:
        known = _prototxts(paths)
        if len(known) > 1:
            self.compare(known[0], known[1])
        else:
            self._take_side(is_first, known)

    def _take_phases(self, first: str, second: str) -> None:
        self._phases = (first, second)
        self.read_again()

    def _export(self, kind: str) -> None:
        panel, comparison = self.panel, self.comparison
        if panel is None or comparison is None:
            return
        rows = panel.model.shown
        if kind not in FORMATS:
            QGuiApplication.clipboard().setText(as_text(comparison, rows))
            return
        content = FORMATS[kind](comparison, rows)
        first, second = comparison.first.path.stem, comparison.second.path.stem
        path = self._settings.folder("exports") / f"{first}_and_{second}{kind}"
        self.chooser.save_file(
            "Save the comparison", path, _FILTERS[kind], partial(self._write, content)
        )

    def _write(self, content: bytes, path: Path) -> None:
        self._settings.set_folder("exports", path.parent)
        self._lanes.files.start(
            lambda: write_file(path, content),
            key=f"{KEY}-write",
            on_error=lambda error: self._notices.show_error(error, "save"),
        )

    def _watch(self) -> None:
        if self._watcher.files():
            self._watcher.removePaths(self._watcher.files())
        there = [str(path) for path in set(self._paths or ()) if is_plain_file(path)]
        if there:
            self._watcher.addPaths(there)

    def _on_file_changed(self, name: str) -> None:
        self._say_changed(Path(name), "changed on the disk")

    def _on_document_changed(self) -> None:
        path = self._document.path
        if path is not None:
            self._say_changed(path, "edited in the main window")

    def _say_changed(self, path: Path, words: str) -> None:
        if self.panel is None or self._paths is None:
            return
        for is_first, known in ((True, self._paths[0]), (False, self._paths[1])):
            if known == path:
                self.panel.show_changed(is_first, words)


def _prototxts(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if sort_paths([path]).prototxt is not None]


def notice_of(file: ComparedFile) -> Notice | None:
    """Why a file can't be read: with its line, where that is known."""
    if isinstance(file.error, PrototxtError):
        return replace(parse_notice(file.error, file.source, 0, 0), actions=())
    if file.error is None:
        return None
    return Notice("error", file.error.sentence, file.error.hint)
