"""Both panes of a comparison as one table, so that rows can't drift apart."""

from __future__ import annotations

from PyQt5.QtCore import QModelIndex, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QKeyEvent, QResizeEvent
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from core.comparison.rows import Cell, ComparisonRow
from gui.panels.comparison.delegate import PADDING, ROW_HEIGHT, ComparisonDelegate
from gui.panels.comparison.model import (
    PLACES,
    SIGN_COLUMN,
    WORDS_COLUMN,
    ComparisonModel,
)
from gui.theme import ThemeKeeper, text_font

_SIGN_WIDTH = 30
_SQUARE_WIDTH = 20
_LARGEST = {Cell.NAME: 210, Cell.TYPE: 130, Cell.BLOB: 190, Cell.SHAPE: 130}
_LEAST = {Cell.NAME: 112, Cell.TYPE: 72, Cell.BLOB: 98, Cell.SHAPE: 92}
_LEAST_WORDS = 200
_TYPE_COLUMNS = tuple(c for c in range(WORDS_COLUMN) if PLACES[c].cell is Cell.TYPE)


class ComparisonTable(QTableView):
    """Shows a ComparisonModel; says which pair of layers was selected."""

    row_selected = pyqtSignal(object)
    """The ComparisonRow, None for none."""

    def __init__(self, keeper: ThemeKeeper, model: ComparisonModel, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = model
        self._chosen: ComparisonRow | None = None
        self._measured: tuple[ComparisonRow, ...] | None = None
        self._widths: tuple[int, ...] = ()
        self.setModel(model)
        self.setItemDelegate(ComparisonDelegate(keeper, self))
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAccessibleName("Layers of both nets")
        self._dress_headers()
        self.selectionModel().currentRowChanged.connect(self._on_current)
        model.modelReset.connect(self._after_reset)
        keeper.changed.connect(self.viewport().update)

    @property
    def chosen(self) -> ComparisonRow | None:
        """The selected pair of layers."""
        return self._chosen

    def choose_place(self, place: int) -> None:
        """Select a row and bring it into view."""
        index = self._model.index(place, SIGN_COLUMN)
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.EnsureVisible)

    def step(self, by: int) -> bool:
        """Select the next difference down (1) or up (-1); False where there is none."""
        current = self.currentIndex()
        place = current.row() if current.isValid() else (-1 if by > 0 else 0)
        following = self._model.next_difference(place, by)
        if following is not None:
            self.choose_place(following)
        return following is not None

    def fit_columns(self) -> None:
        """Columns as wide as their words; names give way so that the words at the end show.

        In a narrow window the types go: the squares tell the families.
        """
        room = self.viewport().width() - _LEAST_WORDS
        has_types = sum(map(self._least, range(WORDS_COLUMN))) <= room
        for column in _TYPE_COLUMNS:
            self.setColumnHidden(column, not has_types)
        shown = [has_types or column not in _TYPE_COLUMNS for column in range(WORDS_COLUMN)]
        if self._measured is not self._model.rows:
            self._measured = self._model.rows
            self._widths = tuple(self._width(column) for column in range(WORDS_COLUMN))
        widths = [width if shown[column] else 0 for column, width in enumerate(self._widths)]
        missing = sum(widths) - room
        spare = [max(0, width - self._least(c)) for c, width in enumerate(widths)]
        if missing > 0 and any(spare):
            share = min(1.0, missing / sum(spare))
            widths = [w - round(s * share) for w, s in zip(widths, spare, strict=True)]
        for column, width in enumerate(widths):
            if shown[column]:
                self.setColumnWidth(column, width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Home, Qt.Key_End) and self._model.shown:
            is_home = event.key() == Qt.Key_Home
            self.choose_place(0 if is_home else len(self._model.shown) - 1)
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit_columns()

    def _dress_headers(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setMinimumSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(16)
        header.setFixedHeight(24)
        header.setFont(text_font(11, semibold=True))
        header.setStyleSheet(f"QHeaderView::section {{ padding: 3px {PADDING}px; }}")
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setStretchLastSection(True)

    def _width(self, column: int) -> int:
        place = PLACES[column]
        if place.cell is None:
            return _SIGN_WIDTH
        if place.cell is Cell.FAMILY:
            return _SQUARE_WIDTH
        semibold = place.cell is Cell.NAME
        metrics = QFontMetrics(text_font(11 if place.cell is Cell.TYPE else 12, semibold=semibold))
        words = {row.text(place.cell, is_first=place.is_first) for row in self._model.rows}
        longest = max(map(len, words), default=0)
        wide = (metrics.horizontalAdvance(w) for w in words if 3 * len(w) >= 2 * longest)
        heading = QFontMetrics(text_font(11, semibold=True)).horizontalAdvance(place.cell.value)
        widest = max(max(wide, default=0), heading + 4) + 2 * PADDING + 2
        return max(self._least(column), min(_LARGEST[place.cell], widest))

    @staticmethod
    def _least(column: int) -> int:
        cell = PLACES[column].cell
        if cell is None:
            return _SIGN_WIDTH
        return _LEAST.get(cell, _SQUARE_WIDTH)

    def _on_current(self, index: QModelIndex) -> None:
        row = self._model.row_at(index)
        if row is not None:
            self._chosen = row
            self.row_selected.emit(row)

    def _after_reset(self) -> None:
        """Keep the selected pair where it still shows, else take the first row."""
        place = self._model.place_of(self._chosen)
        if place is None and self._model.shown:
            place = 0
        if place is not None:
            self.choose_place(place)
        else:
            self._chosen = None
            self.row_selected.emit(None)
