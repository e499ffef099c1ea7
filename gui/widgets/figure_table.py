"""A table of names with figures: colours of families, tinted cells, one row chosen at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPen, QResizeEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from core.net.elision import elide_name
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import CENTRE, LEFT, RIGHT
from gui.widgets.copy_table import CopyTable
from gui.widgets.plain_text import plain_tip

ROW_HEIGHT = 22
ROLE = int(Qt.UserRole)
_PADDING = 8
_SQUARE = 10
_SIGN = 18
_BAR = 96
_LEAST_NAME, _LEAST_WORDS = 150, 64


@dataclass(frozen=True)
class FigureRow:
    """One row.

    cells: a text a column, the first its name. family: of the layer, "" for no square. shares: by
    column, how strongly its cell is tinted, 0 to 1. roles: by column, the theme's colour of its
    words. bars: by column, how much of its cell a bar fills, 0 to 1. sign: in a disc before the
    name, in the colours of `kind`; "" for none.
    """

    cells: tuple[str, ...]
    family: str = ""
    shares: Mapping[int, float] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)
    bars: Mapping[int, float] = field(default_factory=dict)
    tip: str = ""
    sign: str = ""
    kind: str = "info"


class FigureModel(QAbstractTableModel):
    """Rows under headings."""

    def __init__(self, headings: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headings = tuple(headings)
        self.left: frozenset[int] = frozenset({0})
        self._rows: tuple[FigureRow, ...] = ()

    @property
    def rows(self) -> tuple[FigureRow, ...]:
        """All rows, in the order shown."""
        return self._rows

    @property
    def headings(self) -> tuple[str, ...]:
        """The words over the columns."""
        return self._headings

    def show(self, rows: Sequence[FigureRow], headings: Sequence[str] | None = None) -> None:
        """Show other rows, and other words over as many columns."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self._headings = self._headings if headings is None else tuple(headings)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._headings)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == Qt.DisplayRole:
            return row.cells[index.column()]
        if role == Qt.ToolTipRole:
            return plain_tip(row.tip or row.cells[index.column()])
        return row if role == ROLE else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> object:
        if orientation != Qt.Horizontal:
            return None
        if role == Qt.DisplayRole:
            return self._headings[section]
        if role == Qt.TextAlignmentRole and section in self.left:
            return LEFT
        return None


