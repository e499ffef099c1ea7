"""Gives the page of a window the whole screen, and brings the window back as it was."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QObject, Qt
from PyQt5.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from gui.present.view import PresentView
from gui.widgets.side import Side

NO_LIMIT = (1 << 24) - 1
"""The largest height of a widget: Qt's QWIDGETSIZE_MAX, which PyQt does not name."""


class Presenter(QObject):
    """chrome: what hides meanwhile; notices: what gets no height; sides: what folds."""

    def __init__(
        self,
        window: QMainWindow,
        stack: QStackedWidget,
        view: PresentView,
        chrome: Sequence[QWidget],
        notices: QWidget,
        sides: Sequence[Side],
    ) -> None:
        super().__init__(window)
        self._window, self._stack, self._view = window, stack, view
        self._chrome, self._notices, self._sides = tuple(chrome), notices, tuple(sides)
        self._place = 0
        self._state_before = window.windowState()
        self._folds_before = [side.is_folded for side in sides]
        self._had_keyboard: QWidget | None = None

    @property
    def is_on(self) -> bool:
        """Whether the page has the whole screen, larger and by itself."""
        return self._view.page is not None

    def turn(self, is_on: bool) -> None:
        """Begin, or bring the window back."""
        if is_on == self.is_on:
            return
        if is_on:
            self._begin()
        else:
            self._end()
        for widget in self._chrome:
            widget.setVisible(not is_on)
        self._notices.setMaximumHeight(0 if is_on else NO_LIMIT)

    def show(self, page: QWidget) -> None:
        """Present another page."""
        if page is not self._view.page:
            self._take_back()
            self._lend(page)

    def _begin(self) -> None:
        self._state_before = self._window.windowState()
        self._had_keyboard = QApplication.focusWidget()
        self._folds_before = [side.is_folded for side in self._sides]
        for side in self._sides:
            side.set_folded(True)
        self._lend(self._stack.currentWidget())
        self._window.setWindowState(self._window.windowState() | Qt.WindowFullScreen)

    def _end(self) -> None:
        page = self._take_back()
        self._window.setWindowState(self._state_before)
        self._stack.setCurrentWidget(page)
        for side, is_folded in zip(self._sides, self._folds_before, strict=True):
            side.set_folded(is_folded)
        if self._had_keyboard is not None and self._window.isAncestorOf(self._had_keyboard):
            self._had_keyboard.setFocus(Qt.OtherFocusReason)

    def _lend(self, page: QWidget) -> None:
        self._place = self._stack.indexOf(page)
        self._stack.removeWidget(page)
        page.setParent(None)  # type: ignore[call-overload]
        self._stack.setCurrentWidget(self._view)
        self._view.show_page(page)

    def _take_back(self) -> QWidget:
        page = self._view.give_back()
        self._stack.insertWidget(self._place, page)
        return page
