"""Two results of the same queries, query by query: which is better, and whether by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.retrieval.compared_results import ComparedResults
from core.words import percent_number, points
from gui.panels.retrieval.picture_table import PictureRow, PictureTable
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.labels import ThemedLabel

NOTHING = "Choose two results: layers that are evaluated, or files of `evaluate --json`."
COLUMNS = ("Query", "A, AP %", "B, AP %", "B minus A")
PathOf = Callable[[str], Path | None]


class ResultsView(QWidget):
    """Two choices of a result each, the verdict, and the queries that differ most."""

    compared = pyqtSignal(str, str)
    """The keys of both results are to be compared."""
    file_requested = pyqtSignal(int)
    """A file is to be chosen for A (0) or B (1)."""
    query_requested = pyqtSignal(object)
    """The path of a query, as the results name it."""

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._found: ComparedResults | None = None
        self._path_of: PathOf = lambda _file: None
        self.choices = (Choice(), Choice())
        self.files = (Button(keeper, "File…", "open"), Button(keeper, "File…", "open"))
        self.sentence = ThemedLabel(NOTHING, pixels=13, semibold=True)
        self.sentence.setWordWrap(True)
        self.means = ThemedLabel("", "secondary")
        self.means.setWordWrap(True)
        self.table = PictureTable(store, COLUMNS, 1, 110, "Queries that differ, the most first")
        row = QHBoxLayout()
        row.setContentsMargins(12, 7, 12, 4)
        row.setSpacing(8)
        for place, letter in enumerate("AB"):
            choice, button = self.choices[place], self.files[place]
            choice.setAccessibleName(f"Result {letter}")
            choice.setMinimumWidth(220)
            button.setToolTip("What `evaluate --json` printed")
            button.setAccessibleName(f"File of result {letter}")
            row.addWidget(ThemedLabel(letter, f"series_{letter.lower()}", semibold=True))
            row.addWidget(choice, 1)
            row.addWidget(button)
            row.addSpacing(10)
            choice.activated.connect(lambda _index: self._ask())
            button.clicked.connect(lambda _checked=False, p=place: self.file_requested.emit(p))
        words = QVBoxLayout()
        words.setContentsMargins(12, 2, 12, 8)
        words.setSpacing(2)
        words.addWidget(self.sentence)
        words.addWidget(self.means)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addLayout(words)
        column.addWidget(self.table, 1)
        self.table.taken.connect(self._take)
        keeper.changed.connect(self.table.viewport().update)

    @property
    def keys(self) -> tuple[str, str]:
        """What is chosen; "" for nothing."""
        first, second = (choice.currentData() or "" for choice in self.choices)
        return first, second

    def offer(self, results: Sequence[tuple[str, str]], chosen: tuple[str, str]) -> None:
        """Offer results by (key, words); what is chosen is among them or nothing is."""
        for choice, key in zip(self.choices, chosen, strict=True):
            choice.clear()
            for one, words in results:
                choice.addItem(words, one)
            choice.setCurrentIndex(choice.findData(key) if key else -1)
            choice.setEnabled(bool(results))

    def show_compared(
        self, found: ComparedResults | None, path_of: PathOf, said: str = NOTHING
    ) -> None:
        """Show a comparison, or why there is none; path_of: the picture of a query's file."""
        self._found, self._path_of = found, path_of
        self.sentence.setText(said if found is None else found.sentence)
        self.means.setText("" if found is None else _means_text(found))
        self.means.setVisible(found is not None)
        n = 0 if found is None else len(found.queries)
        self.table.show_rows(n, self._row, COLUMNS)

    def _row(self, number: int) -> PictureRow:
        if self._found is None:
            return PictureRow((Path(),), ("",) * len(COLUMNS))
        query = self._found.queries[number]
        path = self._path_of(query.file) or Path(query.file)
        return PictureRow(
            (path,),
            (
                query.file,
                percent_number(query.first),
                percent_number(query.second),
                points(query.difference),
            ),
        )

    def _ask(self) -> None:
        first, second = self.keys
        if first and second:
            self.compared.emit(first, second)

    def _take(self, number: int) -> None:
        if self._found is not None and number < len(self._found.queries):
            path = self._path_of(self._found.queries[number].file)
            if path is not None:
                self.query_requested.emit(path)


def _means_text(found: ComparedResults) -> str:
    """ "A: relu7, GAP, mAP 61.2 %. B: ... AP: non-interpolated; interval by bootstrap, ..."."""
    first, second = found.means
    left_out = ""
    if found.only_first or found.only_second:
        left_out = (
            f" Left out: {found.only_first:,} queries of A and {found.only_second:,} of B alone."
        )
    return (
        f"A: {found.first.name}, mAP {percent_number(first)} %. "
        f"B: {found.second.name}, mAP {percent_number(second)} %. "
        f"AP: {found.first.variant}; 95 % by bootstrap over queries, p by paired permutation "
        f"(random signs).{left_out}"
    )
