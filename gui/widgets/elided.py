"""Words that end in time: names by what tells them apart, sentences at their end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QFontMetrics

from core.net.elision import elide_name, elide_names

_TAIL = re.compile(r" (→|\+ \d+)$")
"""What stands behind a name and stays whole: an arrow, or how many more there are."""


def elided(words: str, room: int, metrics: QFontMetrics, near: Sequence[str] = ()) -> str:
    """The words in at most `room` pixels; near: names that a name must be told from."""
    if _is_sentence(words):
        return metrics.elidedText(words, Qt.ElideRight, room)
    others = [name for name in near if name != words]
    shown = elide_name(words, room, metrics.horizontalAdvance, others)
    return metrics.elidedText(shown, Qt.ElideMiddle, room)


def elided_rows(cells: Sequence[str], rooms: Sequence[int], metrics: QFontMetrics) -> list[str]:
    """The cells of a column in their rooms, in pixels; names that differ do not read the same."""
    tails = [part[0] if (part := _TAIL.search(cell)) else "" for cell in cells]
    heads = [cell.removesuffix(tail) for cell, tail in zip(cells, tails, strict=True)]
    names = [
        (head, room - metrics.horizontalAdvance(tail))
        for head, tail, room in zip(heads, tails, rooms, strict=True)
        if not _is_sentence(head)
    ]
    shown = iter(
        elide_names([n for n, _ in names], [room for _, room in names], metrics.horizontalAdvance)
    )
    return [
        metrics.elidedText(head + tail, Qt.ElideRight, room)
        if _is_sentence(head)
        else next(shown) + tail
        for head, tail, room in zip(heads, tails, rooms, strict=True)
    ]


def _is_sentence(words: str) -> bool:
    return " " in words.replace(" · ", "")
