"""A change of the theme leaves nothing of the former one in a dialog that is open."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication, QWidget

from gui.theme import ThemeKeeper
from tests.gui.test_all_layers import NET

DIALOGS = "plan_rename show_text recipe extract choose_engine keys about first_steps".split()


def windows() -> set[QWidget]:
    return {window for window in QApplication.topLevelWidgets() if window.isVisible()}


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.recipe is not None and bench.lanes.is_idle)
    bench.document.select("relu1")
    yield bench
    bench.keeper.choose("light")


def picture_in_dark(bench, qtbot, action: str, opened_in: str) -> QImage:
    keeper: ThemeKeeper = bench.keeper
    keeper.choose(opened_in)
    before = windows()
    bench.window.actions_[action].trigger()
    qtbot.waitUntil(lambda: windows() != before)
    (dialog,) = windows() - before
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    qtbot.wait(300)  # plans are made a moment after what is asked for
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    keeper.choose("dark")
    picture = dialog.grab().toImage()
    dialog.close()
    return picture


@pytest.mark.parametrize("action", DIALOGS)
def test_a_dialog_looks_as_if_opened_in_the_theme(opened, qtbot, action: str) -> None:
    """The names of a rename and the marked line of a text were dark on dark."""
    switched = picture_in_dark(opened, qtbot, action, "light")
    fresh = picture_in_dark(opened, qtbot, action, "dark")
    assert switched.size() == fresh.size()
    different = [
        (x, y)
        for y in range(0, fresh.height(), 2)
        for x in range(fresh.width())
        if switched.pixel(x, y) != fresh.pixel(x, y)
    ]
    assert len(different) < 60  # a cursor may blink
