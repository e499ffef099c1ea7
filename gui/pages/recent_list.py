"""Files and folders of before, as rows: name, state, place, and when it was open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QAbstractButton, QFrame, QSizePolicy, QVBoxLayout, QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.chip_label import Chip, chip_width, paint_chip
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

WIDTH, ROW_HEIGHT = 560, 46
_LEFT, _RIGHT = 44, 12
_GONE = Chip("error", "not there")


@dataclass(frozen=True)
class RecentFile:
    """A model, session or folder that was open before.

    detail: "66 layers"; day: "yesterday"; chips: how it was left.
    """

    path: Path
    is_there: bool
    detail: str = ""
    day: str = ""
    chips: tuple[Chip, ...] = ()
    icon: str = "layout"


class RecentRow(QAbstractButton):
    """Name over folder; one that is gone says so and can't be opened."""

    def __init__(self, keeper: ThemeKeeper, recent: RecentFile) -> None:
        super().__init__()
        self._keeper = keeper
        self._recent = recent
        states = ", ".join(chip.text for chip in self.chips)
        self.setText(plain_caption(recent.path.name))
        self.setToolTip(plain_tip(f"{recent.path}\n{states}".rstrip()))
        self.setAccessibleName(f"Open {recent.path.name}{', ' if states else ''}{states}")
        self.setEnabled(recent.is_there)
        self.setFixedHeight(ROW_HEIGHT)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAttribute(Qt.WA_Hover)
        keeper.changed.connect(self.update)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """How the file was left; of one that is gone only that."""
        return self._recent.chips if self._recent.is_there else (_GONE,)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, ROW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, recent = self._keeper.theme, self._recent
        painter = QPainter(self)
        if self.isEnabled() and (self.underMouse() or shows_keyboard(self)):
            painter.fillRect(self.rect(), theme.selected_row)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.grid)
        colour = theme.secondary if self.isEnabled() else theme.placeholder
        paint_icon(painter, recent.icon, colour, QRectF(13, self.height() / 2 - 8, 16, 16))
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        aside = max(painter.fontMetrics().horizontalAdvance(t) for t in (recent.detail, recent.day))
        ends = int(Qt.AlignVCenter | Qt.AlignRight)
        right = self.width() - _RIGHT
        for top, words in ((6, recent.detail), (24, recent.day)):
            painter.drawText(QRect(right - aside, top, aside, 16), ends, words)
        room = right - aside - 12 - _LEFT
        self._paint_place(painter, room)
        self._paint_name(painter, room)
        painter.end()

    def _paint_place(self, painter: QPainter, room: int) -> None:
        words = shown_folder(self._recent.path.parent)
        words = painter.fontMetrics().elidedText(words, Qt.ElideMiddle, room)
        painter.drawText(QRect(_LEFT, 24, room, 16), int(Qt.AlignVCenter), words)

    def _paint_name(self, painter: QPainter, room: int) -> None:
        """The name with as many chips behind it as there is room for, the first before others."""
        theme = self._keeper.theme
        painter.setFont(text_font(12, semibold=True))
        painter.setPen(theme.text if self.isEnabled() else theme.placeholder)
        wanted = painter.fontMetrics().horizontalAdvance(self._recent.path.name)
        shown: list[tuple[Chip, int]] = []
        for chip in self.chips:
            width = chip_width(chip) + 8
            if min(wanted, room // 2) + sum(w for _, w in shown) + width > room:
                break
            shown.append((chip, width))
        room -= sum(width for _, width in shown)
        name = painter.fontMetrics().elidedText(self._recent.path.name, Qt.ElideMiddle, room)
        painter.drawText(QRect(_LEFT, 5, room, 18), int(Qt.AlignVCenter), name)
        left = float(_LEFT + painter.fontMetrics().horizontalAdvance(name) + 8)
        for chip, width in shown:
            place = QRectF(left, 5, width - 8, 18)
            paint_chip(painter, place, chip, theme, has_words=True)
            left += width


class RecentList(QFrame):
    """Nets over folders, each under its heading; empty ones take no room."""

    net_chosen = pyqtSignal(object)
    folder_chosen = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("recentFiles")
        self._heads = [self._head(text) for text in ("Recent nets", "Recent folders of images")]
        self._columns = [QVBoxLayout(), QVBoxLayout()]
        self._nothing = ThemedLabel(
            "What you open is listed here, with its weights and how it was left.",
            "secondary",
        )  # fmt: skip
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(12, 14, 12, 14)
        inner = QVBoxLayout(self)
        inner.setContentsMargins(1, 1, 1, 1)
        inner.setSpacing(0)
        for head, column in zip(self._heads, self._columns, strict=True):
            column.setSpacing(0)
            inner.addWidget(head)
            inner.addLayout(column)
        inner.insertWidget(1, self._nothing)
        self.show_files((), ())

    @property
    def net_rows(self) -> tuple[RecentRow, ...]:
        """The nets and sessions, the last opened first."""
        return self._rows(0)

    @property
    def folder_rows(self) -> tuple[RecentRow, ...]:
        """The folders of images, the last opened first."""
        return self._rows(1)

    def show_files(self, nets: Sequence[RecentFile], folders: Sequence[RecentFile]) -> None:
        """Offer these."""
        for place, files in enumerate((nets, folders)):
            chosen = (self.net_chosen, self.folder_chosen)[place]
            for row in self._rows(place):
                self._columns[place].removeWidget(row)
                row.hide()
                row.deleteLater()
            for file in files:
                row = RecentRow(self._keeper, file)
                row.clicked.connect(lambda _checked=False, p=file.path, to=chosen: to.emit(p))
                self._columns[place].addWidget(row)
        self._heads[1].setVisible(bool(folders))
        self._nothing.setVisible(not nets)

    def _head(self, text: str) -> QWidget:
        head = QWidget()
        head.setObjectName("recentHead")
        head.setAttribute(Qt.WA_StyledBackground)
        row = QVBoxLayout(head)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(ThemedLabel(text, semibold=True))
        return head

    def _rows(self, column: int) -> tuple[RecentRow, ...]:
        layout = self._columns[column]
        items = (layout.itemAt(place) for place in range(layout.count()))
        widgets = (item.widget() for item in items if item is not None)
        return tuple(widget for widget in widgets if isinstance(widget, RecentRow))


def shown_folder(folder: Path) -> str:
    """The folder with ~ for the home folder."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except ValueError:
        return str(folder)
