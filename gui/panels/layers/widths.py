"""How wide the columns of the layer table are: as their words, or less where room is short."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from PyQt5.QtGui import QFontMetrics

from core.net.elision import least_rooms
from gui.panels.layers.delegate import PADDING
from gui.panels.layers.elided import NAME_COLUMNS, eye_room, name_width
from gui.panels.layers.header import MORE_WIDTH
from gui.panels.layers.rows import COLUMNS, COST_COLUMNS, Column, LayerRow
from gui.theme import text_font

_FIXED = {Column.GUTTER: 15, Column.FAMILY: 15}
_LARGEST_NAME, _LEAST_NAME = 260, 72
_ENOUGH = 112
"""Pixels in which names are shortened by force before the blobs leave, which are what is shared."""
_HEADER_PADDING = 2
_ARROW = 12
_EDGE = 8
LEAVING = (
    Column.MEMORY, Column.MACS, Column.SHARE, Column.PARAMS, Column.TYPE, Column.SHAPE,
    Column.BLOB,
)  # fmt: skip
"""Which columns are left out where room is short, the first one first."""


class Least(NamedTuple):
    """Pixels in which a column of names can be told apart: at ease, and at all."""

    at_ease: int
    at_all: int


def column_widths(
    rows: Sequence[LayerRow],
    totals: Mapping[Column, str] | None = None,
    sorted_by: Column | None = None,
) -> dict[Column, int]:
    """Pixels that each column's words take; totals: what adds them up, below."""
    plain, bold = QFontMetrics(text_font(12)), QFontMetrics(text_font(12, semibold=True))
    metrics = {Column.NAME: bold, Column.BLOB: bold, Column.TYPE: QFontMetrics(text_font(11))}
    headers = QFontMetrics(text_font(11, semibold=True))
    widths = {}
    for column in COLUMNS:
        if column in _FIXED:
            widths[column] = _FIXED[column]
            continue
        widest = _widest(rows, column, metrics.get(column, plain))
        total = (totals or {}).get(column, "") if column in COST_COLUMNS else ""
        header = headers.horizontalAdvance(column.value) + _ARROW * (column is sorted_by)
        widest = max(widest, header + _HEADER_PADDING, headers.horizontalAdvance(total))
        widths[column] = widest + 2 * PADDING + 1
        if column in NAME_COLUMNS:
            widths[column] = min(_LARGEST_NAME, widths[column])
    return widths


def least_widths(rows: Sequence[LayerRow]) -> dict[Column, Least]:
    """Pixels in which each row's names can still be told from the others'."""
    headers = QFontMetrics(text_font(11, semibold=True))
    least = {}
    for column in NAME_COLUMNS:
        names = [row.text(column) for row in rows]
        eye = max((eye_room(column, row.is_overwritten) for row in rows), default=0)
        at_ease, at_all = (
            int(room) + eye + 2 * PADDING + 1 for room in least_rooms(names, name_width)
        )
        header = headers.horizontalAdvance(column.value) + _HEADER_PADDING + 2 * PADDING + 1
        floor = max(_LEAST_NAME, header)
        least[column] = Least(
            max(floor, min(_LARGEST_NAME, at_ease)), max(floor, min(_ENOUGH, at_all))
        )
    return least


def fitted(
    widths: Mapping[Column, int],
    least: Mapping[Column, Least],
    room: int,
    unwanted: Collection[Column] = (),
) -> dict[Column, int]:
    """The columns that fit into `room` and their widths; the others are left out whole.

    Names shrink, down to a limit, before a column leaves: elided they can still be told apart,
    while a number that is cut reads as another one. unwanted: columns that the user put away.
    """
    shown = {column: width for column, width in widths.items() if column not in unwanted}
    n_all = len(shown)

    def missing_at(limits: Mapping[Column, int]) -> int:
        needed = sum(min(width, limits.get(c, width)) for c, width in shown.items())
        return needed + _more_room(shown, len(shown) < n_all) - (room - _EDGE)

    at_ease = {column: limit.at_ease for column, limit in least.items()}
    at_all = {column: limit.at_all for column, limit in least.items()}
    for column in LEAVING:
        if missing_at(at_all if column is Column.BLOB else at_ease) <= 0:
            break
        shown.pop(column, None)
    missing = missing_at({})
    limits = at_ease if missing_at(at_ease) <= 0 else at_all
    if missing <= 0:  # what is over goes to the names
        if Column.BLOB in shown:
            shown[Column.BLOB] += -missing // 2
        shown[Column.NAME] -= missing_at({})
        return shown
    spare = {c: max(0, shown[c] - limits.get(c, 0)) for c in NAME_COLUMNS if c in shown}
    total = max(1, sum(spare.values()))
    for column, share in spare.items():
        shown[column] -= min(share, -(-missing * share // total))
    return shown


def room_to_show(widths: Mapping[Column, int], columns: Collection[Column]) -> int:
    """Pixels in which these columns fit whole."""
    return sum(widths[column] for column in columns) + _EDGE + MORE_WIDTH


def _more_room(shown: Mapping[Column, int], has_more: bool) -> int:
    """What the count of columns left out needs beside the last heading."""
    if not has_more or not shown:
        return 0
    last = [column for column in COLUMNS if column in shown][-1]
    heading = QFontMetrics(text_font(11, semibold=True)).horizontalAdvance(last.value)
    return max(0, heading + MORE_WIDTH + 2 * PADDING - shown[last])


def _widest(rows: Sequence[LayerRow], column: Column, metrics: QFontMetrics) -> int:
    """Only the longer words are measured, as that takes most of the time with large nets."""
    words = {(row.text(column), eye_room(column, row.is_overwritten)) for row in rows}
    longest = max((len(word) for word, _ in words), default=0)
    return max(
        (metrics.horizontalAdvance(w) + eye for w, eye in words if 3 * len(w) >= 2 * longest),
        default=0,
    )
