"""The header of the layer table: its last words leave room for the count of columns left out."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, QRect, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QResizeEvent
from PyQt5.QtWidgets import QHeaderView, QPushButton, QWidget

from core.words import plural
from gui.theme import ThemeKeeper, text_font
from gui.widgets.plain_text import plain_tip

HEIGHT = 26
MORE_WIDTH = 38
_BUTTON_HEIGHT = 18


class LayerHeader(QHeaderView):
    """Says "+ 4" at its right end while columns have no room."""

    more_clicked = pyqtSignal(QPoint)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Horizontal, parent)
        self._keeper = keeper
        self.setMinimumSectionSize(14)
        self.setFixedHeight(HEIGHT)
        self.setFont(text_font(11, semibold=True))
        self.setObjectName("layerHeader")
        self.setHighlightSections(False)
        self.setSectionsClickable(True)
        self.more = QPushButton(self)
        self.more.setFont(text_font(11, semibold=True))
        self.more.setFixedSize(MORE_WIDTH - 8, _BUTTON_HEIGHT)
        self.more.setObjectName("moreColumns")
        self.more.clicked.connect(self._open)
        self.show_left_out(0)

    def show_left_out(self, n_columns: int) -> None:
        """Count the columns that have no room."""
        words = f"{plural(n_columns, 'more column')}: list and widen"
        self.more.setText(f"+ {n_columns}")
        self.more.setToolTip(plain_tip(words))
        self.more.setAccessibleName(words)
        self.more.setVisible(bool(n_columns))
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.more.move(self.width() - self.more.width() - 4, (HEIGHT - _BUTTON_HEIGHT) // 2)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """The section under the button ends before it."""
        over = rect.right() + 1 - self.more.x() if self.more.isVisibleTo(self) else 0
        painter.fillRect(rect, self._keeper.theme.header)
        super().paintSection(painter, rect.adjusted(0, 0, -max(0, over), 0), section)

    def _open(self) -> None:
        self.more_clicked.emit(self.more.mapToGlobal(QPoint(0, self.more.height())))
