"""The areas of the window, which F6 walks, and the ring around what has the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt5.QtCore import QEvent, QObject, QRect, Qt, pyqtSlot
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QTabBar,
    QWidget,
)

from gui.dressing import mark
from gui.theme import ThemeKeeper
from gui.widgets.keyboard import BY_KEY, moved_by_key

_SAY_IT_THEMSELVES = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QTabBar)
"""Widgets whose own look says that they have the keyboard."""

NO_RING = "hasNoRing"
"""A property of widgets whose content shows what has the keyboard."""


class AreaWalk(QObject):
    """Goes from area to area; each comes back to the widget that was left in it."""

    def __init__(self, areas: Callable[[], Sequence[QWidget]], parent: QObject) -> None:
        super().__init__(parent)
        self._areas = areas
        self._left: dict[int, QWidget] = {}

    def step(self, by: int) -> None:
        """To the next area (1) or the one before (-1), around the ends."""
        areas = [area for area in self._areas() if area.isVisible() and first_in(area) is not None]
        if not areas:
            return
        now = QApplication.focusWidget()
        at = next((i for i, area in enumerate(areas) if _holds(area, now)), None)
        if at is not None and now is not None:
            self._left[id(areas[at])] = now
        place = (0 if by > 0 else -1) if at is None else (at + by) % len(areas)
        area = areas[place]
        before = self._left.get(id(area))
        target = before if before is not None and _can_take(before, area) else first_in(area)
        if target is not None:
            with moved_by_key():
                target.setFocus(Qt.TabFocusReason)


def first_in(area: QWidget) -> QWidget | None:
    """The first widget of an area that takes the keyboard, as Tab meets them."""
    at, start = area, area
    while True:
        if at is not None and _can_take(at, area) and _holds(area, at):
            return at
        at = at.nextInFocusChain()
        if at is start or at is None:
            return None


def _can_take(widget: QWidget, area: QWidget) -> bool:
    try:
        return bool(
            widget.focusPolicy() & Qt.TabFocus
            and widget.focusProxy() is None
            and widget.isEnabled()
            and widget.isVisibleTo(area)
            and area.isVisible()
        )
    except RuntimeError:  # Qt has deleted it since
        return False


def _holds(area: QWidget, widget: QWidget | None) -> bool:
    return widget is not None and (widget is area or area.isAncestorOf(widget))


def _mark(widget: QWidget, by_key: bool) -> None:
    """Let a widget draw that it has the keyboard, or not where a click gave it."""
    if bool(widget.property(BY_KEY)) == by_key:
        return
    if isinstance(widget, QAbstractButton):
        mark(widget, BY_KEY, by_key)
    else:
        widget.setProperty(BY_KEY, by_key)
    widget.update()


class FocusRing(QWidget):
    """A ring around the widget that has the keyboard, where its own look does not say so.

    It follows Tab and F6 only: who clicks knows where, and what the window does by itself is no
    news.
    """

    def __init__(self, keeper: ThemeKeeper, window: QWidget) -> None:
        super().__init__(window)
        self._keeper = keeper
        self._around: QWidget | None = None
        self._met: QWidget | None = None
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.NoFocus)
        self.hide()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)
        keeper.changed.connect(self.update)

    @property
    def around(self) -> QWidget | None:
        """The widget that it is drawn around."""
        return self._around

    @pyqtSlot("QWidget*", "QWidget*")
    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        if self._around is not None:
            self._around.removeEventFilter(self)
        self._around = None
        if now is None:  # the window lost the keyboard, and gives it back to the same widget
            self.hide()
            return
        app, window = QApplication.instance(), self.parentWidget()
        by_key = now is self._met or (app is not None and bool(app.property(BY_KEY)))
        self._met = now if by_key else None
        _mark(now, by_key or now.window() is not window)
        if not by_key or window is None or now.window() is not window:
            self.hide()
            return
        is_silent = now.focusPolicy() == Qt.NoFocus or bool(now.property(NO_RING))
        if is_silent or isinstance(now, _SAY_IT_THEMSELVES):
            self.hide()
            return
        self._around = now
        now.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Resize, QEvent.Move, QEvent.Show):
            self._place()
        elif event.type() == QEvent.Hide:
            self.hide()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(self._keeper.theme.accent, 2))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _place(self) -> None:
        around, window = self._around, self.parentWidget()
        if around is None or window is None or not around.isVisible():
            self.hide()
            return
        corner = around.mapTo(window, around.rect().topLeft())
        self.setGeometry(QRect(corner, around.size()))
        self.raise_()
        self.show()
