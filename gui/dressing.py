"""Style sheets of many widgets at once, from the outside in, so that none is dressed many times.

Qt dresses a widget and all below it anew whenever it is given a sheet or a parent while the
application has a sheet. A window that is built from the inside out was dressed a dozen times over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PyQt5 import sip
from PyQt5.QtWidgets import QApplication, QWidget

_waiting: list[tuple[QWidget, str]] = []
_measures: list[Callable[[], None]] = []
_depth = [0]


def dress(widget: QWidget, sheet: str) -> None:
    """Give a widget its own sheet: now, or with all others when what is being built stands."""
    if _depth[0]:
        _waiting.append((widget, sheet))
    else:
        widget.setStyleSheet(sheet)


def when_dressed(measure: Callable[[], None]) -> None:
    """Do what asks widgets for their sizes, which sheets change: now, or when all are dressed."""
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
        due = {id(widget): (widget, own) for widget, own in _waiting}  # the last word counts
        _waiting.clear()
        app.setStyleSheet(sheet)
        alive = [one for one in due.values() if not sip.isdeleted(one[0])]
        for widget, own in sorted(alive, key=lambda one: _n_around(one[0])):
            widget.setStyleSheet(own)
        measures = tuple(_measures)
        _measures.clear()
        for measure in measures:
            measure()


def _n_around(widget: QWidget) -> int:
    """How many widgets it lies in, up to its window."""
    n = 0
    while not widget.isWindow():
        n, widget = n + 1, widget.parentWidget()
    return n
