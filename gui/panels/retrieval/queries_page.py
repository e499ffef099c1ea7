"""The Queries view: every query, two results set against each other, copies."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from gui.panels.retrieval.copies_view import CopiesView
from gui.panels.retrieval.queries_view import QueriesView
from gui.panels.retrieval.results_view import ResultsView
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.kept import keep
from gui.widgets.segments import Segments

QUERIES_PART, RESULTS_PART, COPIES_PART = "queries", "results", "copies"


class QueriesPage(QWidget):
    """Three parts, of which one shows."""

    query_requested = pyqtSignal(int)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.parts = Segments(keeper, "Part of the queries")
        keep("queries", part=self.parts)
        self.parts.add(QUERIES_PART, "Every query", "The AP of every query, the worst first")
        self.parts.add(
            RESULTS_PART, "Two results", "Which of two is better, and whether that may be chance"
        )
        self.parts.add(COPIES_PART, "Copies", "Equal files and near-duplicates of the folder")
        self.queries = QueriesView(keeper, store)
        self.results = ResultsView(keeper, store)
        self.copies = CopiesView(keeper, store)
        self._stack = QStackedLayout()
        for view in (self.queries, self.results, self.copies):
            self._stack.addWidget(view)
        head = QHBoxLayout()
        head.setContentsMargins(12, 7, 12, 1)
        head.addWidget(self.parts)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(self._stack, 1)
        self.parts.chosen.connect(self._show)
        self.queries.query_requested.connect(self.query_requested)
        self.copies.query_requested.connect(self.query_requested)

    def _show(self, key: str) -> None:
        views = {
            QUERIES_PART: self.queries, RESULTS_PART: self.results, COPIES_PART: self.copies,
        }  # fmt: skip
        self._stack.setCurrentWidget(views[key])
