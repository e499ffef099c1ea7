"""The table of a rename: who writes which blob now, and the name that it gets, to be edited."""

from __future__ import annotations

from PyQt5.QtCore import QModelIndex, QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPen
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QWidget,
)

from core.net.elision import elide_name
from gui.icons import paint_icon
from gui.theme import ThemeKeeper

LAYER, OLD, NEW, LAYER_NAME = range(4)
HEADINGS = ("Layer", "Blob", "New blob", "New layer name")
_ROW_HEIGHT = 26
_PENCIL = 13
_TEXT_MARGINS = 8
_SHARES = {LAYER: 3, OLD: 3, NEW: 5, LAYER_NAME: 4}


class NamesTable(QTableWidget):
    """One row a blob; a click or any key on a name that can be edited opens it."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(0, len(HEADINGS), parent)
        self.setHorizontalHeaderLabels(HEADINGS)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.setSelectionMode(QAbstractItemView.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.SelectedClicked
            | QAbstractItemView.DoubleClicked
            | QAbstractItemView.EditKeyPressed
            | QAbstractItemView.AnyKeyPressed
        )
        self.setTextElideMode(Qt.ElideNone)  # the delegate keeps what tells names apart
        self.setWordWrap(False)  # names with slashes would break there and lose their ends
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setAccessibleName("Names of the blobs")
        self.setItemDelegate(_NameDelegate(keeper, self))
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignLeft | Qt.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.Interactive)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self.cellClicked.connect(self._edit)

    def fit_columns(self) -> None:
        """Share the width; new names, the longest, take the most."""
        shown = {c: share for c, share in _SHARES.items() if not self.isColumnHidden(c)}
        for column, share in shown.items():
            width = self.viewport().width() * share // sum(shown.values())
            self.setColumnWidth(column, width)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.fit_columns()

    def _edit(self, row: int, column: int) -> None:
        item = self.item(row, column)
        if item is not None and item.flags() & Qt.ItemIsEditable:
            self.editItem(item)


class _NameDelegate(QStyledItemDelegate):
    """Draws a name that can be edited as a field with a pencil; a long one by its parts."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._keeper = keeper

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        rows = (index.siblingAtRow(index.row() + step) for step in (-1, 1))
        near = [str(row.data()) for row in rows if row.isValid()]
        room = option.rect.width() - _TEXT_MARGINS
        option.text = elide_name(option.text, room, option.fontMetrics.horizontalAdvance, near)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if not index.flags() & Qt.ItemIsEditable:
            super().paint(painter, option, index)
            return
        theme = self._keeper.theme
        field = QRectF(option.rect).adjusted(1.5, 2.5, -1.5, -2.5)
        painter.save()
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(theme.outline, 1))
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(field, 4, 4)
        place = QRectF(0, 0, _PENCIL, _PENCIL)
        place.moveCenter(field.center())
        place.moveRight(field.right() - 5)
        paint_icon(painter, "pencil", theme.secondary, place)
        painter.restore()
        inner = QStyleOptionViewItem(option)
        inner.rect = option.rect.adjusted(4, 3, -(_PENCIL + 10), -3)
        inner.backgroundBrush = theme.panel
        super().paint(painter, inner, index)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), _ROW_HEIGHT)
