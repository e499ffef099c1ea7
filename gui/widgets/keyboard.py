"""Whether a key led the keyboard to a widget: only then it draws that it has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PyQt5.QtWidgets import QApplication, QWidget

BY_KEY = "byKey"
"""A property of the application while a key moves the keyboard on, and of a widget that it met."""


@contextmanager
def moved_by_key() -> Iterator[None]:
    """What takes the keyboard within took it by a key."""
    app = QApplication.instance()
    if app is None:
        yield
        return
    before = app.property(BY_KEY)
    app.setProperty(BY_KEY, True)
    try:
        yield
    finally:
        app.setProperty(BY_KEY, before)


def shows_keyboard(widget: QWidget) -> bool:
    """Whether a widget has the keyboard and Tab or F6 led there: who clicks knows where."""
    return widget.hasFocus() and bool(widget.property(BY_KEY))
