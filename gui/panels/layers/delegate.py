"""Paints the cells of the layer table: bracket, family square, struck blob names, eyes."""

from __future__ import annotations

from PyQt5.QtCore import QModelIndex, QObject, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFont, QPainter, QPen
from PyQt5.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.icons import paint_icon
from gui.panels.layers.model import GUTTER_ROLE, ROW_ROLE, SHARE_ROLE
from gui.panels.layers.rows import COLUMNS, COST_COLUMNS, RIGHT_COLUMNS, Column, Gutter, LayerRow
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT

ROW_HEIGHT = 22
PADDING = 2
_SQUARE = 10
_EYE = 14
EYE_ROOM = 20
_SHARE_OPACITY = 0.75
_SHARE_HEIGHT = 3.0


class LayerDelegate(QStyledItemDelegate):
    """One look for all columns; what a cell means comes from its LayerRow."""

    def __init__(self, keeper: ThemeKeeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.hovered_layer = ""
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
            self._paint_bracket(painter, box, index.data(GUTTER_ROLE))
        elif column is Column.FAMILY:
            self._paint_square(painter, box, row)
        else:
            if column in COST_COLUMNS:
                self._paint_share(painter, box, float(index.data(SHARE_ROLE) or 0.0))
            if column is Column.BLOB:
                box = self._paint_eye(painter, box, row)
            painter.setFont(self._font(column, row, is_chosen))
            painter.setPen(self._colour(theme, column, row, is_chosen))
            inner = box.adjusted(PADDING, 0, -PADDING, 0)
            side = RIGHT if column in RIGHT_COLUMNS else LEFT
            elided = Qt.ElideRight if column in RIGHT_COLUMNS else Qt.ElideMiddle
            text = painter.fontMetrics().elidedText(row.text(column), elided, int(inner.width()))
            painter.drawText(inner, side, text)
        painter.restore()

    def _fill(self, row: LayerRow, place: int, is_chosen: bool) -> QColor:
        theme = self._keeper.theme
        if is_chosen:
            return theme.selected_row
        if row.record.name == self.hovered_layer:
            return theme.header
        return theme.alternate_row if place % 2 else theme.panel

    def _font(self, column: Column, row: LayerRow, is_chosen: bool) -> QFont:
        if column is Column.BLOB and row.is_overwritten:
            return self._struck
        if column is Column.NAME and is_chosen:
            return self._bold
        return self._small if column is Column.TYPE else self._plain

    def _colour(self, theme: Theme, column: Column, row: LayerRow, is_chosen: bool) -> QColor:
        if column is Column.BLOB:
            if row.is_overwritten:
                return theme.mark_text
            return theme.ok_text if row.is_own else theme.text
        if column is Column.TYPE:
            return theme.secondary
        numbers = {
            Column.PARAMS: row.record.params,
            Column.MACS: row.record.macs,
            Column.MEMORY: row.record.memory,
        }
        if column is Column.PARAMS and row.is_unbound:
            return theme.warning_text
        if numbers.get(column, 1) == 0:
            return theme.secondary if is_chosen else theme.placeholder
        return theme.text

    def _paint_bracket(self, painter: QPainter, box: QRectF, mark: Gutter) -> None:
        if mark is Gutter.NONE:
            return
        painter.setRenderHint(QPainter.Antialiasing, False)
        painter.setPen(QPen(self._keeper.theme.mark, 1.5, Qt.SolidLine, Qt.FlatCap))
        x = box.left() + 6
        middle = box.center().y()
        top = middle if mark is Gutter.FIRST else box.top()
        bottom = middle if mark is Gutter.LAST else box.bottom() + 1
        painter.drawLine(int(x), int(top), int(x), int(bottom))
        if mark is not Gutter.PAST:
            arm = 6 if mark is not Gutter.MEMBER else 4
            painter.drawLine(int(x), int(middle), int(x) + arm, int(middle))

    def _paint_share(self, painter: QPainter, box: QRectF, share: float) -> None:
        """A bar under the number, from the left, as long as the layer's share of the total."""
        room = box.width() - 2 * PADDING
        width = share * room
        if width < 0.5:
            return
        colour = QColor(self._keeper.theme.accent)
        colour.setAlphaF(_SHARE_OPACITY)
        bar = QRectF(box.left() + PADDING, box.bottom() - _SHARE_HEIGHT, width, _SHARE_HEIGHT)
        painter.fillRect(bar, colour)

    def _paint_square(self, painter: QPainter, box: QRectF, row: LayerRow) -> None:
        theme = self._keeper.theme
        square = QRectF(0, 0, _SQUARE, _SQUARE)
        square.moveCenter(box.center())
        painter.setPen(QPen(theme.outline, 0.8))
        painter.setBrush(theme.family(row.record.family))
        painter.drawRoundedRect(square, 2, 2)

    def _paint_eye(self, painter: QPainter, box: QRectF, row: LayerRow) -> QRectF:
        """At the right end of the blob's cell; returns what is left for the name."""
        if not row.is_shared:
            return box
        rest = box.adjusted(0, 0, -EYE_ROOM, 0)
        theme = self._keeper.theme
        place = QRectF(rest.right() + 2, box.center().y() - _EYE / 2 + 0.5, _EYE, _EYE)
        name = "eye-off" if row.is_overwritten else "eye"
        colour = theme.mark_text if row.is_overwritten else theme.secondary
        paint_icon(painter, name, colour, place)
        return rest
