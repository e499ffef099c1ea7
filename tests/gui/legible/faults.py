"""Finds text that is cut, reads as another or lies on other text, and widgets in the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from PyQt5.QtCore import QRect, QRectF, Qt
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QGraphicsView,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QRubberBand,
    QScrollBar,
    QSplitter,
    QSplitterHandle,
    QStackedWidget,
    QTabBar,
    QWidget,
)

from tests.gui.legible.recorder import DrawnText, record_texts
from tests.gui.legible.sources import (
    ELLIPSIS,
    MARKUP,
    Elisions,
    dropped_numbers,
    is_elision_of,
    row_cells,
    row_words,
    shown_cells,
    texts_of,
)

SLACK = 1.0
"""Pixels that letters may reach out of their room: the smooth edge of a letter."""


@dataclass(frozen=True)
class Fault:
    """kind: "cut", "number", "same", "overlap", "outside", "no room"; where: the outer first."""

    kind: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what} in {self.where}"


def find_faults(window: QWidget, elisions: Elisions) -> list[Fault]:
    """Every fault of the widgets of a window that are shown."""
    return [fault for widget in shown_widgets(window) for fault in _faults_of(widget, elisions)]


def shown_widgets(window: QWidget) -> list[QWidget]:
    """A window and what can be seen in it, without windows of its own such as menus."""
    inner = [w for w in window.findChildren(QWidget) if w.isVisible() and w.window() is window]
    return [window, *inner]


def _faults_of(widget: QWidget, elisions: Elisions) -> Iterator[Fault]:
    where = name_of(widget)
    texts = record_texts(widget) if not widget.size().isEmpty() else []
    for what in _cut(widget, texts):
        yield Fault("cut", where, what)
    for what in _without_room(widget):
        yield Fault("no room", where, what)
    for what in _dropped_numbers(widget, texts, elisions):
        yield Fault("number", where, what)
    for what in _same(widget, texts, elisions):
        yield Fault("same", where, what)
    for what in _over_one_another(texts):
        yield Fault("overlap", where, what)
    for what in _overlapping_children(widget):
        yield Fault("overlap", where, what)
    for what in _outside(widget):
        yield Fault("outside", where, what)


def name_of(widget: QWidget) -> str:
    """The classes from the window down to a widget, with names that tell siblings apart."""
    chain: list[str] = []
    one: QWidget | None = widget
    while one is not None and len(chain) < 5:
        chain.append(type(one).__name__ + (f"#{one.objectName()}" if one.objectName() else ""))
        one = one.parentWidget()
    return " > ".join(reversed(chain))


def _area(widget: QWidget) -> QAbstractScrollArea | None:
    parent = widget.parentWidget()
    is_viewport = isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget
    return parent if is_viewport else None


def _cut(widget: QWidget, texts: list[DrawnText]) -> Iterator[str]:
    parent = widget.parentWidget()  # a viewport's, or that of a margin that scrolls with it
    area = parent if isinstance(parent, QAbstractScrollArea) else None
    if isinstance(area, QGraphicsView):
        return  # what lies beyond its edge is looked at by moving it
    if isinstance(widget, QLineEdit) and widget.text() and not _is_number_field(widget):
        return  # one moves in it with the keys
    room = QRectF(widget.rect())
    if area is not None:
        if area.verticalScrollBar().maximum() > 0:
            room.adjust(0, -1e6, 0, 1e6)
        if area.horizontalScrollBar().maximum() > 0:
            room.adjust(-1e6, 0, 1e6, 0)
    for one in texts:
        allowed = room if one.clip is None else room.intersected(one.clip)
        if area is not None and not QRectF(widget.rect()).contains(one.line.center()):
            continue  # scrolled out of view
        if area is not None and one.clip is not None and _reaches_out(one.clip, widget.rect()):
            allowed = room  # the cell itself is scrolled half out of view
        side, over = _over(one.ink, allowed)
        if over > SLACK:
            yield f"{one.text!r} by {over:.1f} px at the {side}"


def _is_number_field(field: QLineEdit) -> bool:
    return field.parentWidget() is not None and field.parentWidget().inherits("QAbstractSpinBox")


def _reaches_out(inner: QRectF, outer: QRect) -> bool:
    return inner.top() <= outer.top() or inner.bottom() >= outer.bottom()


def _over(ink: QRectF, room: QRectF) -> tuple[str, float]:
    """At which side letters reach out of their room the most, and by how many pixels."""
    over = {
        "left": room.left() - ink.left(),
        "right": ink.right() - room.right(),
        "top": room.top() - ink.top(),
        "bottom": ink.bottom() - room.bottom(),
    }
    side = max(over, key=over.__getitem__)
    return side, over[side]


def _without_room(widget: QWidget) -> Iterator[str]:
    """Labels and buttons that are shown at a size in which nothing is seen of their text."""
    if isinstance(widget, QLabel | QAbstractButton) and widget.text().strip():
        size, metrics = widget.size(), widget.fontMetrics()
        needed = min(6, metrics.horizontalAdvance(MARKUP.sub("", widget.text())))
        if size.width() < needed or size.height() < 6:
            yield f"{widget.text()!r} has {size.width()} x {size.height()} px"


def _dropped_numbers(widget: QWidget, texts: list[DrawnText], elisions: Elisions) -> Iterator[str]:
    elided = {one.text for one in texts if ELLIPSIS in one.text}
    known = set(texts_of(widget)) if elided else set()
    for drawn in sorted(elided - known):
        sources = elisions.whole(drawn) or {t for t in known if is_elision_of(drawn, t)}
        # a sentence may end early, but not within a number: "17 more" must not read "7 more"
        is_prose = isinstance(widget, QLabel)
        dropped = [dropped_numbers(drawn, whole, is_prose=is_prose) for whole in sources]
        if dropped and all(dropped):
            yield f"{drawn!r} hides {dropped[0]} of {min(sources)!r}"


def _same(widget: QWidget, texts: list[DrawnText], elisions: Elisions) -> Iterator[str]:
    """Two texts that differ and are drawn alike, in the rows of a view or anywhere in a widget."""
    view = _area(widget)
    if isinstance(view, QAbstractItemView) and not isinstance(view, QHeaderView) and view.model():
        yield from _same_rows(view, texts)
        return
    drawn: defaultdict[str, int] = defaultdict(int)
    for one in texts:
        if ELLIPSIS in one.text:
            drawn[one.text] += 1
    for text, count in drawn.items():
        wholes = elisions.whole(text)
        if count > 1 and len(wholes) > 1:
            yield f"{text!r} stands for {sorted(wholes)[:3]}"


def _same_rows(view: QAbstractItemView, texts: list[DrawnText]) -> Iterator[str]:
    rows = sorted({cell.row() for cell in shown_cells(view)})
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        frame = QRectF()
        for cell in row_cells(view, row):
            frame = frame.united(QRectF(view.visualRect(cell)))
        read = tuple(one.text for one in texts if frame.contains(one.line.center()))
        if not any(ELLIPSIS in text for text in read):
            continue
        other = seen.setdefault(read, row)
        if other != row and row_words(view, other) != row_words(view, row):
            yield f"rows {other} and {row} read {read}"


def _over_one_another(texts: list[DrawnText]) -> Iterator[str]:
    ordered = sorted(texts, key=lambda one: one.ink.top())
    for index, one in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if other.ink.top() >= one.ink.bottom():
                break
            common = one.ink.intersected(other.ink)
            if common.width() > 2 and common.height() > 2 and one.text != other.text:
                yield f"{one.text!r} and {other.text!r}"


def _overlapping_children(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QSplitter | QAbstractScrollArea | QMainWindow | QTabBar | QComboBox):
        return
    children = [
        child
        for child in widget.findChildren(QWidget, options=Qt.FindDirectChildrenOnly)
        if child.isVisible() and not child.isWindow() and not isinstance(child, QRubberBand)
    ]
    for one, other in combinations(children, 2):
        common = one.geometry().intersected(other.geometry())
        if common.width() > 1 and common.height() > 1:
            yield f"{_short(one)} and {_short(other)} by {common.width()} x {common.height()} px"


def _outside(widget: QWidget) -> Iterator[str]:
    parent = widget.parentWidget()
    if parent is None or widget.isWindow() or widget.size().isEmpty():
        return
    if _area(parent) is not None or isinstance(widget, QScrollBar | QSplitterHandle):
        return  # scrolled
    if isinstance(parent, QStackedWidget | QAbstractScrollArea):
        return
    if not parent.rect().contains(widget.geometry()):
        side, over = _over(QRectF(widget.geometry()), QRectF(parent.rect()))
        if over > 1:
            yield f"{_short(widget)} reaches {over:.0f} px out at the {side}"


def _short(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else widget.objectName()
    return f"{type(widget).__name__}({text[:40]!r})" if text else type(widget).__name__
