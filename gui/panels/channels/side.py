"""The chosen channel beside the matrix: what it prefers, its means by class, its top images."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.panels.channels.pictures import PictureRows
from gui.panels.channels.values import ChannelFacts, ClassMean, SelectiveChannel, TopPicture
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import Button
from gui.widgets.figure_table import FigureRow, FigureTable
from gui.widgets.labels import ElidedLabel, LinkLabel, SectionHeader, ThemedLabel

WIDTH = 360
_ROW, _MOST_ROWS, _FEW_ROWS = 19, 12, 6
LOW_BELOW = 640
"""Pixels of height under which there are fewer bars, and pictures in one row."""


class MeanBars(QWidget):
    """The mean of a channel by class, the greatest first; a line for those left out."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._means: tuple[ClassMean, ...] = ()
        self._all: tuple[ClassMean, ...] = ()
        self._most = _MOST_ROWS
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Mean by class")
        keeper.changed.connect(self.update)

    def show_means(self, means: Sequence[ClassMean]) -> None:
        """Show these, or the first of them where there is little room."""
        self._all = tuple(means)
        self._means = self._all[: self._most]
        self.setAccessibleDescription(", ".join(f"{one.label} {one.value}" for one in means))
        self.setFixedHeight(_ROW * len(self._means))
        self.update()

    def set_low(self, *, is_low: bool) -> None:
        """Whether there is little room."""
        self._most = _FEW_ROWS if is_low else _MOST_ROWS
        self.show_means(self._all)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, _ROW * len(self._means))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        for number, one in enumerate(self._means):
            top = number * _ROW
            painter.setFont(text_font(12, semibold=one.is_preferred))
            painter.setPen(theme.text)
            name = painter.fontMetrics().elidedText(one.label, Qt.ElideMiddle, 80)
            painter.drawText(QRectF(0, top, 84, _ROW), int(Qt.AlignLeft | Qt.AlignVCenter), name)
            number_box = QRectF(self.width() - 52, top, 52, _ROW)
            painter.drawText(number_box, int(Qt.AlignRight | Qt.AlignVCenter), one.value)
            bar = QRectF(88, top + 5, max(10, self.width() - 88 - 58), 9)
            painter.fillRect(bar, theme.grid)
            bar.setWidth(bar.width() * min(1.0, max(0.0, one.share)))
            painter.fillRect(bar, theme.accent if one.is_preferred else theme.sweep_bar)
        painter.end()


