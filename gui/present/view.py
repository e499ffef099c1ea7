"""A page shown larger, under one thin line that says what it is of."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeySequence, QPainter, QResizeEvent
from PyQt5.QtWidgets import (
    QFrame,
    QGraphicsProxyWidget,
    QGraphicsScene,
    QGraphicsView,
    QHBoxLayout,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from gui.frame.areas import NO_RING
from gui.theme import ThemeKeeper
from gui.widgets.labels import ElidedLabel, ThemedLabel

LEAST_PAGE = QSize(1044, 540)
"""What a page needs to show all that it has."""

_SMALLEST, _LARGEST = 0.6, 2.0
LEAVE = "Esc leaves"


def scale_for(room: QSize, least: QSize) -> float:
    """How much larger a page is drawn in this room: as much as it can be without losing parts."""
    least = least.expandedTo(LEAST_PAGE)
    fitting = min(room.width() / least.width(), room.height() / least.height())
    return max(_SMALLEST, min(_LARGEST, fitting))


class PresentView(QWidget):
    """Borrows a page and gives it back; `left` is the wish to leave."""

    left = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._proxy: QGraphicsProxyWidget | None = None
        self.subject = ElidedLabel()
        self.subject.setObjectName("presentSubject")
        self.keys = ThemedLabel("", "secondary", pixels=12)
        self._scene = QGraphicsScene(self)
        self.view = QGraphicsView(self._scene)
        for widget in (self.view, self.view.viewport()):
            widget.setAcceptDrops(False)  # files are the window's, wherever they fall
        self.view.setFrameShape(QFrame.NoFrame)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.view.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.view.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.view.setRenderHint(QPainter.SmoothPixmapTransform)
        self.view.setRenderHint(QPainter.TextAntialiasing)
        self.view.setAccessibleName("Page shown to others")
        self.view.setFocusPolicy(Qt.StrongFocus)
        self.view.setProperty(NO_RING, True)
        line = QHBoxLayout()
        line.setContentsMargins(14, 3, 14, 3)
        line.addWidget(self.subject, 1)
        line.addWidget(self.keys)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self.view, 1)
        leave = QShortcut(QKeySequence("Esc"), self)
        leave.setContext(Qt.WindowShortcut)
        leave.activated.connect(lambda: self.left.emit())
        leave.activatedAmbiguously.connect(lambda: self.left.emit())
        self._leave = leave
        leave.setEnabled(False)
        keeper.changed.connect(self._tint)
        self._tint()

    @property
    def page(self) -> QWidget | None:
        """The page that is borrowed."""
        return self._proxy.widget() if self._proxy is not None else None

    def show_page(self, page: QWidget) -> None:
        """Borrow a page, which must have no parent."""
        self._proxy = self._scene.addWidget(page)
        self._leave.setEnabled(True)
        self._fit()
        page.show()
        self.view.setFocus(Qt.OtherFocusReason)
        self._proxy.setFocus(Qt.OtherFocusReason)

    def give_back(self) -> QWidget:
        """The page, without a parent. Raises ValueError where none is borrowed."""
        proxy, self._proxy = self._proxy, None
        self._leave.setEnabled(False)
        if proxy is None:
            raise ValueError("no page is borrowed")
        page = proxy.widget()
        proxy.setWidget(None)  # type: ignore[arg-type]
        self._scene.removeItem(proxy)
        return page

    def show_subject(self, words: str, keys: str) -> None:
        """The thin line: what is shown, and the keys that walk it."""
        self.subject.setText(words)
        self.keys.setText("   ".join(filter(None, (keys, LEAVE))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The page fills the view, drawn larger."""
        if self._proxy is None:
            return
        room = self.view.viewport().size()
        scale = scale_for(room, self._proxy.widget().minimumSizeHint())
        self.view.resetTransform()
        self.view.scale(scale, scale)
        frame = QRectF(0, 0, room.width() / scale, room.height() / scale)
        self._proxy.setGeometry(frame)
        self._scene.setSceneRect(frame)

    @pyqtSlot()
    def _tint(self) -> None:
        self._scene.setBackgroundBrush(self._keeper.theme.window)
