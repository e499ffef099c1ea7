"""Where the window lies on the screens: large at first, and never where nobody can reach it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRect, QSize

FRAME_HEIGHT = 32
"""What a window manager adds at most above a window, in pixels; known only once it is shown."""
_FIRST_SHARE = 0.9
_REACHABLE = QSize(120, 24)
"""As much of the title has to lie on a screen to take the window by it."""


def first_place(room: QRect, least: QSize) -> QRect:
    """Nine tenths of the free part of a screen, in its middle, the frame included."""
    inner = room.adjusted(0, FRAME_HEIGHT, 0, 0)
    size = QSize(
        round(_FIRST_SHARE * room.width()), round(_FIRST_SHARE * room.height()) - FRAME_HEIGHT
    )
    place = QRect(inner.topLeft(), size.expandedTo(least).boundedTo(inner.size()))
    place.moveCenter(inner.center())
    return place


def reachable_place(window: QRect, rooms: Sequence[QRect]) -> QRect:
    """The window's place, or one on the first screen where its title lies on no screen of now.

    window: without its frame; rooms: the free parts of all screens, at least one.
    """
    title = QRect(window.x(), window.y() - FRAME_HEIGHT, window.width(), FRAME_HEIGHT)
    for room in rooms:
        shown = title.intersected(room)
        if shown.width() >= _REACHABLE.width() and shown.height() >= _REACHABLE.height():
            return window
    inner = rooms[0].adjusted(0, FRAME_HEIGHT, 0, 0)
    place = QRect(inner.topLeft(), window.size().boundedTo(inner.size()))
    place.moveCenter(inner.center())
    return place