class FigureTable(CopyTable):
    """Names give way before figures do; a click or an arrow key chooses a row."""

    row_chosen = pyqtSignal(int)

    def __init__(
        self,
        keeper: ThemeKeeper,
        headings: Sequence[str],
        name: str,
        *,
        left: Sequence[int] = (),
        least_name: int = _LEAST_NAME,
        parent: QWidget | None = None,
    ) -> None:
        """name: for screen readers. left: columns besides the first that are words.

        least_name: pixels that names keep, since they tell rows apart.
        """
        super().__init__(ROW_HEIGHT, parent)
        self._least_name = least_name
        self._left = frozenset((0, *left))
        self.figures = FigureModel(headings, self)
        self.figures.left = self._left
        self.setModel(self.figures)
        self.setItemDelegate(_Delegate(keeper, self))
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(QHeaderView.Fixed)
        header.setDefaultAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        keeper.changed.connect(self.viewport().update)

    def show_rows(self, rows: Sequence[FigureRow], headings: Sequence[str] | None = None) -> None:
        """Show other rows; none is chosen."""
        self.figures.show(rows, headings)
        self._fit()

    def choose(self, place: int | None) -> None:
        """Mark a row and bring it into view, without telling anyone."""
        self.selectionModel().blockSignals(True)
        self.clearSelection()
        if place is not None and 0 <= place < len(self.figures.rows):
            self.setCurrentIndex(self.figures.index(place, 0))
            self.selectRow(place)
            self.scrollTo(self.figures.index(place, 0))
        self.selectionModel().blockSignals(False)
        self.viewport().update()

    @property
    def left_columns(self) -> frozenset[int]:
        """The columns whose words begin at the left."""
        return self._left

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Figures as wide as they are; words share the rest, for which the last figures leave."""
        natural = self._natural_widths()
        room = self.viewport().width()
        n_shown = len(natural)
        while n_shown > 1 and self._least(natural[:n_shown]) > room:
            if n_shown - 1 in self._left:
                break
            n_shown -= 1
        widths = natural[:n_shown]
        words = [column for column in range(n_shown) if column in self._left]
        missing = sum(widths) - room
        spare = {c: widths[c] - min(widths[c], self._least_words(c)) for c in words}
        if missing > 0 and any(spare.values()):
            share = min(1.0, missing / sum(spare.values()))
            for column, part in spare.items():
                widths[column] -= round(part * share)
        elif missing < 0:
            widths[0] -= missing if len(words) == 1 else missing // len(words)
            for column in words[1:]:
                widths[column] -= missing // len(words)
        for column in range(len(natural)):
            self.setColumnHidden(column, column >= n_shown)
            if column < n_shown:
                self.setColumnWidth(column, widths[column])

    def _natural_widths(self) -> list[int]:
        metrics = QFontMetrics(text_font(12, semibold=True))
        heads = QFontMetrics(text_font(11, semibold=True))
        widths = []
        for column, heading in enumerate(self.figures.headings):
            words = {row.cells[column] for row in self.figures.rows}
            longest = max(map(len, words), default=0)
            wide = (metrics.horizontalAdvance(w) for w in words if 3 * len(w) >= 2 * longest)
            needed = heads.horizontalAdvance(heading) + 4
            if any(column in row.bars for row in self.figures.rows):
                needed = max(needed, _BAR)
            widths.append(max([*wide, needed]) + 2 * _PADDING)
        rows = self.figures.rows
        if widths and any(row.family for row in rows):
            widths[0] += _SQUARE + 6
        if widths and any(row.sign for row in rows):
            widths[0] += _SIGN + 6
        return widths

    def _least(self, widths: Sequence[int]) -> int:
        return sum(
            min(w, self._least_words(c)) if c in self._left else w for c, w in enumerate(widths)
        )

    def _least_words(self, column: int) -> int:
        """Pixels that words keep; names keep more."""
        return _LEAST_WORDS if column else self._least_name

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid():
            self.row_chosen.emit(index.row())


class _Delegate(QStyledItemDelegate):
    def __init__(self, keeper: ThemeKeeper, table: FigureTable) -> None:
        super().__init__(table)
        self._keeper = keeper
        self._table = table
        self._plain, self._bold = text_font(12), text_font(12, semibold=True)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(40, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        theme, row, column = self._keeper.theme, index.data(ROLE), index.column()
        is_chosen = bool(option.state & QStyle.State_Selected)
        ground = theme.alternate_row if index.row() % 2 else theme.panel
        ground = theme.selected_row if is_chosen else ground
        painter.save()
        painter.fillRect(option.rect, ground)
        if column in row.shares:
            cell = option.rect.adjusted(3, 1, -3, -1)
            painter.fillRect(cell, tinted(ground, theme.tile_positive, row.shares[column]))
        box = QRectF(option.rect).adjusted(_PADDING, 0, -_PADDING, 0)
        if column in row.bars:
            self._paint_bar(painter, box, row.bars[column], row.roles.get(column, "sweep_bar"))
        if column == 0 and row.sign:
            self._paint_sign(painter, box, row)
            box.adjust(_SIGN + 6, 0, 0, 0)
        if column == 0 and row.family:
            self._paint_square(painter, box, row.family)
            box.adjust(_SQUARE + 6, 0, 0, 0)
        painter.setFont(self._bold if is_chosen and column == 0 else self._plain)
        painter.setPen(getattr(theme, row.roles.get(column, "text")))
        text, metrics = row.cells[column], painter.fontMetrics()
        if column == 0:
            text = self._name(index.row(), metrics, box.width())
        elif column in self._table.left_columns:
            text = metrics.elidedText(text, Qt.ElideRight, int(box.width()))
        painter.drawText(box, LEFT if column in self._table.left_columns else RIGHT, text)
        painter.restore()

    def _name(self, place: int, metrics: QFontMetrics, room: float) -> str:
        """A name that has no room keeps what tells it from the rows above and below."""
        rows = self._table.figures.rows
        name = rows[place].cells[0]
        if metrics.horizontalAdvance(name) <= room:
            return name
        near = {row.cells[0] for row in rows[max(0, place - 1) : place + 2]} - {name}
        return elide_name(name, room, metrics.horizontalAdvance, sorted(near))

    def _paint_sign(self, painter: QPainter, box: QRectF, row: FigureRow) -> None:
        theme = self._keeper.theme
        disc = QRectF(box.left(), box.center().y() - _SIGN / 2, _SIGN, _SIGN)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.kind_fill(row.kind))
        painter.drawEllipse(disc)
        painter.setPen(theme.kind_text(row.kind))
        painter.setFont(text_font(13, semibold=True))
        painter.drawText(disc, CENTRE, row.sign)

    def _paint_bar(self, painter: QPainter, box: QRectF, share: float, role: str) -> None:
        height, width = 11.0, max(2.0, box.width() * min(1.0, share)) if share > 0 else 0.0
        place = QRectF(box.left(), box.center().y() - height / 2, width, height)
        painter.fillRect(place, getattr(self._keeper.theme, role))

    def _paint_square(self, painter: QPainter, box: QRectF, family: str) -> None:
        theme = self._keeper.theme
        square = QRectF(box.left(), box.center().y() - _SQUARE / 2, _SQUARE, _SQUARE)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(theme.outline, 0.8))
        painter.setBrush(theme.family(family))
        painter.drawRoundedRect(square, 2, 2)


def tinted(ground: QColor, colour: QColor, share: float) -> QColor:
    """At most 40 % of a colour, so that words on it can be read."""
    part = 0.4 * min(1.0, max(0.0, share))
    return QColor(*(
        round(a + part * (b - a))
        for a, b in zip(ground.getRgb()[:3], colour.getRgb()[:3], strict=True)
    ))  # fmt: skip
