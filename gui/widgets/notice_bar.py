"""The stack of notices above the graph."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.notice_card import Notice, NoticeCard

LARGEST_HEIGHT = 300


class NoticeBar(QScrollArea):
    """Shows notices newest first; takes no room when there is none."""

    action_triggered = pyqtSignal(str, str)
    closed = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._cards: dict[str, NoticeCard] = {}
        self._content = QWidget()
        self._content.setObjectName("noticeContent")
        self._layout = QVBoxLayout(self._content)
        self._layout.setContentsMargins(8, 8, 8, 8)
        self._layout.setSpacing(8)
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        keeper.changed.connect(self._tint)
        self._tint()
        self.hide()

    @property
    def cards(self) -> tuple[NoticeCard, ...]:
        """The cards shown, newest first."""
        return tuple(self._cards.values())

    def show_notices(self, notices: Sequence[Notice]) -> None:
        """Show exactly these, reusing the cards of those already shown."""
        old, self._cards = self._cards, {}
        for notice in notices:
            card = old.pop(notice.key, None)
            if card is not None and card.notice is not notice:
                self._drop(card)
                card = None
            self._cards[notice.key] = card or self._card(notice)
        for card in old.values():
            self._drop(card)
        for index, card in enumerate(self._cards.values()):
            self._layout.insertWidget(index, card)
            card.show()  # in a bar that shows, Qt would do so only later, and it takes no room yet
        self.setVisible(bool(self._cards))
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(300, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def _card(self, notice: Notice) -> NoticeCard:
        card = NoticeCard(self._keeper, notice)
        card.action_triggered.connect(lambda action: self.action_triggered.emit(notice.key, action))
        card.closed.connect(lambda: self.closed.emit(notice.key))
        return card

    def _drop(self, card: NoticeCard) -> None:
        self._layout.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _fit(self) -> None:
        """As tall as the cards at this width, up to a limit, then it scrolls."""
        needed = self._layout.totalHeightForWidth(max(120, self.width()))
        if needed < 0:
            needed = self._layout.totalSizeHint().height()
        fits = needed < LARGEST_HEIGHT
        self.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOff if fits else Qt.ScrollBarAsNeeded)
        self.setFixedHeight(min(LARGEST_HEIGHT, needed + 1))

    def _tint(self) -> None:
        theme = self._keeper.theme
        self.setStyleSheet(
            f"NoticeBar {{ border: none; border-bottom: 1px solid {theme.border.name()}; }}"
            f"#noticeContent {{ background: {theme.panel.name()}; }}"
        )
