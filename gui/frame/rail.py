"""The rail at the left edge: one button for each page, and help below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent
from PyQt5.QtWidgets import QAbstractButton, QButtonGroup, QVBoxLayout, QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip

WIDTH, ITEM_HEIGHT = 56, 54
_ICON = 20
_MARK = 3


@dataclass(frozen=True)
class RailItem:
    """A page as the rail names it; needs: a state word without which it is dimmed, "" for none."""

    id: str
    text: str
    icon: str
    tip: str
    needs: str = ""


PAGES: tuple[RailItem, ...] = (
    RailItem("net", "Net", "layout", "The layer graph (Ctrl+1)"),
    RailItem("layer", "Layer", "grid", "What a layer holds (Ctrl+2)", "net"),
    RailItem("retrieval", "Retrieval", "search", "Search images by a layer (Ctrl+3)", "net"),
    RailItem("training", "Training", "curve", "Fine-tune a net on your images (Ctrl+4)"),
    RailItem("compare", "Compare", "compare", "What differs between two nets (Ctrl+5)"),
)


class RailButton(QAbstractButton):
    """Icon over word, a bar at its edge where it is chosen, and a count where there is one."""

    def __init__(self, keeper: ThemeKeeper, item: RailItem) -> None:
        super().__init__()
        self._keeper = keeper
        self._icon = item.icon
        self._count = 0
        self._is_busy = False
        self.setText(item.text)
        self.setToolTip(plain_tip(item.tip))
        self.setAccessibleName(item.text)
        self.setFixedSize(WIDTH, ITEM_HEIGHT)
        self.setFocusPolicy(Qt.TabFocus)
        self.setAttribute(Qt.WA_Hover)
        keeper.changed.connect(self.update)

    @property
    def count(self) -> int:
        """The number at its corner, 0 for none."""
        return self._count

    def set_count(self, count: int) -> None:
        """Show a number at the corner."""
        self._count = count
        self.update()

    @property
    def is_busy(self) -> bool:
        """Whether a job of its page runs."""
        return self._is_busy

    def set_busy(self, is_busy: bool) -> None:
        """Show a line under the word while a job of this page runs."""
        if self._is_busy != is_busy:
            self._is_busy = is_busy
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, ITEM_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        if self.isChecked():
            painter.fillRect(self.rect(), theme.panel)
            painter.fillRect(0, 0, _MARK, self.height(), theme.accent)
        elif self.isEnabled() and (self.underMouse() or self.isDown()):
            painter.fillRect(self.rect(), theme.selected_row)
        colour = theme.accent if self.isChecked() else theme.secondary
        words = theme.text if self.isChecked() else theme.secondary
        if not self.isEnabled():
            painter.setOpacity(0.45)
        place = QRectF((self.width() - _ICON) / 2, 9, _ICON, _ICON)
        paint_icon(painter, self._icon, colour, place)
        room = self.rect().adjusted(_MARK, 0, -_MARK, 0)
        painter.setFont(text_font(10))
        painter.setPen(words)
        painter.drawText(QRect(room.left(), 31, room.width(), 16), int(Qt.AlignCenter), self.text())
        if self._is_busy:
            painter.fillRect(self.width() // 2 - 12, self.height() - 5, 24, 2, theme.accent)
        if self._count:
            self._paint_count(painter)
        if shows_keyboard(self):
            painter.setPen(theme.accent)
            painter.drawRect(self.rect().adjusted(4, 3, -4, -4))
        painter.end()

    def _paint_count(self, painter: QPainter) -> None:
        theme = self._keeper.theme
        font = text_font(10, semibold=True)
        words = str(self._count) if self._count < 100 else "99+"
        width = max(15, QFontMetrics(font).horizontalAdvance(words) + 7)
        pill = QRectF(self.width() - width - 5, 4, width, 15)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.ok_fill)
        painter.drawRoundedRect(pill, 7.5, 7.5)
        painter.setPen(theme.ok_text)
        painter.setFont(font)
        painter.drawText(pill, int(Qt.AlignCenter), words)
        painter.setRenderHint(QPainter.Antialiasing, False)


class Rail(QWidget):
    """Says which page was chosen; the window shows it."""

    page_chosen = pyqtSignal(str)

    def __init__(
        self,
        keeper: ThemeKeeper,
        items: Sequence[RailItem] = PAGES,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("rail")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedWidth(WIDTH + 1)
        self._items = tuple(items)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, RailButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 1, 6)
        self._column.setSpacing(0)
        for item in items:
            button = RailButton(keeper, item)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, id_=item.id: self.page_chosen.emit(id_))
            self._group.addButton(button)
            self.buttons[item.id] = button
            self._column.addWidget(button)
        self._column.addStretch(1)

    def add_below(self, item: RailItem) -> RailButton:
        """A button at the lower end that is no page."""
        button = RailButton(self._keeper, item)
        self._column.addWidget(button)
        return button

    def show_page(self, page: str) -> None:
        """Mark a page as the one that is shown."""
        self.buttons[page].setChecked(True)

    def set_facts(self, facts: Mapping[str, str]) -> None:
        """Dim the pages whose state word does not hold, and say why.

        facts: each state word with "" where it holds, else why it does not.
        """
        for item in self._items:
            why_not = facts.get(item.needs, "") if item.needs else ""
            button = self.buttons[item.id]
            button.setEnabled(not why_not)
            button.setToolTip(plain_tip(f"{item.tip}\n{why_not}" if why_not else item.tip))
