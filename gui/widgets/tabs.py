"""Tabs that keep room for their semibold selected text, with an optional count pill."""

from __future__ import annotations

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QHBoxLayout, QTabBar, QTabWidget, QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.keyboard import shows_keyboard

HEIGHT = 28
PADDING = 12
ICON_ROOM = 22


class FlatTabBar(QTabBar):
    """Flat tabs that draw themselves: icon, name, and a count in the ok colours."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._icons: dict[int, str] = {}
        self._counts: dict[int, int] = {}
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setFocusPolicy(Qt.TabFocus)
        self.setAccessibleName("Tabs")
        keeper.changed.connect(self.update)

    def set_icon_name(self, index: int, name: str) -> None:
        """Put an icon before a tab's name."""
        self._icons[index] = name
        self.updateGeometry()

    def set_count(self, index: int, count: int) -> None:
        """Show a count behind a tab's name; 0 shows none."""
        self._counts[index] = count
        # Qt measures tabs again only when a text changes
        self.setTabText(index, self.tabText(index) + " ")
        self.setTabText(index, self.tabText(index).rstrip())
        self.update()

    def tabSizeHint(self, index: int) -> QSize:
        text = QFontMetrics(text_font(12, semibold=True)).horizontalAdvance(self.tabText(index))
        width = 2 * PADDING + text + (ICON_ROOM if index in self._icons else 0)
        return QSize(width + (26 if self._counts.get(index) else 0), HEIGHT)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.header)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.border)
        for index in range(self.count()):
            self._paint_tab(painter, index)
        painter.end()

    def _paint_tab(self, painter: QPainter, index: int) -> None:
        theme = self._keeper.theme
        box = self.tabRect(index)
        is_current = index == self.currentIndex()
        colour = theme.text if is_current else theme.secondary
        if is_current:
            painter.fillRect(box, theme.panel)
            painter.fillRect(box.x(), box.y(), box.width(), 2, theme.accent)
        painter.fillRect(box.right(), box.y(), 1, box.height(), theme.border)
        left = box.x() + PADDING
        if index in self._icons:
            place = QRectF(left, box.center().y() - 7, 16, 16)
            paint_icon(painter, self._icons[index], colour, place)
            left += ICON_ROOM
        painter.setFont(text_font(12, semibold=is_current))
        painter.setPen(colour)
        text = self.tabText(index)
        place_text = QRect(left, box.y() + 1, box.right() - left, box.height())
        painter.drawText(place_text, int(Qt.AlignVCenter), text)
        left += painter.fontMetrics().horizontalAdvance(text) + 8
        if self._counts.get(index):
            self._paint_count(painter, left, box, self._counts[index])
        if is_current and shows_keyboard(self):
            painter.setPen(QPen(theme.accent, 1, Qt.DotLine))
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(box.adjusted(4, 5, -6, -5))

    def _paint_count(self, painter: QPainter, left: int, box: QRect, count: int) -> None:
        theme = self._keeper.theme
        painter.setFont(text_font(11, semibold=True))
        width = max(18, painter.fontMetrics().horizontalAdvance(str(count)) + 10)
        pill = QRectF(left, box.center().y() - 7, width, 16)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.ok_fill)
        painter.drawRoundedRect(pill, 8, 8)
        painter.setPen(theme.ok_text)
        painter.drawText(pill, int(Qt.AlignCenter), str(count))
        painter.setRenderHint(QPainter.Antialiasing, False)


class FlatTabs(QTabWidget):
    """A tab widget with a `FlatTabBar`."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = FlatTabBar(keeper)
        self.setTabBar(self.bar)
        self.setDocumentMode(True)

    def add_panel(self, widget: QWidget, text: str, icon_name: str | None = None) -> int:
        """Add a panel under a tab and return its index."""
        index = self.addTab(widget, text)
        if icon_name is not None:
            self.bar.set_icon_name(index, icon_name)
        return index

    def set_corner(self, button: QWidget) -> None:
        """Put a button at the right end of the row of tabs."""
        corner = QWidget()
        corner.setObjectName("tabCorner")
        corner.setAttribute(Qt.WA_StyledBackground)
        corner.setFixedHeight(HEIGHT)
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 0, 6, 0)
        row.addWidget(button)
        self.setCornerWidget(corner, Qt.TopRightCorner)
