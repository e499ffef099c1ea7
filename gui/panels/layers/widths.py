"""How wide the columns of the layer table are: as their words, or less where room is short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
_GOALS = tuple(COLUMNS[: COLUMNS.index(last) + 1] for last in (Column.PARAMS, Column.SHAPE))
"""What should be in view without scrolling; with long names only the second."""


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


def fitted(widths: Mapping[Column, int], room: int) -> list[int]:
    """Widths in column order; names shrink, down to a limit, so that more numbers are in view.

    Names keep both their ends when elided, so that they can still be told apart. Blobs take what
    room is left, so that the edge of the table cuts no number in two.
    """
    shrunk = dict(widths)
    spare = {c: max(0, widths[c] - least) for c, least in _LEAST.items()}
    total = sum(spare.values())
    for goal in (_columns_that_fit(widths, room), *_GOALS):
        missing = sum(widths[column] for column in goal) - room
        if goal and missing <= 0:
            has_more = len(goal) < len(COLUMNS)
            shrunk[Column.BLOB] += max(0, -missing - _EDGE) if has_more else 0
            break
        if goal and missing <= total:
            for column, share in spare.items():
                shrunk[column] -= -(-missing * share // total)
            break
    return [shrunk[column] for column in COLUMNS]


def _columns_that_fit(widths: Mapping[Column, int], room: int) -> tuple[Column, ...]:
    """All columns up to the last that is wholly in view; none if the parameters are not."""
    least = len(_GOALS[0])
    for count in range(len(COLUMNS), least - 1, -1):
        if sum(widths[column] for column in COLUMNS[:count]) <= room:
            return tuple(COLUMNS[:count])
    return ()


def _widest(words: set[str], metrics: QFontMetrics) -> int:
    """Only the longer words are measured, as that takes most of the time with large nets."""
    longest = max(map(len, words), default=0)
    return max(
        (metrics.horizontalAdvance(word) for word in words if 3 * len(word) >= 2 * longest),
        default=0,
    )
