"""Paints the cells of a comparison: family squares, marked cells, signs, and absent layers."""

from __future__ import annotations

from PyQt5.QtCore import QModelIndex, QObject, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QPainter, QPen
from PyQt5.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.comparison.rows import Cell, ComparisonRow, Status
from gui.panels.comparison.model import (
    PLACES,
    ROW_ROLE,
    SIGN_COLUMN,
    ColumnPlace,
)
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import CENTRE, LEFT, RIGHT

ROW_HEIGHT = 22
PADDING = 4
_SQUARE = 10
KINDS = {
    Status.CHANGED: "warning",
    Status.REMOVED: "error",
    Status.ADDED: "ok",
}
"""The colours of each status; the sign says the same."""


class ComparisonDelegate(QStyledItemDelegate):
    """One look for all columns; what a cell means comes from its ComparisonRow."""

    def __init__(self, keeper: ThemeKeeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._plain = text_font(12)
        self._small = text_font(11)
        self._bold = text_font(12, semibold=True)
        self._sign = text_font(13, semibold=True)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        width = option.fontMetrics.horizontalAdvance(str(index.data() or ""))
        return QSize(width + 2 * PADDING, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        row: ComparisonRow = index.data(ROW_ROLE)
        place = PLACES[index.column()]
        is_chosen = bool(option.state & QStyle.State_Selected)
        painter.save()
        painter.fillRect(option.rect, self._fill(row, place, index, is_chosen))
        box = QRectF(option.rect)
        if index.column() == SIGN_COLUMN:
            self._paint_sign(painter, box, row)
        elif place.cell is Cell.FAMILY:
            self._paint_square(painter, box, row, place)
        else:
            self._paint_text(painter, box, row, place, is_chosen)
        painter.restore()

    def _fill(
        self, row: ComparisonRow, place: ColumnPlace, index: QModelIndex, is_chosen: bool
    ) -> QColor:
        theme = self._keeper.theme
        status = row.status
        if index.column() == SIGN_COLUMN:
            return theme.kind_fill(KINDS[status]) if status in KINDS else theme.header
        if is_chosen:
            return theme.selected_row
        if place.cell is not None:
            if row.record(is_first=place.is_first) is None:
                return theme.header
            if status in (Status.REMOVED, Status.ADDED):
                return theme.kind_fill(KINDS[status])
            if status is Status.CHANGED and row.is_marked(place.cell):
                return theme.warning_fill
        return theme.alternate_row if index.row() % 2 else theme.panel

    def _paint_sign(self, painter: QPainter, box: QRectF, row: ComparisonRow) -> None:
        theme = self._keeper.theme
        status = row.status
        painter.setFont(self._sign)
        painter.setPen(theme.kind_text(KINDS[status]) if status in KINDS else theme.placeholder)
        painter.drawText(box, CENTRE, status.value)
        painter.setPen(QPen(theme.border, 1))
        for x in (box.left(), box.right() - 1):
            painter.drawLine(int(x), int(box.top()), int(x), int(box.bottom()))

    def _paint_square(
        self, painter: QPainter, box: QRectF, row: ComparisonRow, place: ColumnPlace
    ) -> None:
        record = row.record(is_first=place.is_first)
        if record is None:
            return
        theme = self._keeper.theme
        square = QRectF(0, 0, _SQUARE, _SQUARE)
        square.moveCenter(box.center())
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(theme.outline, 0.8))
        painter.setBrush(theme.family(record.family))
        painter.drawRoundedRect(square, 2, 2)

    def _paint_text(
        self,
        painter: QPainter,
        box: QRectF,
        row: ComparisonRow,
        place: ColumnPlace,
        is_chosen: bool,
    ) -> None:
        is_words = place.cell is None
        is_name = place.cell is Cell.NAME
        font = self._bold if is_name and is_chosen else self._plain
        painter.setFont(self._small if place.cell is Cell.TYPE else font)
        painter.setPen(self._colour(row, place, is_words))
        inner = box.adjusted(PADDING + (4 if is_words else 0), 0, -PADDING, 0)
        elided = Qt.ElideRight if is_words else Qt.ElideMiddle
        text = painter.fontMetrics().elidedText(place.text(row), elided, int(inner.width()))
        painter.drawText(inner, RIGHT if place.cell is Cell.SHAPE else LEFT, text)

    def _colour(self, row: ComparisonRow, place: ColumnPlace, is_words: bool) -> QColor:
        theme = self._keeper.theme
        status = row.status
        if status in KINDS and (is_words or status is not Status.CHANGED):
            return theme.kind_text(KINDS[status])
        if is_words:
            return theme.secondary
        if place.cell is not None and row.is_marked(place.cell) and status is not Status.EQUAL:
            return theme.warning_text
        return theme.secondary if place.cell is Cell.TYPE else theme.text
