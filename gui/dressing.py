"""What the application's style sheet asks of a widget, and building windows before it is on.

Only the application has a sheet (resources/styles): it tells widgets apart by class, name and
property. Qt dresses a widget and all below it anew whenever one of them is given a sheet or a
parent, or the application another sheet, so that a window that is built from the inside out was
dressed a dozen times over, and a change of the theme once for every widget around a widget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QWidget

_measures: list[Callable[[], None]] = []
_depth = [0]


def mark(widget: QWidget, name: str, value: str | bool) -> None:
    """Set a property that the sheet tells widgets apart by, and dress the widget by it."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    if widget.testAttribute(Qt.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def when_dressed(measure: Callable[[], None]) -> None:
    """Do what asks widgets for their sizes, which the sheet changes: now, or when it is on."""
    if _depth[0]:
        _measures.append(measure)
    else:
        measure()


@contextmanager
def dressed_at_the_end() -> Iterator[None]:
    """What is built inside is bare until then."""
    app = QApplication.instance()
    if _depth[0] or not isinstance(app, QApplication):
        yield
        return
    sheet = app.styleSheet()
    app.setStyleSheet("")
    _depth[0] += 1
    try:
        yield
    finally:
        _depth[0] -= 1
        app.setStyleSheet(sheet)
        measures = tuple(_measures)
        _measures.clear()
        for measure in measures:
            measure()
