"""The table view of layers: the mouse over a row, and the key that renames."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PyQt5.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    pyqtSignal,
)
from PyQt5.QtGui import QKeyEvent, QResizeEvent
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.panels.layers.delegate import ROW_HEIGHT
from gui.panels.layers.header import LayerHeader
from gui.panels.layers.model import LayerModel
from gui.panels.layers.rows import COLUMNS, Column
from gui.theme import ThemeKeeper


class LayerView(QTableView):
    """A table that tells which layer the mouse is on and asks for renames from the keyboard."""

    layer_pointed = pyqtSignal(str)
    rename_pressed = pyqtSignal()
    open_pressed = pyqtSignal()
    resized = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.CustomContextMenu)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setMinimumSectionSize(ROW_HEIGHT)
        self.header = LayerHeader(keeper, self)
        self.setHorizontalHeader(self.header)
        self.setAccessibleName("Layers")
        self.entered.connect(self._on_entered)

    def columns_left_out(self, unwanted: Collection[Column]) -> tuple[Column, ...]:
        """The columns that have no room; those that nobody wants are no part of it."""
        hidden = (column for i, column in enumerate(COLUMNS) if self.isColumnHidden(i))
        return tuple(column for column in hidden if column not in unwanted)

    def select_rows(self, places: Iterable[int | None]) -> None:
        """Select these rows, and no others; None for one that is not listed."""
        chosen = QItemSelection()
        for place in {place for place in places if place is not None}:
            index = self.model().index(place, 0)
            chosen.select(index, index)
        mode = QItemSelectionModel.ClearAndSelect | QItemSelectionModel.Rows
        self.selectionModel().select(chosen, mode)

    def repaint_rows(self, places: Iterable[int | None]) -> None:
        """Paint these rows anew, and nothing else; None for one that is not listed."""
        for place in places:
            if place is not None:
                row = self.visualRect(self.model().index(place, 0))
                self.viewport().update(0, row.y(), self.viewport().width(), row.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self.layer_pointed.emit("")
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_F2:
            self.rename_pressed.emit()
            return
        if event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self.open_pressed.emit()
            return
        super().keyPressEvent(event)

    def moveCursor(
        self,
        action: QAbstractItemView.CursorAction,
        modifiers: Qt.KeyboardModifiers | Qt.KeyboardModifier,
    ) -> QModelIndex:
        """Home and End go to the first and last row, as in a list; no key goes sideways."""
        at = self.currentIndex()
        if action in (QAbstractItemView.MoveHome, QAbstractItemView.MoveEnd):
            row = 0 if action == QAbstractItemView.MoveHome else self.model().rowCount() - 1
            return self.model().index(row, max(0, at.column()))
        if action in (QAbstractItemView.MoveLeft, QAbstractItemView.MoveRight):
            return at
        return super().moveCursor(action, modifiers)

    def _on_entered(self, index: QModelIndex) -> None:
        model = self.model()
        row = model.row_at(index) if isinstance(model, LayerModel) else None
        self.layer_pointed.emit(row.record.name if row else "")
