"""What went wrong, in one line over every page; the whole of it opens below."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.words import plural
from gui.dressing import mark
from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button, IconButton
from gui.widgets.labels import ElidedLabel, PictureLabel, ThemedLabel
from gui.widgets.notice_bar import NoticeBar
from gui.widgets.notice_card import KIND_ICONS, Notice, NoticeAction, NoticeCard
from gui.widgets.plain_text import plain_caption, plain_words

HEIGHT = 36
_SEVERITY = ("error", "warning", "mark", "info", "ok")


def most_severe(notices: Sequence[Notice]) -> Notice | None:
    """The notice to show first: errors before warnings before the rest, the newest first."""
    return min(notices, key=_rank, default=None)


def _rank(notice: Notice) -> int:
    return _SEVERITY.index(notice.kind) if notice.kind in _SEVERITY else len(_SEVERITY)


class NoticeStrip(QWidget):
    """Title, the beginning of the sentence, the repairs as buttons, and how many more there are."""

    action_triggered = pyqtSignal(str)
    closed = pyqtSignal()
    whole_asked = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._notice: Notice | None = None
        self._buttons: list[Button] = []
        self.setObjectName("noticeStrip")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._picture = PictureLabel()
        self._title = ThemedLabel("", semibold=True)
        self._words = ElidedLabel(mode=Qt.ElideRight)
        self.more = IconButton(keeper, "down", "The whole notice, and all others", text=" ")
        self.close_button = IconButton(keeper, "cross", "Close this notice")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 0, 8, 1)
        self._row.setSpacing(8)
        for widget in (self._picture, self._title):
            self._row.addWidget(widget)
        self._row.addWidget(self._words, 1)
        self._row.addWidget(self.more)
        self._row.addWidget(self.close_button)
        self.more.clicked.connect(lambda: self.whole_asked.emit())
        self.close_button.clicked.connect(lambda: self.closed.emit())
        keeper.changed.connect(self._tint)

    @property
    def title(self) -> str:
        """The title of the notice in front."""
        return self._notice.title if self._notice is not None else ""

    @property
    def words(self) -> str:
        """The rest, in one line."""
        return self._words.text()

    @property
    def buttons(self) -> tuple[Button, ...]:
        """The repairs, the first one filled."""
        return tuple(self._buttons)

    def show_notice(self, notice: Notice, n_all: int, *, is_whole: bool) -> None:
        """Show a notice, one of n_all; is_whole: all are open below, and none stands twice."""
        self.more.setText(f"1 of {n_all}" if n_all > 1 and not is_whole else " ")
        self.more.set_icon("up" if is_whole else "down")
        if notice is not self._notice:
            self._notice = notice
            self._make_buttons(notice)
            self._tint()
        self._title.setText(plural(n_all, "notice") if is_whole else notice.title)
        self._words.setText("" if is_whole else plain_words(notice.body or notice.note))
        for button in (*self._buttons, self.close_button):
            button.setVisible(not is_whole)

    def _make_buttons(self, notice: Notice) -> None:
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(action) for action in notice.actions]
        for place, button in enumerate(self._buttons, start=3):
            self._row.insertWidget(place, button)

    def _button(self, action: NoticeAction) -> Button:
        is_first = self._notice is not None and action is self._notice.actions[0]
        button = Button(self._keeper, plain_caption(action.text), action.icon, is_primary=is_first)
        button.clicked.connect(lambda: self._trigger(action))
        return button

    def _trigger(self, action: NoticeAction) -> None:
        self.action_triggered.emit(action.id)
        if action.closes:
            self.closed.emit()

    @pyqtSlot()
    def _tint(self) -> None:
        if self._notice is None:
            return
        kind = self._notice.kind
        line = self._keeper.theme.kind_text(kind)
        self._title.set_role(f"{kind}_text" if kind != "info" else "text")
        name = KIND_ICONS.get(kind, "info")
        self._picture.setPixmap(pixmap(name, line, 16, self.devicePixelRatioF()))
        mark(self, "kind", kind)


class NoticeArea(QWidget):
    """The strip, and below it every notice whole where the user asks or a text has to be shown."""

    action_triggered = pyqtSignal(str, str)
    closed = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notices: tuple[Notice, ...] = ()
        self._is_whole = False
        self.strip = NoticeStrip(keeper)
        self._bar = NoticeBar(keeper)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self._bar)
        self.strip.action_triggered.connect(self._trigger)
        self.strip.closed.connect(self._close)
        self.strip.whole_asked.connect(lambda: self._show_whole(not self._is_whole))
        self._bar.action_triggered.connect(self.action_triggered)
        self._bar.closed.connect(self.closed)
        self.hide()

    @property
    def front(self) -> Notice | None:
        """The notice in the strip."""
        return most_severe(self._notices)

    @property
    def is_whole(self) -> bool:
        """Whether all notices are open below the strip."""
        return self._is_whole

    @property
    def cards(self) -> tuple[NoticeCard, ...]:
        """Every notice as it opens below the strip, newest first."""
        return self._bar.cards

    def show_notices(self, notices: Sequence[Notice]) -> None:
        """Show exactly these; one with lines of a file opens by itself when it comes."""
        fresh = [notice for notice in notices if notice not in self._notices]
        self._notices = tuple(notices)
        self._bar.show_notices(notices)
        if not notices:
            self._is_whole = False
        elif any(notice.code for notice in fresh):
            self._is_whole = True
        self._show()

    def _show(self) -> None:
        front = self.front
        if front is not None:
            self.strip.show_notice(front, len(self._notices), is_whole=self._is_whole)
        self._bar.setVisible(bool(self._notices) and self._is_whole)
        self.setVisible(front is not None)

    def _show_whole(self, is_whole: bool) -> None:
        self._is_whole = is_whole
        self._show()

    def _trigger(self, action: str) -> None:
        front = self.front
        if front is not None:
            self.action_triggered.emit(front.key, action)

    def _close(self) -> None:
        front = self.front
        if front is not None:
            self.closed.emit(front.key)
