"""Every query of the evaluation that is shown: its AP, the worst first; Enter opens its ranking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from core.evaluation.ukbench import GROUP_SIZE
from core.retrieval.evaluation import ScoredQuery
from gui.panels.retrieval.table_pictures import ROW_HEIGHT, THUMBNAIL, cell_picture
from gui.panels.retrieval.view import EvaluationRow
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.buttons import Button
from gui.widgets.copy_table import CopyTable
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel
from gui.widgets.plain_text import plain_tip

COLUMNS = ("Query", "Label", "AP, %", "First wrong", "P@10", "Relevant")
_WIDTHS = {1: 180, 2: 80, 3: 100, 4: 80, 5: 90}
NOT_WRONG = "none"
NOT_EVALUATED = "Not evaluated yet: press Evaluate, or choose what judges."


@dataclass(frozen=True, eq=False)
class QueryList:
    """Scored queries, the worst first, and what tells a query's file: its path and its name.

    words: the representation; row: its measure and what judges.
    """

    queries: tuple[ScoredQuery, ...]
    file_of: Callable[[int], tuple[Path, str]]
    words: str
    row: EvaluationRow


class _Model(QAbstractTableModel):
    """A cell is made when it is looked at."""

    def __init__(self, store: ThumbnailStore, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._list: QueryList | None = None
        self._places = np.arange(0)

    def show(self, queries: QueryList | None, places: np.ndarray) -> None:
        """Show the queries at some places of a list."""
        self.beginResetModel()
        self._list, self._places = queries, places
        self.endResetModel()

    def query(self, row: int) -> ScoredQuery | None:
        """The query of a row; None for no row."""
        if self._list is None or not 0 <= row < self._places.size:
            return None
        return self._list.queries[int(self._places[row])]

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else int(self._places.size)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        query = self.query(index.row())
        if query is None or self._list is None:
            return None
        path, name = self._list.file_of(query.index)
        cells = _cells(query, name, self._list.row)
        if role == Qt.DisplayRole:
            return cells[index.column()]
        if role == Qt.TextAlignmentRole:
            return LEFT if index.column() < 2 else RIGHT
        if role == Qt.ToolTipRole:
            return plain_tip(str(path))
        if role == Qt.AccessibleTextRole:
            said = zip(self._heads, cells, strict=True)
            return ", ".join(f"{head} {cell}" for head, cell in said)
        if role == Qt.DecorationRole and index.column() == 0:
            return cell_picture(self._store, path)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> object:
        if orientation != Qt.Horizontal:
            return None
        if role == Qt.DisplayRole:
            return self._heads[section]
        if role == Qt.TextAlignmentRole:
            return LEFT if section < 2 else RIGHT
        return None

    @property
    def _heads(self) -> tuple[str, ...]:
        """The measure and the kind of the names, where another truth than labels judges."""
        if self._list is None:
            return COLUMNS
        row = self._list.row
        named = "Name" if row.truth else "Label"
        measure = "AP, %" if row.measure == "mAP" else row.measure
        return (COLUMNS[0], named, measure, *COLUMNS[3:])


class _Table(CopyTable):
    """Enter takes the row; the name's column gives way."""

    taken = pyqtSignal(int)

    def __init__(self, store: ThumbnailStore) -> None:
        super().__init__(ROW_HEIGHT)
        self.rows = _Model(store, self)
        self.setModel(self.rows)
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.SingleSelection)
        self.setIconSize(THUMBNAIL)
        self.setTextElideMode(Qt.ElideMiddle)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setAccessibleName("Queries, the worst AP first")
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.Fixed)
        header.setSectionResizeMode(0, QHeaderView.Stretch)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        store.arrived.connect(self.viewport().update)
        self.clicked.connect(lambda index: self.taken.emit(index.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter) and self.currentIndex().isValid():
            self.taken.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)


