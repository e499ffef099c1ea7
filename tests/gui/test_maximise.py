"""A panel that takes the whole window gives it back as it was, also over a restart."""

from __future__ import annotations


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
