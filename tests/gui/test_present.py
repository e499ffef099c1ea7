"""Presenting: a page alone, larger, and the window as it was afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtCore import QSize, Qt
from PyQt5.QtTest import QTest

from gui.present.view import LEAST_PAGE, scale_for

NET = (Path(__file__).parents[2] / "prototxt" / "vgg16_deploy.prototxt").absolute()


@pytest.fixture
def presenting(bench, qtbot):
    bench.opening.open_paths([NET])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    bench.document.select("relu7")
    bench.window.actions_["present"].trigger()
    return bench


def test_nothing_but_the_page_and_a_thin_line_shows(presenting) -> None:
    window = presenting.window
    around = (window.menuBar(), window.rail, window.subjects, window.statusBar())
    assert not any(widget.isVisible() for widget in around)
    assert window.notice_bar.height() == 0 or not window.notice_bar.isVisible()
    assert window.present.isVisible()
    assert window.present.page is window.net_page
    assert window.isFullScreen()
    assert window.present.subject.text() == "vgg16_deploy · relu7"
    assert "Alt+Up, Alt+Down layers" in window.present.keys.text()


def test_layers_are_walked_and_pages_changed_meanwhile(presenting) -> None:
    window = presenting.window
    window.actions_["layer_after"].trigger()
    assert window.present.subject.text() == "vgg16_deploy · drop7"
    for page in ("layer", "compare", "net"):
        window.actions_[f"page_{page}"].trigger()
        assert window.present.page is window.pages[page]
        assert window.pages[page].isVisible()


@pytest.mark.parametrize("way", ["Esc", "F11"])
def test_leaving_brings_the_window_back_as_it_was(presenting, way: str, qtbot) -> None:
    window = presenting.window
    if way == "Esc":
        QTest.keyClick(window, Qt.Key_Escape)
    else:
        window.actions_["present"].trigger()
    assert window.present.page is None
    assert not window.isFullScreen()
    around = (window.menuBar(), window.rail, window.subjects, window.statusBar(), window.net_page)
    assert all(widget.isVisible() for widget in around)
    for page in window.pages:
        window.show_page(page)
        assert window.pages[page].isVisible()
    assert not window.actions_["present"].isChecked()


def test_folds_and_the_next_window_know_nothing_of_it(presenting, tmp_path: Path) -> None:
    window = presenting.window
    assert window.net_page.right.is_folded
    window.actions_["present"].trigger()
    assert not window.net_page.right.is_folded
    window.actions_["present"].trigger()
    presenting.close()
    assert not window.isFullScreen()
    assert '"is_right_folded":false' in presenting.settings.layout.split('"wide"')[1]


def test_a_page_is_as_large_as_it_can_be_without_losing_parts() -> None:
    assert scale_for(QSize(1920, 1050), LEAST_PAGE) == pytest.approx(1920 / 1044)
    assert scale_for(QSize(1920, 1050), QSize(1600, 500)) == pytest.approx(1.2)
    assert scale_for(QSize(1920, 600), LEAST_PAGE) == pytest.approx(600 / 540)
    assert scale_for(QSize(5000, 4000), LEAST_PAGE) == 2.0
