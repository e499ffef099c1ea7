"""A table whose first columns have a picture before the name; Enter takes a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView

from gui.panels.retrieval.table_pictures import ROW_HEIGHT, THUMBNAIL, cell_picture
from gui.thumbnails import ThumbnailStore
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.copy_table import CopyTable
from gui.widgets.plain_text import plain_tip


@dataclass(frozen=True)
class PictureRow:
    """One row: the files of its picture columns, and the words of every column."""

    paths: tuple[Path, ...]
    cells: tuple[str, ...]


class _Model(QAbstractTableModel):
    """A row is made when it is looked at."""

    def __init__(self, store: ThumbnailStore, heads: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self.heads = tuple(heads)
        self._make: Callable[[int], PictureRow] = lambda _row: PictureRow((), ())
        self._n = 0

    def show(self, n: int, make: Callable[[int], PictureRow], heads: Sequence[str]) -> None:
        """Show n rows, each made by its number."""
        self.beginResetModel()
        self._n, self._make, self.heads = n, make, tuple(heads)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else self._n

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self.heads)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        if not 0 <= index.row() < self._n:
            return None
        row, column = self._make(index.row()), index.column()
        if role == Qt.DisplayRole:
            return row.cells[column]
        if role == Qt.TextAlignmentRole:
            return LEFT if column < len(row.paths) else RIGHT
        if role == Qt.AccessibleTextRole:
            said = zip(self.heads, row.cells, strict=True)
            return ", ".join(f"{head} {cell}" for head, cell in said if cell)
        if column < len(row.paths):
            if role == Qt.DecorationRole:
                return cell_picture(self._store, row.paths[column])
            if role == Qt.ToolTipRole:
                return plain_tip(str(row.paths[column]))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> object:
        if orientation != Qt.Horizontal:
            return None
        if role == Qt.DisplayRole:
            return self.heads[section]
        if role == Qt.TextAlignmentRole:
            n_pictures = len(self._make(0).paths) if self._n else 1
            return LEFT if section < n_pictures else RIGHT
        return None


class PictureTable(CopyTable):
    """Rows by number; the columns with pictures share the room, the others have widths."""

    taken = pyqtSignal(int)

    def __init__(
        self, store: ThumbnailStore, heads: Sequence[str], n_pictures: int, width: int, name: str
    ) -> None:
        super().__init__(ROW_HEIGHT)
        self.rows = _Model(store, heads, self)
        self.setModel(self.rows)
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.SingleSelection)
        self.setIconSize(THUMBNAIL)
        self.setTextElideMode(Qt.ElideMiddle)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setAccessibleName(name)
        header = self.horizontalHeader()
        for column in range(len(heads)):
            is_wide = column < n_pictures
            header.setSectionResizeMode(
                column, QHeaderView.Stretch if is_wide else QHeaderView.Fixed
            )
            if not is_wide:
                header.resizeSection(column, width)
        self.doubleClicked.connect(lambda index: self.taken.emit(index.row()))
        store.arrived.connect(self.viewport().update)

    def show_rows(self, n: int, make: Callable[[int], PictureRow], heads: Sequence[str]) -> None:
        """Replace the rows."""
        self.rows.show(n, make, heads)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter) and self.currentIndex().isValid():
            self.taken.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)
