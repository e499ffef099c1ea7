"""Where the window opens, on the screens that people have and have no longer."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import QRect, QSize

from gui.frame.placement import FRAME_HEIGHT, first_place, reachable_place

LEAST = QSize(1100, 640)
LAPTOP = QRect(0, 0, 1366, 741)


@pytest.mark.parametrize(
    "room",
    [LAPTOP, QRect(0, 27, 1440, 873), QRect(1920, 0, 2560, 1400), QRect(0, 0, 1024, 740)],
    ids=["laptop", "1440 x 900", "second screen", "too small"],
)
def test_the_first_window_is_large_and_fits_with_its_frame(room: QRect) -> None:
    place = first_place(room, LEAST)
    framed = place.adjusted(0, -FRAME_HEIGHT, 0, 0)
    assert room.contains(framed)
    assert framed.width() >= 0.89 * room.width()
    assert framed.height() >= 0.89 * room.height()


def test_1366_x_768_takes_nine_tenths() -> None:
    place = first_place(LAPTOP, LEAST)
    assert (place.width(), place.height() + FRAME_HEIGHT) == (1229, 672)


@pytest.mark.parametrize(
    "window",
    [QRect(3000, 200, 1200, 700), QRect(-1500, 40, 1200, 700), QRect(200, -900, 1200, 700),
     QRect(100, 2000, 1200, 700), QRect(1340, 300, 1200, 700), QRect(3000, 0, 2400, 1300)],
    ids=["right", "left", "above", "below", "a rim", "larger than all"],
)  # fmt: skip
def test_a_window_on_a_monitor_that_is_gone_comes_back(window: QRect) -> None:
    place = reachable_place(window, [LAPTOP])
    assert LAPTOP.contains(place.adjusted(0, -FRAME_HEIGHT, 0, 0))
    assert place.width() == min(window.width(), LAPTOP.width())


@pytest.mark.parametrize(
    "window", [QRect(60, 60, 1200, 640), QRect(-400, 100, 1200, 640), QRect(1500, 100, 1200, 700)]
)
def test_a_window_that_can_be_reached_stays(window: QRect) -> None:
    second = QRect(1366, 0, 1920, 1053)
    assert reachable_place(window, [LAPTOP, second]) == window
