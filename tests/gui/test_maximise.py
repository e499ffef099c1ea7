"""Sizes: of a panel that takes the whole window, and of a window that needs the whole screen."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import QRect

from gui.main_window import MainWindow


def sizes(bench, qtbot) -> tuple[int, int, int]:
    window = bench.window
    window.repaint()
    return window.left_dock.width(), window.bottom_dock.height(), window.right_dock.width()


def test_leaving_a_maximised_panel_gives_the_docks_their_sizes(bench, qtbot) -> None:
    before = sizes(bench, qtbot)
    toggle = bench.window.actions_["maximise"]
    toggle.trigger()
    assert not bench.window.left_dock.isVisible()
    toggle.trigger()
    qtbot.waitUntil(lambda: sizes(bench, qtbot) == before, timeout=5000)
    assert bench.window.left_dock.isVisible()


def test_closing_a_maximised_window_remembers_the_docks(make_bench, qtbot) -> None:
    first = make_bench(is_shown=True)
    before = sizes(first, qtbot)
    first.window.actions_["maximise"].trigger()
    first.close()
    second = make_bench(is_shown=True)
    qtbot.waitUntil(lambda: sizes(second, qtbot) == before, timeout=5000)


@pytest.mark.parametrize(
    ("room", "fits"),
    [((1920, 1080), True), ((1440, 932), True), ((1440, 900), False), ((1366, 768), False)],
)
def test_a_window_is_never_larger_than_its_screen(keeper, qtbot, room, fits) -> None:
    """1440 × 900 and the frame around it, on screens of the sizes that people have."""
    window = MainWindow(keeper)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.fit_into(QRect(0, 0, *room))
    assert window.isMaximized() is not fits
    assert window.width() <= room[0]
    assert window.height() < room[1]