class QueriesView(QWidget):
    """A field for the label, a sentence, and a row for each query; a click asks for its ranking."""

    query_requested = pyqtSignal(int)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._list: QueryList | None = None
        self._why_not = ""
        self.field = QLineEdit()
        keep("queries", label=self.field)
        self.field.setPlaceholderText("Filter by label")
        self.field.setAccessibleName("Filter the queries by label")
        self.field.setClearButtonEnabled(True)
        self.field.setFixedWidth(200)
        self.sentence = ElidedLabel(mode=Qt.ElideRight)
        self.truth_button = Button(keeper, "Judged by folders")
        self.truth_button.setToolTip("Choose labels, or a published ground truth")
        self.table = _Table(store)
        head = QHBoxLayout()
        head.setContentsMargins(12, 7, 12, 7)
        head.setSpacing(12)
        head.addWidget(self.field)
        head.addWidget(self.sentence, 1)
        head.addWidget(self.truth_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        self.field.textChanged.connect(lambda _text: self._filter())
        self.table.taken.connect(self._take)
        keeper.changed.connect(self.table.viewport().update)

    @property
    def n_shown(self) -> int:
        """How many queries the filter leaves."""
        return self.table.rows.rowCount()

    def beside(self, path: Path | None, step: int) -> int | None:
        """The query `step` rows from the one of a file; the first for another file, None for none.

        Rows are those that the filter leaves.
        """
        rows = self.table.rows
        indices = [query.index for row in range(self.n_shown) if (query := rows.query(row))]
        if self._list is None or not indices:
            return None
        at = next(
            (n for n, index in enumerate(indices) if self._list.file_of(index)[0] == path), None
        )
        if at is None:
            return indices[0]
        return indices[at + step] if 0 <= at + step < len(indices) else None

    def show_queries(self, queries: QueryList | None) -> None:
        """Show another evaluation's queries, as the filter leaves them; None for none."""
        self._list = queries
        self._filter()

    def show_why_not(self, why_not: str) -> None:
        """Why nothing can be evaluated, in a sentence; "" where it can."""
        self._why_not = why_not
        self._filter()

    def _filter(self) -> None:
        queries = self._list
        if queries is None:
            self.table.rows.show(None, np.arange(0))
            said = f"{self._why_not} Choose what judges at the right." if self._why_not else ""
            self.sentence.setText(said or NOT_EVALUATED)
            return
        wanted = self.field.text().strip().casefold()
        places = np.arange(len(queries.queries))
        if wanted:
            labels = {query.label for query in queries.queries}
            fitting = {label for label in labels if wanted in label.casefold()}
            places = np.flatnonzero([query.label in fitting for query in queries.queries])
        self.table.rows.show(queries, places)
        self.sentence.setText(self._said(queries, places))

    def _said(self, queries: QueryList, places: np.ndarray) -> str:
        n_all = len(queries.queries)
        if not places.size:
            named = "name" if queries.row.truth else "label"
            return f"None of the {n_all:,} queries has such a {named}."
        row = queries.row
        mean = float(np.mean([queries.queries[i].score.average_precision for i in places.tolist()]))
        of_all = "" if places.size == n_all else f" of {n_all:,}"
        count = f"{places.size:,}{of_all}"
        return (
            f"{count} {'query' if count == '1' else 'queries'}, the worst first, "
            f"by {queries.words}. "
            f"{_mean_text(row, mean)}{f'. Left out: {row.without}' if row.without else ''}"
        )

    def _take(self, row: int) -> None:
        query = self.table.rows.query(row)
        if query is not None:
            self.query_requested.emit(query.index)


def _mean_text(row: EvaluationRow, mean: float) -> str:
    """ "mAP 79.3 % (trapezoid, junk left out; Oxford or Paris)"."""
    if row.measure != "mAP":
        return f"{row.measure} {row.number(mean)} of {GROUP_SIZE} ({row.truth})"
    judged = f", junk left out; {row.truth}" if row.truth else ""
    return f"mAP {row.number(mean)} % ({row.variant}{judged})"


def _cells(query: ScoredQuery, name: str, row: EvaluationRow) -> tuple[str, ...]:
    score = query.score
    wrong = NOT_WRONG if score.first_wrong is None else f"rank {score.first_wrong:,}"
    return (
        name,
        query.label,
        row.number(score.average_precision),
        wrong,
        f"{score.p_at_10:.2f}",
        f"{score.n_relevant:,}",
    )
