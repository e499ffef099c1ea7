"""What the window shows before a net is open: open one, the demo, or one of before."""

from __future__ import annotations

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAction,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.icons import paint_icon
from gui.pages.recent_list import RecentList
from gui.theme import ThemeKeeper, text_font
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.labels import LinkLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip
from gui.widgets.scroll_column import ScrollColumn

_LEFT_WIDTH = 420
_BUTTON_HEIGHT, _DROP_HEIGHT = 58, 120


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

    def show_sentence(self, sentence: str) -> None:
        """What it is about now."""
        self._sentence = sentence
        self.setAccessibleName(f"{self.text()}. {sentence}")
        self.update()

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
            theme.text
            if shows_keyboard(self)
            else theme.accent
            if self._is_primary
            else theme.outline
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

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("startPage")
        self.setAttribute(Qt.WA_StyledBackground)
        self._actions = QVBoxLayout()
        self._actions.setSpacing(10)
        self.recent = RecentList(keeper)
        self._engine = ThemedLabel("", "secondary")
        self.engine_link = LinkLabel("Set up")
        self.steps_link = LinkLabel("First steps")
        self.steps_link.setToolTip("What to do in which order, and what the words mean")
        self._lay_out()
        self.show_engine("")

    def add_action(
        self, action: QAction, icon_name: str, sentence: str, *, is_primary: bool = False
    ) -> StartButton:
        """A button that does what an action of the window does, while that can be done."""
        keys = action.shortcut().toString()
        text = action.text().rstrip("…")
        button = StartButton(self._keeper, icon_name, text, sentence, keys, is_primary=is_primary)

        def follow() -> None:
            button.setEnabled(action.isEnabled())
            button.setToolTip(plain_tip(action.toolTip()))

        button.clicked.connect(lambda: action.trigger())
        action.changed.connect(follow)
        follow()
        self._actions.insertWidget(self._actions.count() - 1, button)
        return button

    def show_engine(self, words: str) -> None:
        """What there is to say of Caffe itself, "" for nothing."""
        self._engine.setText(words)
        self._engine.setVisible(bool(words))
        self.engine_link.setVisible(bool(words))

    def _lay_out(self) -> None:
        title = ThemedLabel("Open a Caffe net", pixels=21, semibold=True)
        words = "See its graph and in-place layers, read any layer's values, search images with it."
        about = ThemedLabel(words, "secondary")
        about.setWordWrap(True)
        self._actions.addWidget(_DropZone(self._keeper))
        left = QVBoxLayout()
        left.setSpacing(8)
        for widget in (title, about):
            left.addWidget(widget)
        left.addSpacing(6)
        left.addLayout(self._actions)
        steps = QHBoxLayout()
        steps.setSpacing(8)
        steps.addWidget(ThemedLabel("New to it?", "secondary"))
        steps.addWidget(self.steps_link)
        steps.addStretch(1)
        engine = QHBoxLayout()
        engine.setSpacing(8)
        engine.addWidget(self._engine)
        engine.addWidget(self.engine_link)
        engine.addStretch(1)
        left.addSpacing(8)
        left.addLayout(steps)
        left.addLayout(engine)
        left.addStretch(1)
        right = QVBoxLayout()
        right.addWidget(self.recent)
        right.addStretch(1)
        body = QWidget()
        body.setObjectName("startBody")
        row = QHBoxLayout(body)
        row.setContentsMargins(32, 48, 32, 24)
        row.setSpacing(40)
        row.addStretch(3)
        row.addLayout(left, 20)
        row.addLayout(right, 26)
        row.addStretch(3)
        scroll = ScrollColumn(is_stop=False)
        scroll.setWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
