"""A side of a page that folds to a strip with its name, and back."""

from __future__ import annotations

from PyQt5.QtCore import QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip

STRIP = 26
_NO_LIMIT = 16777215


class _Strip(QAbstractButton):
    """What is left of a folded side: an arrow and the name, read from below."""

    def __init__(self, keeper: ThemeKeeper, text: str, *, is_left: bool) -> None:
        super().__init__()
        self._keeper = keeper
        self._is_left = is_left
        self._note = ""
        self.setText(text)
        self.setFixedWidth(STRIP)
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Expanding)
        self.setFocusPolicy(Qt.TabFocus)
        self.setAttribute(Qt.WA_Hover)
        keeper.changed.connect(self.update)

    def set_note(self, note: str) -> None:
        """A count behind the name."""
        self._note = note
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(STRIP, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        is_lit = self.underMouse() or shows_keyboard(self)
        painter.fillRect(self.rect(), theme.selected_row if is_lit else theme.header)
        edge = self.width() - 1 if self._is_left else 0
        painter.fillRect(edge, 0, 1, self.height(), theme.border)
        arrow = "right" if self._is_left else "left"
        paint_icon(painter, arrow, theme.secondary, QRectF(self.width() / 2 - 7, 7, 14, 14))
        painter.rotate(-90)
        painter.setFont(text_font(12, semibold=True))
        painter.setPen(theme.text)
        place = QRect(-self.height(), 0, self.height() - 30, self.width())
        painter.drawText(place, int(Qt.AlignRight | Qt.AlignVCenter), f"{self.text()}  ")
        if self._note:
            used = painter.fontMetrics().horizontalAdvance(f"{self.text()}   ")
            painter.setFont(text_font(11))
            painter.setPen(theme.secondary)
            place.adjust(0, 0, -used, 0)
            painter.drawText(place, int(Qt.AlignRight | Qt.AlignVCenter), f"{self._note}  ")
        painter.end()


class Side(QWidget):
    """Holds a panel; `folded` tells when the user folds it or opens it again."""

    folded = pyqtSignal(bool)

    def __init__(
        self,
        keeper: ThemeKeeper,
        title: str,
        panel: QWidget,
        *,
        least_width: int,
        is_left: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._least = least_width
        self._is_folded = False
        self.panel = panel
        self.strip = _Strip(keeper, title, is_left=is_left)
        self.strip.setAccessibleName(f"Open {title}")
        self.strip.setToolTip(plain_tip(f"Open {title}"))
        self.strip.clicked.connect(lambda: self.set_folded(False))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.strip)
        row.addWidget(panel, 1)
        self._show()

    @property
    def is_folded(self) -> bool:
        """Whether only the strip is left."""
        return self._is_folded

    def set_folded(self, is_folded: bool) -> None:
        """Fold to the strip, or open again at the width of before."""
        if is_folded == self._is_folded:
            return
        self._is_folded = is_folded
        self._show()
        self.folded.emit(is_folded)

    def sizeHint(self) -> QSize:
        return QSize(STRIP if self._is_folded else self._least, 200)

    def _show(self) -> None:
        self.strip.setVisible(self._is_folded)
        self.panel.setVisible(not self._is_folded)
        self.setMinimumWidth(STRIP if self._is_folded else self._least)
        self.setMaximumWidth(STRIP if self._is_folded else _NO_LIMIT)
