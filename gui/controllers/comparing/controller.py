"""Compares two prototxts: asks for files, reads and matches them on a lane, follows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QFileSystemWatcher, QObject, pyqtSignal
from PyQt5.QtGui import QGuiApplication

from core.comparison.export import FORMATS, as_text, hint, summary
from core.comparison.rows import ComparedFile, Comparison
from core.errors import PrototxtError
from core.files import is_plain_file, write_file
from core.jobs.compare import ComparedSource, CompareRequest, compare
from gui.controllers.comparing.figures import figures_as_csv
from gui.controllers.opening_notices import parse_notice
from gui.controllers.sorted_paths import sort_paths
from gui.dialogs.files import PROTOTXT_FILTER, FileChooser
from gui.document import ModelDocument
from gui.graph.pair_drawing import PairDrawing
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notice, NoticeAction, Notices
from gui.settings import Settings

KEY, DROPPED = "compare", "dropped"
_FILTERS = {".md": "Markdown (*.md)", ".csv": "CSV table (*.csv)", ".txt": "Text (*.txt)"}


class ComparingController(QObject):
    """Holds the two files of the Compare page and follows them."""

    open_requested = pyqtSignal(object)
    compared = pyqtSignal()
    """Two files, or the same anew, were read and matched, or could not be."""
    saved = pyqtSignal(object)
    """The path of an export that is there now."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        chooser: FileChooser,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._window = window
        self._page = window.compare_page
        self._notices = notices
        self._settings = settings
        self.chooser = chooser
        self._paths: tuple[Path, Path] | None = None
        self._phases = ("TEST", "TEST")
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_file_changed)
        document.net_changed.connect(self._on_document_changed)
        self._connect()

    @property
    def comparison(self) -> Comparison | None:
        """What the page shows."""
        return self._page.comparison

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

    def takes(self, paths: Sequence[Path]) -> bool:
        """Whether a prototxt is dropped on the Compare page, where it becomes B."""
        has_files = self._paths is not None and self._window.page == "compare"
        return has_files and len(paths) == 1 and len(_prototxts(paths)) == 1

    def take(self, path: Path) -> None:
        """Hold another file against A."""
        self._take_side(False, (path,))

    def compare(self, first: Path, second: Path) -> None:
        """Show two files against each other; of the open model's, the text as it is edited."""
        if self._paths is None:
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

    def _connect(self) -> None:
        page, bar = self._page, self._page.bar
        page.empty.clicked.connect(self.choose)
        page.broken.choose_requested.connect(self._choose_side)
        page.layers.shown_changed.connect(self._say)
        bar.swap_requested.connect(self._swap)
        bar.reread_requested.connect(self.read_again)
        bar.choose_requested.connect(self._choose_side)
        bar.phases_chosen.connect(self._take_phases)
        bar.export_requested.connect(self._export)

        def draw(work: Callable[[], PairDrawing], take: Callable[[PairDrawing], None]) -> None:
            self._lanes.compute.start(work, key="compare-graphs", on_result=take)

        page.graph.run_elsewhere = draw

    def _show(self, comparison: Comparison) -> None:
        self._page.bar.show_phases(*self._phases)
        first, second = comparison.first, comparison.second
        self._page.show_comparison(comparison, (notice_of(first), notice_of(second)))
        self._window.show_page("compare")
        self._watch()
        self.compared.emit()

    def _say(self) -> None:
        """The sentence of the layers, which depends on what counts."""
        comparison, layers = self.comparison, self._page.layers
        if comparison is not None and comparison.nets is not None:
            words = (hint(comparison, layers.list.rows), layers.ignored_words)
            more = " ".join(filter(None, words))
            for view in ("layers", "text"):
                self._page.say(view, _with_letters(summary(comparison)), more)

    def _swap(self) -> None:
        if self._paths is not None:
            self._paths = (self._paths[1], self._paths[0])
            self._phases = (self._phases[1], self._phases[0])
            self.read_again()

    def _choose_side(self, is_first: bool) -> None:
        if self._paths is None:
            if is_first:
                self._ask("Choose file A", self._take_first)
            else:
                self.choose()
            return
        self._ask(f"Choose file {'A' if is_first else 'B'}", partial(self._take_side, is_first))

    def _take_side(self, is_first: bool, paths: Sequence[Path]) -> None:
        if not paths:
            return
        opened = self._document.path if self._document.net is not None else None
        first, second = self._paths or (opened or paths[0], opened or paths[0])
        self.compare(*((paths[0], second) if is_first else (first, paths[0])))

    def _take_phases(self, first: str, second: str) -> None:
        self._phases = (first, second)
        self.read_again()

    def _export(self, kind: str) -> None:
        if self._page.view != "layers":
            self._export_figures()
            return
        comparison = self.comparison
        if comparison is None:
            return
        rows = self._page.layers.list.shown
        if kind not in FORMATS:
            QGuiApplication.clipboard().setText(as_text(comparison, rows))
            return
        content = FORMATS[kind](comparison, rows)
        first, second = comparison.first.path.stem, comparison.second.path.stem
        path = self._settings.folder("exports") / f"{first}_and_{second}{kind}"
        self.chooser.save_file(
            "Save the comparison", path, _FILTERS[kind], partial(self._write, content)
        )

    def _export_figures(self) -> None:
        """Save the table of the view shown, what it is of above it."""
        content = figures_as_csv(self._page)
        if content is None:
            return
        comparison, view = self.comparison, self._page.view
        if view == "engines" or comparison is None:
            name = self._document.path.stem if self._document.path is not None else "net"
        else:
            name = f"{comparison.first.path.stem}_and_{comparison.second.path.stem}"
        path = self._settings.folder("exports") / f"{name}_{view}.csv"
        self.chooser.save_file(
            "Save the table", path, _FILTERS[".csv"], partial(self._write, content)
        )

    def _write(self, content: bytes, path: Path) -> None:
        self._settings.set_folder("exports", path.parent)
        self._lanes.files.start(
            lambda: write_file(path, content),
            key=f"{KEY}-write",
            on_result=lambda _: self.saved.emit(path),
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
            self._say_changed(path, "edited")

    def _say_changed(self, path: Path, words: str) -> None:
        letters = [letter for letter, known in zip("AB", self._paths or (), strict=False)
                   if known == path]  # fmt: skip
        if letters and self.comparison is not None:
            self._page.bar.show_changed(f"{' and '.join(letters)} {words}")


def _with_letters(sentence: str) -> str:
    """The page calls the files A and B, as an export does not."""
    return sentence.replace("only in the first", "only in A").replace(
        "only in the second", "only in B"
    )


def _prototxts(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if sort_paths([path]).prototxt is not None]


def notice_of(file: ComparedFile) -> Notice | None:
    """Why a file can't be read: with its line, where that is known."""
    if isinstance(file.error, PrototxtError):
        return replace(parse_notice(file.error, file.source, 0, 0), actions=())
    if file.error is None:
        return None
    return Notice("error", file.error.sentence, file.error.hint)
