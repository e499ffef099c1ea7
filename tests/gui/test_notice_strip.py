"""The strip over every page: one line, the most severe notice first, the rest on a click."""

from __future__ import annotations

import pytest
from PyQt5.QtWidgets import QLabel

from gui.frame.notice_strip import HEIGHT, NoticeArea
from gui.widgets.code_block import CodeLine
from gui.widgets.notice_card import Notice, NoticeAction
from gui.widgets.plain_text import rich
from tests.gui.test_opening import NET

WARNING = Notice("warning", "One thing", rich("It <b>means</b> {}.", "a < b"), key="one")
ERROR = Notice(
    "error", "Another", "It means that.", key="two",
    actions=(NoticeAction("fix", "Fix 2 names"), NoticeAction("keep", "Keep", closes=True)),
)  # fmt: skip
TEXT = Notice("error", "Line 3", "A brace is missing.", (CodeLine(3, "layer {"),), key="text")


@pytest.fixture
def area(keeper, qtbot) -> NoticeArea:
    area = NoticeArea(keeper)
    qtbot.addWidget(area)
    area.resize(900, 300)
    return area


def test_the_most_severe_is_in_front_and_the_others_are_counted(area) -> None:
    area.show_notices([WARNING])
    assert (area.strip.title, area.strip.words) == ("One thing", "It means a < b.")
    area.show_notices([WARNING, ERROR])
    assert (area.strip.title, area.strip.more.text()) == ("Another", "1 of 2")
    area.show_notices([])
    assert area.isHidden()


def test_a_notice_takes_one_line_until_it_is_asked_for(area, qtbot) -> None:
    area.show_notices([WARNING, ERROR])
    area.show()
    assert area.strip.height() == HEIGHT
    assert area.sizeHint().height() == HEIGHT
    area.strip.more.click()
    assert area.is_whole
    assert all(card.isVisible() for card in area.cards)
    assert area.sizeHint().height() > 2 * HEIGHT
    area.strip.more.click()
    assert area.sizeHint().height() == HEIGHT


def test_lines_of_a_file_open_by_themselves_once(area) -> None:
    area.show_notices([TEXT])
    area.show()
    assert area.is_whole
    area.strip.more.click()
    area.show_notices([WARNING, TEXT])
    assert not area.is_whole


def test_a_table_takes_no_room_until_it_is_asked_for_and_nothing_stands_twice(area) -> None:
    area.show()
    table = Notice("warning", "Two names", "Words.", table=(("Layer", "now"), ("fc8", "fc7")),
                   actions=ERROR.actions, key="table")  # fmt: skip
    area.show_notices([table])
    assert not area.is_whole
    assert all(button.isVisible() for button in area.strip.buttons)
    area.strip.more.click()
    assert area.is_whole
    assert not any(button.isVisible() for button in area.strip.buttons)
    assert not area.strip.close_button.isVisible()
    assert [label.text() for label in area.findChildren(QLabel) if label.isVisible()].count(
        "Two names"
    ) == 1
    area.strip.more.click()
    assert all(button.isVisible() for button in area.strip.buttons)


def test_the_repairs_are_buttons_and_one_can_close(area, qtbot) -> None:
    area.show_notices([ERROR])
    said: list[tuple[str, str]] = []
    gone: list[str] = []
    area.action_triggered.connect(lambda key, action: said.append((key, action)))
    area.closed.connect(gone.append)
    fix, keep = area.strip.buttons
    assert fix.property("primary")
    assert not keep.property("primary")
    fix.click()
    keep.click()
    area.strip.close_button.click()
    assert said == [("two", "fix"), ("two", "keep")]
    assert gone == ["two", "two"]


def test_a_notice_is_in_view_on_every_page(bench, qtbot) -> None:
    bench.notices.show(ERROR)
    for page in bench.window.pages:
        bench.window.show_page(page)
        assert bench.window.notice_bar.strip.isVisible()
        assert bench.window.notice_bar.height() == HEIGHT


def test_a_notice_moves_nothing_in_the_graph(bench, qtbot, tmp_path) -> None:
    """Zoom changed by itself when something was said."""
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    graph = bench.window.panels.graph
    graph.canvas.zoom_in()
    graph.canvas.zoom_in()
    graph.canvas.verticalScrollBar().setValue(40)
    before, place = graph.memory, graph.canvas.verticalScrollBar().value()
    bench.notices.show(ERROR)
    qtbot.waitUntil(lambda: bench.window.notice_bar.strip.isVisible())
    qtbot.wait(20)
    assert graph.memory.scale == before.scale
    assert graph.memory.centre == pytest.approx(before.centre, abs=2)
    bench.notices.dismiss(ERROR.key)
    qtbot.waitUntil(lambda: bench.window.notice_bar.isHidden())
    assert graph.memory.scale == before.scale
    qtbot.waitUntil(lambda: abs(graph.canvas.verticalScrollBar().value() - place) <= 1)
