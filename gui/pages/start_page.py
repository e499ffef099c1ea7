"""What the window shows before a net is open: open one, the demo, or one of before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QRect, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAction,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

_LEFT_WIDTH, _RIGHT_WIDTH = 420, 540
_BUTTON_HEIGHT, _ROW_HEIGHT, _DROP_HEIGHT = 58, 46, 120


@dataclass(frozen=True)
class RecentFile:
    """A model or session that was open before."""

    path: Path
    is_there: bool


class StartButton(QAbstractButton):
    """A wide button: sign, what it does, a sentence about it, and its keys."""

    def __init__(
        self, keeper: ThemeKeeper, icon_name: str, text: str, sentence: str, keys: str = "",
        *, is_primary: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self._keeper = keeper
        self._icon, self._sentence, self._keys = icon_name, sentence, keys
        self._is_primary = is_primary
        self.setText(text)
        self.setAccessibleName(f"{text}. {sentence}")
        self.setFixedHeight(_BUTTON_HEIGHT)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAttribute(Qt.WA_Hover)
        keeper.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(_LEFT_WIDTH, _BUTTON_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.5)
        is_lit = self.underMouse() or self.isDown()
        fill = theme.accent if self._is_primary else theme.header if is_lit else theme.panel
        edge = (
            theme.text if self.hasFocus() else theme.accent if self._is_primary else theme.outline
        )
        painter.setPen(QPen(edge, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        words = theme.text_on_accent if self._is_primary else theme.text
        paint_icon(painter, self._icon, words, QRectF(17, self.height() / 2 - 10, 20, 20))
        painter.setPen(words)
        painter.setFont(text_font(14, semibold=True))
        painter.drawText(QRect(54, 9, self.width() - 120, 20), int(Qt.AlignVCenter), self.text())
        painter.setFont(text_font(11))
        if not self._is_primary:
            painter.setPen(theme.secondary)
        place = QRect(54, 31, self.width() - 120, 17)
        sentence = painter.fontMetrics().elidedText(self._sentence, Qt.ElideRight, place.width())
        painter.drawText(place, int(Qt.AlignVCenter), sentence)
        keys = QRect(self.width() - 76, 0, 60, self.height())
        painter.drawText(keys, int(Qt.AlignVCenter | Qt.AlignRight), self._keys)
        painter.end()


class RecentRow(QAbstractButton):
    """Name over folder; one that is gone says so and can't be opened."""

    def __init__(self, keeper: ThemeKeeper, recent: RecentFile) -> None:
        super().__init__()
        self._keeper = keeper
        self._recent = recent
        self.setText(plain_caption(recent.path.name))
        self.setToolTip(plain_tip(str(recent.path)))
        self.setAccessibleName(f"Open {recent.path.name}")
        self.setEnabled(recent.is_there)
        self.setFixedHeight(_ROW_HEIGHT)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAttribute(Qt.WA_Hover)
        keeper.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(_RIGHT_WIDTH, _ROW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        if self.isEnabled() and (self.underMouse() or self.hasFocus()):
            painter.fillRect(self.rect(), theme.selected_row)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.grid)
        colour = theme.secondary if self.isEnabled() else theme.placeholder
        paint_icon(painter, "layout", colour, QRectF(13, self.height() / 2 - 8, 16, 16))
        room = self.width() - 130
        painter.setFont(text_font(12, semibold=True))
        painter.setPen(theme.text if self.isEnabled() else theme.placeholder)
        name = painter.fontMetrics().elidedText(self._recent.path.name, Qt.ElideMiddle, room)
        painter.drawText(QRect(44, 5, room, 18), int(Qt.AlignVCenter), name)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        folder = painter.fontMetrics().elidedText(
            shown_folder(self._recent.path.parent), Qt.ElideMiddle, room
        )
        painter.drawText(QRect(44, 23, room, 16), int(Qt.AlignVCenter), folder)
        if not self._recent.is_there:
            painter.setPen(theme.warning_text)
            place = QRect(self.width() - 90, 0, 78, self.height())
            painter.drawText(place, int(Qt.AlignVCenter | Qt.AlignRight), "not there")
        painter.end()


