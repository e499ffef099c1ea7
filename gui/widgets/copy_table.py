"""A table to read numbers from: any cells of it are copied as tab-separated text."""

from __future__ import annotations

from PyQt5.QtCore import QAbstractItemModel, QModelIndex, Qt
from PyQt5.QtGui import QKeyEvent, QKeySequence
from PyQt5.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView, QWidget

from core.csv_table import guarded_cell
from gui.theme import text_font


class CopyTable(QTableView):
    """Ctrl+C copies the selected cells below their headings, or all where none is selected.

    Most are pasted into spreadsheets, so names are guarded as in a CSV file.
    """

    def __init__(self, row_height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionMode(QAbstractItemView.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
        self.setToolTip("Ctrl+C copies the selected cells, or all")
        rows, header = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.Fixed)
        rows.setMinimumSectionSize(row_height)
        rows.setDefaultSectionSize(row_height)
        header.setFixedHeight(24)
        header.setFont(text_font(11, semibold=True))
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setTextElideMode(Qt.ElideMiddle)

    def selected_text(self) -> str:
        """The smallest rectangle around the selection, with its headings; gaps are empty."""
        model = self.model()
        selected = {(index.row(), index.column()) for index in self.selectedIndexes()}
        if not selected:
            selected = {
                (row, column)
                for row in range(model.rowCount(QModelIndex()))
                for column in range(model.columnCount(QModelIndex()))
            }
        columns = sorted({column for _, column in selected})
        lines = [[_heading(model, column) for column in columns]]
        for row in sorted({row for row, _ in selected}):
            lines.append(
                [
                    str(model.index(row, column).data()) if (row, column) in selected else ""
                    for column in columns
                ]
            )
        return "\n".join("\t".join(str(guarded_cell(cell)) for cell in line) for line in lines)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.Copy):
            QApplication.clipboard().setText(self.selected_text())
        elif event.key() == Qt.Key_Escape and self.selectedIndexes():
            self.clearSelection()
        else:
            super().keyPressEvent(event)


def _heading(model: QAbstractItemModel, column: int) -> str:
    """The whole heading, where there is less of it to see."""
    whole = model.headerData(column, Qt.Horizontal, Qt.AccessibleTextRole)
    return str(whole or model.headerData(column, Qt.Horizontal))
