"""The whole of a text that was drawn with an ellipsis, and what of it was dropped."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from unittest import mock

from PyQt5.QtCore import QAbstractListModel, QModelIndex, QPoint, Qt
from PyQt5.QtGui import QFontMetrics, QFontMetricsF
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)

from core.net import elision

ELLIPSIS = "…"
MARKUP = re.compile(r"<[^>]*>")
NUMBER = re.compile(r"(?<![\w/.@_-])\d[\d.,:×]*(?: ?[kMGT]i?B\b| ?%)?(?![\w/@_-])")
"""Numbers and shapes that stand for themselves; digits in the names of layers and files do not."""


class Elisions:
    """What our own code has elided since the last `clear`: text drawn -> the texts it stood for."""

    def __init__(self) -> None:
        self._whole: defaultdict[str, set[str]] = defaultdict(set)

    def clear(self) -> None:
        """Forget, before another net is opened."""
        self._whole.clear()

    def whole(self, drawn: str) -> set[str]:
        """The texts that were shortened to `drawn`."""
        return self._whole.get(drawn, set())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note every elision, by Qt and by our own rule."""
        with ExitStack() as patches:
            for kind in (QFontMetrics, QFontMetricsF):
                patches.enter_context(
                    mock.patch.object(kind, "elidedText", self._noting(kind.elidedText))
                )
            noting = self._noting_names(elision.elide_names)
            for module in [m for m in sys.modules.values() if _has_rule(m)]:
                patches.enter_context(mock.patch.object(module, "elide_names", noting))
            yield

    def _noting(self, elide: Callable[..., str]) -> Callable[..., str]:
        def noting(metrics: object, text: str, *given: object, **named: object) -> str:
            drawn = elide(metrics, text, *given, **named)
            self._note(drawn, text)
            return drawn

        return noting

    def _noting_names(self, elide: Callable[..., tuple[str, ...]]) -> Callable[..., object]:
        def noting(names: Sequence[str], *given: object, **named: object) -> tuple[str, ...]:
            shown = elide(names, *given, **named)
            for drawn, name in zip(shown, names, strict=True):
                self._note(drawn, name)
            return shown

        return noting

    def _note(self, drawn: str, whole: str) -> None:
        if drawn != whole:
            self._whole[drawn].add(whole)


def _has_rule(module: object) -> bool:
    return vars(module).get("elide_names") is elision.elide_names


def dropped_numbers(drawn: str, whole: str, *, is_prose: bool = False) -> list[str]:
    """The numbers and shapes of `whole` of which at least a part is not in `drawn`.

    is_prose: only those of which a part is left, which reads as another number.
    """
    span = _dropped(drawn, whole)
    if span is None:
        return []
    first, last = span
    return [
        found[0]
        for found in NUMBER.finditer(whole)
        if found.start() < last and found.end() > first
        if not (is_prose and first <= found.start() and found.end() <= last)
    ]


def is_elision_of(drawn: str, whole: str) -> bool:
    """Whether one text may be the other, or its last line, with some of it dropped."""
    return _dropped(drawn, whole) is not None


def _dropped(drawn: str, whole: str) -> tuple[int, int] | None:
    """From where to where `whole` is not in `drawn`; None where that is another text."""
    parts = drawn.split(ELLIPSIS)
    if not whole.endswith(parts[-1]):
        return None
    starts = (m.start() for m in re.finditer(re.escape(parts[0]), whole))
    begin = next((start for start in starts if start == 0 or whole[start - 1] in " \n"), None)
    if begin is None:
        return None
    first, last = begin + len(parts[0]), len(whole) - len(parts[-1])
    at = first
    for part in parts[1:-1]:
        at = whole.find(part, at) + len(part)
        if at < len(part):
            return None
    return (first, last) if last > at else None


def texts_of(widget: QWidget) -> list[str]:
    """Every text that a widget has to show or says in its tooltip, whole."""
    found = list(_own_texts(widget))
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractItemView) and parent.viewport() is widget:
        found += _own_texts(parent)
    if isinstance(parent, QComboBox):
        found += _own_texts(parent)
    return [part for text in found for part in (text, *text.split("\n"), MARKUP.sub("", text))]


def _own_texts(widget: QWidget) -> Iterator[str]:
    yield widget.toolTip()
    yield widget.accessibleName()
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    if isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(index) for index in range(widget.count()))
    if isinstance(widget, QTabBar):
        yield from (widget.tabText(index) for index in range(widget.count()))
    if isinstance(widget, QHeaderView) and widget.model() is not None:
        model, way = widget.model(), widget.orientation()
        yield from (str(model.headerData(i, way) or "") for i in range(min(widget.count(), 200)))
    elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
        yield from (str(index.data() or "") for index in shown_cells(widget))


def shown_cells(view: QAbstractItemView) -> Iterator[QModelIndex]:
    """The cells of the rows that are in view."""
    model, room = view.model(), view.viewport().rect()
    index = view.indexAt(QPoint(4, 4))
    first = index.row() if index.isValid() else 0
    for row in range(first, model.rowCount(view.rootIndex())):
        cells = row_cells(view, row)
        frames = [view.visualRect(cell) for cell in cells]
        if not any(frame.intersects(room) for frame in frames):
            return
        yield from cells


def row_cells(view: QAbstractItemView, row: int) -> list[QModelIndex]:
    """The cells of a row; one where the model is a list."""
    model, root = view.model(), view.rootIndex()
    n_columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(root)
    return [model.index(row, column, root) for column in range(n_columns)]


def row_words(view: QAbstractItemView, row: int) -> tuple[str, ...]:
    """What the model says in a row."""
    return tuple(str(cell.data(Qt.DisplayRole) or "") for cell in row_cells(view, row))
