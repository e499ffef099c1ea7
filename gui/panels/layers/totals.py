"""The line under the layer table that adds up its cost columns."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QHeaderView, QTableView, QWidget

from core.layers.cost_table import LayerCosts
from core.words import bytes_text, count_text, plural, short_count
from gui.panels.layers.rows import COLUMNS, Column
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.plain_text import plain_tip

HEIGHT = 26
_PADDING = 2


class LayerTotals(QWidget):
    """Follows the columns of a table: its widths, its order and how far it is scrolled."""

    def __init__(self, keeper: ThemeKeeper, table: QTableView, parent: QWidget | None = None):
        super().__init__(parent)
        self._keeper = keeper
        self._header: QHeaderView = table.horizontalHeader()
        self._words: dict[Column, str] = {}
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Totals")
        self._header.sectionResized.connect(lambda *_: self.update())
        table.horizontalScrollBar().valueChanged.connect(lambda _: self.update())
        keeper.changed.connect(self.update)

    @property
    def words(self) -> dict[Column, str]:
        """What stands under each column."""
        return dict(self._words)

    def show_totals(self, shown: LayerCosts, whole: LayerCosts, n_shown: int, n_all: int) -> None:
        """Add up the rows that are shown; whole: those of the net, which the tooltip names."""
        is_part = n_shown < n_all
        self._words = {
            Column.NAME: f"{n_shown:,} of {plural(n_all, 'layer')}"
            if is_part
            else plural(n_all, "layer"),
            Column.PARAMS: count_text(shown.params),
            Column.MACS: short_count(shown.macs),
            Column.MEMORY: bytes_text(shown.memory),
        }
        macs = short_count(whole.macs)
        tip = (
            f"In the whole net {count_text(whole.params)} parameters, {macs} MACs"
            f" and {bytes_text(whole.memory)} of activations a forward pass.\n"
            "What layers share, by name, in place or by Split, counts once."
        )
        self.setToolTip(plain_tip(tip))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.header)
        painter.setPen(QPen(theme.border, 1))
        painter.drawLine(0, 0, self.width(), 0)
        painter.setClipRect(0, 0, self._header.width(), HEIGHT)  # the table has a scroll bar
        painter.setFont(text_font(11, semibold=True))
        painter.setPen(theme.text)
        for column, words in self._words.items():
            section = COLUMNS.index(column)
            if self._header.isSectionHidden(section):
                continue
            left = self._header.sectionViewportPosition(section)
            width = self._header.sectionSize(section)
            is_name = column is Column.NAME
            width += 120 if is_name else 0  # its neighbours have no total
            place = QRectF(left + _PADDING, 0, width - 2 * _PADDING, HEIGHT)
            painter.drawText(place, LEFT if is_name else RIGHT, words)
        if self._header.isSectionHidden(COLUMNS.index(Column.PARAMS)):
            self._paint_parameters(painter)
        painter.end()

    def _paint_parameters(self, painter: QPainter) -> None:
        """At the right end where their column is left out, as far as they have room."""
        left = self._header.sectionViewportPosition(COLUMNS.index(Column.NAME))
        left += painter.fontMetrics().horizontalAdvance(self._words.get(Column.NAME, "")) + 16
        painter.setFont(text_font(11))
        painter.setPen(self._keeper.theme.secondary)
        words = f"{self._words.get(Column.PARAMS, '0')} parameters"
        room = self._header.width() - 10 - left
        if painter.fontMetrics().horizontalAdvance(words) <= room:
            painter.drawText(QRectF(left, 0, room, HEIGHT), RIGHT, words)
