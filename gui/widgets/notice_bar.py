"""The stack of notices above the graph."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QEvent, QObject, QSize, Qt, pyqtSignal
from PyQt5.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

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
        self.setAccessibleName("All notices")
        self._content = QWidget()
        self._content.setObjectName("noticeContent")
        self._layout = QVBoxLayout(self._content)
        self._layout.setContentsMargins(8, 8, 8, 9)
        self._layout.setSpacing(8)
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        policy = QSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
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
        self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        """As tall as the cards at this width, up to a limit, then it scrolls.

        The layout around the bar asks for it. A bar that gave itself this height when it was
        resized was laid out anew amidst that, and the older layout, ending last, put the cards
        below what shows.
        """
        return min(LARGEST_HEIGHT, self._content.heightForWidth(width))

    def sizeHint(self) -> QSize:
        return QSize(300, self.heightForWidth(300))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt has the area watch what it scrolls."""
        is_filtered = super().eventFilter(watched, event)
        if event.type() == QEvent.LayoutRequest and watched is self._content:
            self.updateGeometry()
        return is_filtered

    def _card(self, notice: Notice) -> NoticeCard:
        card = NoticeCard(self._keeper, notice)
        card.action_triggered.connect(lambda action: self.action_triggered.emit(notice.key, action))
        card.closed.connect(lambda: self.closed.emit(notice.key))
        return card

    def _drop(self, card: NoticeCard) -> None:
        self._layout.removeWidget(card)
        card.hide()
        card.deleteLater()