class MatrixSide(QWidget):
    """Numbers, bars and pictures of a channel, and the most selective channels to choose from."""

    channel_chosen = pyqtSignal(int)
    image_chosen = pyqtSignal(int)
    image_opened = pyqtSignal(int)
    least_toggled = pyqtSignal(bool)
    pin_toggled = pyqtSignal()
    table_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[SelectiveChannel, ...] = ()
        self._channel = -1
        self._is_least = False
        self.setObjectName("matrixSide")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self.title = ThemedLabel("", pixels=16, semibold=True)
        self.prefers = ElidedLabel(mode=Qt.ElideRight)
        self.prefers.setObjectName("quiet")
        self.pin_button = Button(keeper, "Pin", "pin")
        self.names = [ThemedLabel("", "secondary") for _ in range(4)]
        self.values = [ThemedLabel("", semibold=not number) for number in range(4)]
        self.means_header = SectionHeader("Mean by class")
        self.bars = MeanBars(keeper)
        self.top_header = SectionHeader("Top images")
        self.least_link = LinkLabel("Least")
        self.pictures = PictureRows(keeper, 2)
        self.table_header = SectionHeader("Most selective channels")
        self.table_link = LinkLabel("CSV")
        headings = ("Channel", "Prefers", "Select.", "its class in top")
        self.table = FigureTable(
            keeper, headings, "Most selective channels", left=(1,), least_name=56
        )
        self._lay_out()
        self.table.row_chosen.connect(self._on_row)
        self.table_link.clicked.connect(lambda: self.table_requested.emit())
        self.least_link.clicked.connect(self._toggle)
        self.pin_button.clicked.connect(lambda: self.pin_toggled.emit())
        self.pictures.image_chosen.connect(self.image_chosen)
        self.pictures.image_opened.connect(self.image_opened)

    @property
    def is_least(self) -> bool:
        """Whether the least images are asked for."""
        return self._is_least

    @property
    def first_row(self) -> int | None:
        """The most selective channel; None without classes."""
        return self._rows[0].channel if self._rows else None

    def show_channel(self, facts: ChannelFacts) -> None:
        """Show what is said of a channel; its pictures come when they are made."""
        self._channel = facts.channel
        self.title.setText(f"Channel {facts.channel}")
        self.prefers.setText(facts.prefers)
        for number, (name, value) in enumerate(zip(self.names, self.values, strict=True)):
            pair = facts.facts[number] if number < len(facts.facts) else ("", "")
            name.setText(pair[0])
            value.setText(pair[1])
        self.means_header.set_note(facts.means_note)
        self.bars.show_means(facts.means)
        for widget in (self.means_header, self.bars):
            widget.setVisible(bool(facts.means))
        self._mark_row()

    def show_pinned(self, *, is_pinned: bool) -> None:
        """Whether the channel is kept above the tiles."""
        self.pin_button.setText("Unpin" if is_pinned else "Pin")
        self.pin_button.setToolTip("Keep this channel above the tiles, on every layer (Space)")

    def show_pictures(self, note: str, pictures: Sequence[TopPicture]) -> None:
        """Show the top images of the channel."""
        self.top_header.set_text("Least images" if self._is_least else "Top images")
        self.top_header.set_note(note)
        self.pictures.show_pictures(pictures)

    def show_table(self, rows: Sequence[SelectiveChannel], note: str) -> None:
        """Show the most selective channels; nothing without classes."""
        self._rows = tuple(rows)
        self.table.show_rows(
            [FigureRow((str(r.channel), r.prefers, r.index, r.in_top)) for r in rows]
        )
        self.table_link.setText(note)
        self.table.setVisible(bool(rows))
        self._mark_row()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_low = event.size().height() < LOW_BELOW
        self.bars.set_low(is_low=is_low)
        self.pictures.set_rows(1 if is_low else 2)

    def _mark_row(self) -> None:
        numbers = [row.channel for row in self._rows]
        self.table.choose(numbers.index(self._channel) if self._channel in numbers else None)

    def _on_row(self, place: int) -> None:
        if 0 <= place < len(self._rows) and self._rows[place].channel != self._channel:
            self.channel_chosen.emit(self._rows[place].channel)

    def _toggle(self) -> None:
        self._is_least = not self._is_least
        self.least_link.setText("Greatest" if self._is_least else "Least")
        self.least_toggled.emit(self._is_least)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.title)
        head.addWidget(self.prefers, 1)
        head.addWidget(self.pin_button)
        facts = QGridLayout()
        facts.setHorizontalSpacing(8)
        facts.setVerticalSpacing(4)
        for number, (name, value) in enumerate(zip(self.names, self.values, strict=True)):
            row, column = number % 2, 2 * (number // 2)
            facts.addWidget(name, row, column)
            facts.addWidget(value, row, column + 1)
            facts.setColumnStretch(column + 1, 1)
        column_of_all = QVBoxLayout(self)
        column_of_all.setContentsMargins(12, 10, 12, 8)
        column_of_all.setSpacing(5)
        column_of_all.addLayout(head)
        column_of_all.addLayout(facts)
        column_of_all.addWidget(self.means_header)
        column_of_all.addWidget(self.bars)
        for header, link in ((self.top_header, self.least_link),
                             (self.table_header, self.table_link)):  # fmt: skip
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(header, 1)
            line.addWidget(link, 0, Qt.AlignVCenter)
            column_of_all.addLayout(line)
            if header is self.top_header:
                column_of_all.addWidget(self.pictures)
        column_of_all.addWidget(self.table, 1)
