"""The table of all layers: heat columns, small histograms, brackets; a click on a heading sorts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
)
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from core.net.elision import elide_name
from gui.icons import paint_icon
from gui.panels.spreads.rows import (
    COLUMNS,
    HEAT,
    LEAVING,
    TIPS,
    Column,
    Piece,
    SpreadRow,
    brackets,
    heat,
    sort_rows,
)
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.copy_table import CopyTable
from gui.widgets.figure_table import tinted
from gui.widgets.plain_text import plain_tip

ROW_HEIGHT = 20
_PADDING = 7
_GUTTER, _SQUARE, _EYE = 14, 10, 14
_LEAST_NAME = 190
_SPREAD = 100
_ZEROS = 6
_PALE = 0.5
CHOSEN_HEAT = 0.7
"""Of the tint on a chosen row, whose ground is darker: words keep their contrast."""


class SpreadModel(QAbstractTableModel):
    """Rows in the order that was chosen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[SpreadRow, ...] = ()
        self.pieces: tuple[Piece, ...] = ()
        self.heat: dict[Column, tuple[float, ...]] = {}
        self._all: tuple[SpreadRow, ...] = ()
        self._texts: dict[tuple[int, Column], str] = {}
        self._bars: dict[int, np.ndarray] = {}
        self.sorted_by = Column.NAME
        self.is_descending = False

    def show(self, rows: Sequence[SpreadRow]) -> None:
        """Show other rows, given in net order."""
        self._all = tuple(rows)
        self._texts.clear()
        self._bars.clear()
        self.order(self.sorted_by, is_descending=self.is_descending)

    def order(self, column: Column, *, is_descending: bool) -> None:
        """Sort by a column."""
        self.beginResetModel()
        self.sorted_by, self.is_descending = column, is_descending
        self.rows = sort_rows(self._all, column, is_descending=is_descending)
        in_order = column is Column.NAME and not is_descending
        self.pieces = brackets(self.rows) if in_order else (Piece.NONE,) * len(self.rows)
        self.heat = {one: heat(self.rows, one) for one in HEAT}
        self.endResetModel()

    def text(self, row: SpreadRow, column: Column) -> str:
        """What a cell says, put into words once."""
        key = row.index, column
        if key not in self._texts:
            self._texts[key] = row.text(column)
        return self._texts[key]

    def bars(self, row: SpreadRow) -> np.ndarray:
        """The heights of a row's small histogram, counted once."""
        if row.index not in self._bars:
            self._bars[row.index] = row.bars()
        return self._bars[row.index]

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.DisplayRole:
            return self.text(row, column)
        if role == Qt.ToolTipRole:
            return plain_tip(_tip(row, column))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> object:
        if orientation != Qt.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.DisplayRole:
            return column.value
        if role == Qt.ToolTipRole:
            return plain_tip(TIPS.get(column, f"Sort by {column.value.lower()}"))
        if role == Qt.TextAlignmentRole:
            return LEFT if column in (Column.NAME, Column.SPREAD) else RIGHT
        return None


def _tip(row: SpreadRow, column: Column) -> str:
    words = f"{row.row.words}: {row.row.shape}"
    if row.row.is_hidden:
        words += ", overwritten by a later layer"
    if column in (Column.NAME, Column.SHAPE, Column.SPREAD):
        return words
    return f"{row.row.words}, {column.value.lower()}: {row.text(column)}"


