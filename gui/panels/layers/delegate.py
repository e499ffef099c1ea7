"""Paints the cells of the layer table: bracket, family square, struck blob names, eyes."""

from __future__ import annotations

from PyQt5.QtCore import QModelIndex, QObject, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFont, QPainter, QPen
from PyQt5.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.icons import paint_icon
from gui.panels.layers.elided import EYE_ROOM, NAME_COLUMNS, ElidedColumns
from gui.panels.layers.model import GUTTER_ROLE, ROW_ROLE, LayerModel
from gui.panels.layers.rows import COLUMNS, RIGHT_COLUMNS, Column, Gutter, LayerRow
from gui.theme import Theme, ThemeKeeper, overlay_colour, text_font
from gui.widgets.alignment import LEFT, RIGHT

ROW_HEIGHT = 22
PADDING = 2
_SQUARE = 10
_EYE = 14
_PALE = 0.5


class LayerDelegate(QStyledItemDelegate):
    """One look for all columns; what a cell means comes from its LayerRow.

    Only the chain of the selected layer has the full colour and struck names: in every row they
    would be all that one sees.
    """

    def __init__(
        self, keeper: ThemeKeeper, model: LayerModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._elided = ElidedColumns(model)
        self.hovered_layer = ""
        self.chosen_chains: frozenset[str] = frozenset()
        self._plain = text_font(12)
        self._small = text_font(11)
        self._bold = text_font(12, semibold=True)
        self._struck = QFont(self._plain)
        self._struck.setStrikeOut(True)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        width = option.fontMetrics.horizontalAdvance(str(index.data() or ""))
        return QSize(width + 2 * PADDING, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        row: LayerRow = index.data(ROW_ROLE)
        theme = self._keeper.theme
        is_chosen = bool(option.state & QStyle.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.Antialiasing)
        painter.fillRect(option.rect, self._fill(row, index.row(), is_chosen))
        column = COLUMNS[index.column()]
        box = QRectF(option.rect)
        if column is Column.GUTTER:
            self._paint_bracket(painter, box, index.data(GUTTER_ROLE), row)
        elif column is Column.FAMILY:
            self._paint_square(painter, box, row)
        else:
            if column is Column.BLOB:
                self._paint_eye(painter, box, row)
            if column is Column.NUMBER and row.overlay is not None and not is_chosen:
                share = row.overlay[2]
                painter.fillRect(option.rect, overlay_colour(theme, share if share >= 0 else 0.0))
            painter.setFont(self._font(column, row, is_chosen))
            painter.setPen(self._colour(theme, column, row, is_chosen))
            inner = box.adjusted(PADDING, 0, -PADDING, 0)
            side = RIGHT if column in RIGHT_COLUMNS else LEFT
            painter.drawText(inner, side, self.shown_text(index, int(inner.width())))
        painter.restore()

    def shown_text(self, index: QModelIndex, width: int) -> str:
        """What a cell says in `width` pixels: all of it, or a name told from its neighbours."""
        column = COLUMNS[index.column()]
        if column in NAME_COLUMNS:
            return self._elided.text(column, index.row(), width)
        return str(index.data() or "")

    def _is_chosen_chain(self, row: LayerRow) -> bool:
        return not self.chosen_chains.isdisjoint(row.chains)

    def _fill(self, row: LayerRow, place: int, is_chosen: bool) -> QColor:
        theme = self._keeper.theme
        if is_chosen:
            return theme.selected_row
        if row.record.name == self.hovered_layer:
            return theme.header
        return theme.alternate_row if place % 2 else theme.panel

    def _font(self, column: Column, row: LayerRow, is_chosen: bool) -> QFont:
        if column is Column.BLOB and self._is_chosen_chain(row):
            return self._struck if row.is_overwritten else self._bold
        if column is Column.NAME and is_chosen:
            return self._bold
        return self._small if column is Column.TYPE else self._plain

    def _colour(self, theme: Theme, column: Column, row: LayerRow, is_chosen: bool) -> QColor:
        if column is Column.BLOB:
            if self._is_chosen_chain(row):
                return theme.mark_text
            if row.is_overwritten:
                return theme.secondary if is_chosen else theme.placeholder
            return theme.ok_text if row.is_own else theme.text
        if column in (Column.TYPE, Column.SHAPE):
            return theme.secondary
        if column is Column.PARAMS and row.is_unbound:
            return theme.warning_text
        if column is Column.NUMBER:
            return theme.text if row.overlay is not None else theme.secondary
        if column in RIGHT_COLUMNS and not row.number(column):
            return theme.secondary if is_chosen else theme.placeholder
        return theme.text

    def _paint_bracket(self, painter: QPainter, box: QRectF, mark: Gutter, row: LayerRow) -> None:
        if mark is Gutter.NONE:
            return
        is_chosen = self._is_chosen_chain(row)
        colour = QColor(self._keeper.theme.mark)
        colour.setAlphaF(1.0 if is_chosen else _PALE)
        painter.setRenderHint(QPainter.Antialiasing, False)
        painter.setPen(QPen(colour, 1.5 if is_chosen else 1.0, Qt.SolidLine, Qt.FlatCap))
        x = box.left() + 6
        middle = box.center().y()
        top = middle if mark is Gutter.FIRST else box.top()
        bottom = middle if mark is Gutter.LAST else box.bottom() + 1
        painter.drawLine(int(x), int(top), int(x), int(bottom))
        if mark is not Gutter.PAST:
            arm = 6 if mark is not Gutter.MEMBER else 4
            painter.drawLine(int(x), int(middle), int(x) + arm, int(middle))

    def _paint_square(self, painter: QPainter, box: QRectF, row: LayerRow) -> None:
        theme = self._keeper.theme
        square = QRectF(0, 0, _SQUARE, _SQUARE)
        square.moveCenter(box.center())
        painter.setPen(QPen(theme.outline, 0.8))
        painter.setBrush(theme.family(row.record.family))
        painter.drawRoundedRect(square, 2, 2)

    def _paint_eye(self, painter: QPainter, box: QRectF, row: LayerRow) -> None:
        """At the right end of the blob's cell, where the value is gone after a forward pass."""
        if not row.is_overwritten:
            return
        theme = self._keeper.theme
        place = QRectF(box.right() - EYE_ROOM + 3, box.center().y() - _EYE / 2 + 0.5, _EYE, _EYE)
        colour = theme.mark_text if self._is_chosen_chain(row) else theme.placeholder
        paint_icon(painter, "eye-off", colour, place)
