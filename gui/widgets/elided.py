"""Words that end in time: names by what tells them apart, sentences at their end."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QFontMetrics

from core.net.elision import elide_name


def elided(words: str, room: int, metrics: QFontMetrics, near: Sequence[str] = ()) -> str:
    """The words in at most `room` pixels; near: names that a name must be told from."""
    if " " in words.replace(" · ", ""):
        return metrics.elidedText(words, Qt.ElideRight, room)
    others = [name for name in near if name != words]
    shown = elide_name(words, room, metrics.horizontalAdvance, others)
    return metrics.elidedText(shown, Qt.ElideMiddle, room)