class SpreadTable(CopyTable):
    """One row is chosen at a time; figures are never cut: a column without room leaves."""

    row_chosen = pyqtSignal(object)
    row_opened = pyqtSignal(object)
    hidden_changed = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(ROW_HEIGHT, parent)
        self.model_ = SpreadModel(self)
        self.n_left_out = 0
        """How many columns have no room."""
        self.setModel(self.model_)
        self.setItemDelegate(_Delegate(keeper, self))
        self.setAccessibleName("All layers")
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(QHeaderView.Fixed)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._sort)
        header.setSortIndicatorShown(False)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        keeper.changed.connect(self.viewport().update)

    @property
    def chosen(self) -> SpreadRow | None:
        """The row that is chosen."""
        place, rows = self.currentIndex().row(), self.model_.rows
        return rows[place] if 0 <= place < len(rows) and self.selectedIndexes() else None

    def show_rows(self, rows: Sequence[SpreadRow]) -> None:
        """Show other rows; the chosen value stays chosen."""
        chosen = self.chosen
        self.model_.show(rows)
        self._fit()
        if chosen is not None:
            self.choose(chosen.value, is_told=False)

    def choose(self, value: tuple[str, str], *, is_told: bool = True) -> bool:
        """Choose the row of a value, or the last one of its layer where the top is ""."""
        layer, top = value
        places = [
            place
            for place, row in enumerate(self.model_.rows)
            if row.row.layer == layer and top in ("", row.row.top)
        ]
        if not places:
            return False
        self.selectionModel().blockSignals(not is_told)
        self.setCurrentIndex(self.model_.index(places[0], 0))
        self.selectRow(places[0])
        if not self.viewport().rect().contains(self.visualRect(self.model_.index(places[0], 0))):
            self.scrollTo(self.model_.index(places[0], 0), QAbstractItemView.PositionAtCenter)
        self.selectionModel().blockSignals(False)
        self.viewport().update()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter) and self.chosen is not None:
            self.row_opened.emit(self.chosen)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.indexAt(event.pos()).isValid() and self.chosen is not None:
            self.row_opened.emit(self.chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _sort(self, section: int) -> None:
        """Figures greatest first; another click turns the order, the name's is the net's."""
        model, column = self.model_, COLUMNS[section]
        chosen = self.chosen
        if column is Column.SPREAD:
            return
        is_same = column is model.sorted_by
        is_descending = not model.is_descending if is_same else column is not Column.NAME
        model.order(column, is_descending=is_descending)
        header = self.horizontalHeader()
        header.setSortIndicatorShown(column is not Column.NAME or is_descending)
        header.setSortIndicator(section, Qt.DescendingOrder if is_descending else Qt.AscendingOrder)
        if chosen is not None:
            self.choose(chosen.value, is_told=False)

    def _fit(self) -> None:
        widths = {column: self._natural(column) for column in COLUMNS}
        if all(row.spread.n_saturated is None for row in self.model_.rows):
            del widths[Column.SATURATED]
        room = self.viewport().width()
        n_wanted = len(widths)
        for column in LEAVING:
            least = sum(widths.values()) - widths[Column.NAME]
            if least + min(widths[Column.NAME], _LEAST_NAME) <= room:
                break
            widths.pop(column, None)
        others = sum(widths.values()) - widths[Column.NAME]
        widths[Column.NAME] = max(_LEAST_NAME // 2, room - others)
        for section, column in enumerate(COLUMNS):
            self.setColumnHidden(section, column not in widths)
            if column in widths:
                self.setColumnWidth(section, widths[column])
        n_left_out = n_wanted - len(widths)
        if n_left_out != self.n_left_out:
            self.n_left_out = n_left_out
            self.hidden_changed.emit()

    def _natural(self, column: Column) -> int:
        heads = QFontMetrics(text_font(11, semibold=True))
        least = heads.horizontalAdvance(column.value) + 2 * _PADDING + 4
        if column is Column.SPREAD:
            return max(_SPREAD, least)
        metrics = QFontMetrics(text_font(12, semibold=True))
        texts = {self.model_.text(row, column) for row in self.model_.rows}
        longest = max(map(len, texts), default=0)
        near = [one for one in texts if 3 * len(one) >= 2 * longest]
        needed = max((metrics.horizontalAdvance(one) for one in near), default=0) + 2 * _PADDING
        if column is Column.NAME:
            needed += _GUTTER + _SQUARE + 6 + _EYE + 6
        return max(least, needed)

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid():
            self.row_chosen.emit(self.model_.rows[index.row()])


class _Delegate(QStyledItemDelegate):
    def __init__(self, keeper: ThemeKeeper, table: SpreadTable) -> None:
        super().__init__(table)
        self._keeper, self._table = keeper, table
        self._plain, self._bold = text_font(12), text_font(12, semibold=True)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(40, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        model, place = self._table.model_, index.row()
        row, column = model.rows[place], COLUMNS[index.column()]
        theme = self._keeper.theme
        is_chosen = bool(option.state & QStyle.State_Selected)
        ground = theme.alternate_row if place % 2 else theme.panel
        ground = theme.selected_row if is_chosen else ground
        painter.save()
        painter.fillRect(option.rect, ground)
        share = model.heat[column][place] if column in HEAT else 0.0
        if share:
            strength = abs(share) * (CHOSEN_HEAT if is_chosen else 1.0)
            painter.fillRect(option.rect, tinted(ground, self._heat(column, share), strength))
        box = QRectF(option.rect)
        if column is Column.NAME:
            self._paint_name(painter, box, place, is_chosen=is_chosen)
        elif column is Column.SPREAD:
            self._paint_spread(painter, box, row)
        else:
            painter.setFont(self._bold if _stands_out(row, column) else self._plain)
            painter.setPen(self._ink(row, column, share, is_chosen=is_chosen))
            box.adjust(_PADDING, 0, -_PADDING, 0)
            painter.drawText(box, RIGHT, model.text(row, column))
        painter.restore()

    def _heat(self, column: Column, share: float) -> QColor:
        theme = self._keeper.theme
        if column is Column.DEAD:
            return theme.not_relevant
        if column is Column.STD or share < 0:
            return theme.tile_negative
        return theme.tile_positive

    def _ink(self, row: SpreadRow, column: Column, share: float, *, is_chosen: bool) -> QColor:
        theme = self._keeper.theme
        if column is Column.LOST and row.number(column):
            return theme.error_text
        if column is Column.SHAPE:
            return theme.secondary
        is_nothing = not share and not row.number(column)
        if is_nothing and column is not Column.DEAD and not is_chosen:
            return theme.placeholder
        return theme.text

    def _paint_name(self, painter: QPainter, box: QRectF, place: int, *, is_chosen: bool) -> None:
        theme, row = self._keeper.theme, self._table.model_.rows[place]
        self._paint_piece(painter, box, self._table.model_.pieces[place])
        box.adjust(_GUTTER, 0, -4, 0)
        square = QRectF(box.left(), box.center().y() - _SQUARE / 2, _SQUARE, _SQUARE)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(theme.outline, 0.8))
        painter.setBrush(theme.family(row.row.record.family))
        painter.drawRoundedRect(square, 2, 2)
        box.adjust(_SQUARE + 6, 0, 0, 0)
        if row.row.is_hidden:
            eye = QRectF(box.right() - _EYE, box.center().y() - _EYE / 2, _EYE, _EYE)
            paint_icon(painter, "eye-off", theme.placeholder, eye)
        box.adjust(0, 0, -(_EYE + 6), 0)
        painter.setFont(self._bold if is_chosen else self._plain)
        painter.setPen(theme.text)
        metrics, rows = painter.fontMetrics(), self._table.model_.rows
        near = {one.row.words for one in rows[max(0, place - 1) : place + 2]} - {row.row.words}
        text = row.row.words
        layer = row.row.layer
        if metrics.horizontalAdvance(text) > box.width():
            text = elide_name(text, box.width(), metrics.horizontalAdvance, sorted(near))
        if row.row.blob and text.startswith(layer):  # the blob is quieter than the layer
            painter.drawText(box, LEFT, layer)
            box.adjust(metrics.horizontalAdvance(layer), 0, 0, 0)
            painter.setFont(self._plain)
            painter.setPen(theme.secondary)
            text = text[len(layer) :]
        painter.drawText(box, LEFT, text)

    def _paint_piece(self, painter: QPainter, box: QRectF, piece: Piece) -> None:
        if piece is Piece.NONE:
            return
        colour = QColor(self._keeper.theme.mark)
        colour.setAlphaF(_PALE)
        painter.setPen(QPen(colour, 1.0, Qt.SolidLine, Qt.FlatCap))
        x, middle = int(box.left()) + 4, int(box.center().y())
        top = middle if piece is Piece.FIRST else int(box.top())
        bottom = middle if piece is Piece.LAST else int(box.bottom()) + 1
        painter.drawLine(x, top, x, bottom)
        if piece is not Piece.PAST:
            painter.drawLine(x, middle, x + 6, middle)

    def _paint_spread(self, painter: QPainter, box: QRectF, row: SpreadRow) -> None:
        theme = self._keeper.theme
        box.adjust(_PADDING, 3, -_PADDING, -2)
        zeros = box.height() * row.spread.sparsity
        if zeros:
            place = QRectF(box.left(), box.bottom() - max(1.0, zeros), _ZEROS, max(1.0, zeros))
            painter.fillRect(place, theme.series_b)
        box.adjust(_ZEROS + 5, 0, 0, 0)
        bars = self._table.model_.bars(row)
        width = box.width() / max(1, len(bars))
        for number, height in enumerate(bars.tolist()):
            if height > 0:
                left = round(box.left() + number * width)
                right = round(box.left() + (number + 1) * width)
                tall = max(1.0, height * box.height())
                painter.fillRect(
                    QRectF(left, box.bottom() - tall, right - left, tall), theme.series_a
                )


def _stands_out(row: SpreadRow, column: Column) -> bool:
    return bool(column in (Column.DEAD, Column.LOST) and row.number(column))
