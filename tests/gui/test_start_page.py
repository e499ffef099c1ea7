"""The window without a net: open, demo, last session, and how things of before were left."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gui.controllers import recent_files
from gui.controllers.recent_notes import day_words, read_note
from tests.gui.test_opening import NET, weights_for

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
def net_path(tmp_path: Path) -> Path:
    path = tmp_path / "nets" / "small.prototxt"
    path.parent.mkdir()
    path.write_text(NET)
    return path


def open_net(bench, qtbot, path: Path, weights: Path | None = None) -> None:
    bench.opening.open_paths([path, weights] if weights else [path])
    qtbot.waitUntil(lambda: bench.document.path == path and bench.lanes.is_idle)
    qtbot.waitUntil(lambda: (bench.document.weights is None) == (weights is None))
    qtbot.waitUntil(lambda: bench.lanes.is_idle)


def test_a_net_is_listed_as_it_was_left(bench, qtbot, net_path: Path) -> None:
    open_net(bench, qtbot, net_path, weights_for(net_path.with_name("w.caffemodel"), fc8=None))
    bench.window.actions_["close_net"].trigger()
    (row,) = bench.window.start_page.recent.net_rows
    assert [(chip.kind, chip.text) for chip in row.chips] == [
        ("warning", "weights 4 of 6"), ("warning", "recipe guessed")
    ]  # fmt: skip
    assert (row._recent.detail, row._recent.day) == ("7 layers", "today")
    net_path.unlink()
    bench.recent_files.fill()
    recent = bench.window.start_page.recent
    qtbot.waitUntil(lambda: not recent.net_rows[0].isEnabled())
    assert [chip.text for chip in recent.net_rows[0].chips] == ["not there"]


def test_a_disk_that_does_not_answer_holds_up_nothing(
    bench, qtbot, net_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()
    monkeypatch.setattr(recent_files, "is_plain_file", lambda path: not answer.wait(20))
    bench.settings.add_recent("models", net_path)
    bench.recent_files.fill()
    (row,) = bench.window.start_page.recent.net_rows
    assert row.isEnabled()
    answer.set()
    qtbot.waitUntil(lambda: not bench.window.start_page.recent.net_rows[0].isEnabled())


def test_open_recent_works_in_the_first_session(bench, qtbot, net_path: Path) -> None:
    """It was filled as its own menu opened, which a disabled one never does."""
    menu = bench.window.recent_menu
    assert not menu.isEnabled()
    open_net(bench, qtbot, net_path)
    bench.window.menus["File"].aboutToShow.emit()
    assert menu.isEnabled()
    assert [action.text() for action in menu.actions()] == ["small.prototxt"]


def test_a_folder_of_images_is_listed_and_opens(bench, qtbot, net_path: Path, photos) -> None:
    open_net(bench, qtbot, net_path)
    bench.searching.open_folder(photos)
    qtbot.waitUntil(lambda: bench.searching.gallery is not None, timeout=20000)
    (row,) = bench.window.start_page.recent.folder_rows
    assert (row.text(), row._recent.detail) == ("photos", "18 images")
    bench.window.actions_["close_net"].trigger()
    (row,) = bench.window.start_page.recent.folder_rows
    row.click()
    assert bench.notices.current[0].title == "photos waits for a net"


def test_the_last_session_is_restored(make_bench, qtbot, net_path: Path) -> None:
    bench = make_bench(is_shown=True)
    assert bench.window.actions_.why_not("restore_last").startswith("No session was closed")
    open_net(bench, qtbot, net_path, weights_for(net_path.with_name("w.caffemodel")))
    bench.document.select("fc7")
    bench.close()
    bench.window.close()
    after = make_bench(is_shown=True)
    button = after.window.last_session_button
    qtbot.waitUntil(button.isEnabled)
    assert button.accessibleName().startswith("Restore the last session. small, fc7, today ")
    button.click()
    qtbot.waitUntil(lambda: after.document.weights is not None)
    assert after.document.selection == "fc7"
    assert after.settings.recent("models") == (net_path,)


def test_edits_that_were_let_go_of_do_not_come_back(make_bench, qtbot, net_path: Path) -> None:
    bench = make_bench(is_shown=True)
    open_net(bench, qtbot, net_path)
    bench.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: bench.document.is_edited and bench.lanes.is_idle)
    bench._close_for_good()
    after = make_bench(is_shown=True)
    qtbot.waitUntil(after.window.last_session_button.isEnabled)
    after.window.last_session_button.click()
    qtbot.waitUntil(lambda: after.document.net is not None)
    assert after.document.text == NET
    assert not after.document.is_edited


def test_what_is_not_set_up_is_said_with_the_way_to_it(bench) -> None:
    page = bench.window.start_page
    page.show_engine("Caffe itself: not set up, PyTorch is used")
    assert page.engine_link.isVisible()
    page.engine_link.clicked.emit()
    assert bench.engine_choice.dialog is not None
    bench.engine_choice.close()


@pytest.mark.parametrize(
    ("ago", "words"),
    [(0, "today"), (1, "yesterday"), (3, "Thursday"), (6, "Monday"), (17, "12 Nov"),
     (400, "25 Oct 2025")],
)  # fmt: skip
def test_days_are_said_as_people_say_them(ago: int, words: str) -> None:
    assert day_words(NOW - timedelta(days=ago), NOW) == words


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"at": "x"}', '{"at": 1e300}', "{"])
def test_a_damaged_note_is_none(text: str) -> None:
    note = read_note(text)
    assert (note.detail, note.chips, note.at) == ("", (), None)