class _DropZone(QWidget):
    """Says what may be dropped anywhere."""

    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self.setFixedHeight(_DROP_HEIGHT)
        keeper.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setPen(QPen(theme.outline, 1, Qt.DashLine))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        paint_icon(painter, "extract", theme.secondary, QRectF(self.width() / 2 - 11, 22, 22, 22))
        painter.setPen(theme.secondary)
        painter.setFont(text_font(12))
        place = QRect(0, 52, self.width(), 20)
        painter.drawText(place, int(Qt.AlignCenter), "Or drop files anywhere in the window")
        painter.setFont(text_font(11))
        kinds = "prototxt, caffemodel, picture, folder of pictures, session"
        painter.drawText(place.translated(0, 21), int(Qt.AlignCenter), kinds)
        painter.end()


class StartPage(QWidget):
    """What to open at the left, what was open before at the right."""

    recent_chosen = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("startPage")
        self.setAttribute(Qt.WA_StyledBackground)
        self._actions = QVBoxLayout()
        self._actions.setSpacing(10)
        self._recent = QVBoxLayout()
        self._recent.setContentsMargins(0, 0, 0, 0)
        self._recent.setSpacing(0)
        self._frame = QFrame()
        self._frame.setObjectName("recentFiles")
        self._lay_out()
        keeper.changed.connect(self._tint)
        self._tint()
        self.show_recent(())

    @property
    def recent_rows(self) -> tuple[RecentRow, ...]:
        """The files offered, the last opened first."""
        items = (self._recent.itemAt(place) for place in range(self._recent.count()))
        widgets = (item.widget() for item in items if item is not None)
        return tuple(widget for widget in widgets if isinstance(widget, RecentRow))

    def add_action(
        self, action: QAction, icon_name: str, sentence: str, *, is_primary: bool = False
    ) -> StartButton:
        """A button that does what an action of the window does, while that can be done."""
        keys = action.shortcut().toString()
        text = action.text().rstrip("…")
        button = StartButton(self._keeper, icon_name, text, sentence, keys, is_primary=is_primary)
        button.clicked.connect(lambda: action.trigger())
        action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
        button.setEnabled(action.isEnabled())
        self._actions.insertWidget(self._actions.count() - 1, button)
        return button

    def show_recent(self, files: Sequence[RecentFile]) -> None:
        """Offer these files."""
        for row in self.recent_rows:
            self._recent.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, file in enumerate(files):
            row = RecentRow(self._keeper, file)
            row.clicked.connect(lambda _checked=False, p=file.path: self.recent_chosen.emit(p))
            self._recent.insertWidget(place, row)
        self._frame.setVisible(bool(files))

    def _lay_out(self) -> None:
        title = ThemedLabel(self._keeper, "Open a Caffe net", pixels=21, semibold=True)
        words = "See its graph and in-place layers, read any layer's values, search images with it."
        about = ThemedLabel(self._keeper, words, "secondary")
        about.setWordWrap(True)
        self._actions.addWidget(_DropZone(self._keeper))
        left = QVBoxLayout()
        left.setSpacing(8)
        for widget in (title, about):
            left.addWidget(widget)
        left.addSpacing(6)
        left.addLayout(self._actions)
        left.addStretch(1)
        head = ThemedLabel(self._keeper, "Recent nets", semibold=True)
        head.setContentsMargins(12, 8, 12, 8)
        head.setObjectName("recentHead")
        inner = QVBoxLayout(self._frame)
        inner.setContentsMargins(1, 1, 1, 1)
        inner.setSpacing(0)
        inner.addWidget(head)
        inner.addLayout(self._recent)
        right = QVBoxLayout()
        right.addWidget(self._frame)
        right.addStretch(1)
        body = QWidget()
        body.setObjectName("startBody")
        row = QHBoxLayout(body)
        row.setContentsMargins(32, 48, 32, 24)
        row.setSpacing(40)
        row.addStretch(1)
        row.addLayout(left, 10)
        row.addLayout(right, 13)
        row.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self.setStyleSheet(
            f"#startPage, #startBody {{ background: {theme.canvas.name()}; }}"
            f"#recentFiles {{ background: {theme.panel.name()};"
            f" border: 1px solid {theme.border.name()}; }}"
        )


def shown_folder(folder: Path) -> str:
    """The folder with ~ for the home folder."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except ValueError:
        return str(folder)
