"""How wide the columns of the layer table are: as their words, or less where room is short."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PyQt5.QtGui import QFontMetrics

from gui.panels.layers.delegate import EYE_ROOM, PADDING
from gui.panels.layers.rows import COLUMNS, COST_COLUMNS, Column, LayerRow
from gui.theme import text_font

_FIXED = {Column.GUTTER: 15, Column.FAMILY: 15}
_LARGEST = {Column.NAME: 170, Column.TYPE: 130, Column.BLOB: 170}
_LEAST = {Column.NAME: 108, Column.BLOB: 104}
_OTHERS_LARGEST = 240
_HEADER_PADDING = 2
_EDGE = 4
LEAVING = (Column.MEMORY, Column.MACS, Column.PARAMS, Column.TYPE, Column.SHAPE)
"""Which columns are left out where room is short, the first one first."""


def column_widths(
    rows: Sequence[LayerRow], totals: Mapping[Column, str] | None = None
) -> dict[Column, int]:
    """Pixels that each column's words take, up to a limit for names; totals: what adds them up."""
    plain, bold = QFontMetrics(text_font(12)), QFontMetrics(text_font(12, semibold=True))
    metrics = {Column.NAME: bold, Column.TYPE: QFontMetrics(text_font(11))}
    headers = QFontMetrics(text_font(11, semibold=True))
    widths = {}
    for column in COLUMNS:
        if column in _FIXED:
            widths[column] = _FIXED[column]
            continue
        widest = _widest({row.text(column) for row in rows}, metrics.get(column, plain))
        widest += EYE_ROOM if column is Column.BLOB else 0
        total = (totals or {}).get(column, "") if column in COST_COLUMNS else ""
        header = max(headers.horizontalAdvance(words) for words in (column.value, total))
        widest = min(_LARGEST.get(column, _OTHERS_LARGEST), max(widest, header + _HEADER_PADDING))
        widths[column] = widest + 2 * PADDING + 1
    return widths


def fitted(
    widths: Mapping[Column, int], room: int, unwanted: Collection[Column] = ()
) -> dict[Column, int]:
    """The columns that fit into `room` and their widths; the others are left out whole.

    Names shrink, down to a limit, before a column leaves: elided they can still be told apart,
    while a number that is cut reads as another one. unwanted: columns that the user put away.
    """
    shown = {column: width for column, width in widths.items() if column not in unwanted}
    for column in LEAVING:
        if sum(min(width, _LEAST.get(c, width)) for c, width in shown.items()) <= room - _EDGE:
            break
        shown.pop(column, None)
    missing = sum(shown.values()) - (room - _EDGE)
    if missing <= 0:
        shown[Column.BLOB] -= missing  # what is over goes to the blobs
        return shown
    spare = {c: max(0, shown[c] - least) for c, least in _LEAST.items()}
    total = max(1, sum(spare.values()))
    for column, share in spare.items():
        shown[column] -= min(share, -(-missing * share // total))
    return shown


def _widest(words: set[str], metrics: QFontMetrics) -> int:
    """Only the longer words are measured, as that takes most of the time with large nets."""
    longest = max(map(len, words), default=0)
    return max(
        (metrics.horizontalAdvance(word) for word in words if 3 * len(word) >= 2 * longest),
        default=0,
    )
