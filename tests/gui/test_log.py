"""Help > Show log, and the log's name in crash reports."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import log
from gui.crash import write_crash_report
from gui.dialogs.help import TextDialog


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A log that is written."""
    log.start_logging(tmp_path / "a.log")
    yield tmp_path / "a.log"
    log.stop_logging()


def test_show_log_shows_its_end_under_its_name(bench, qtbot, path: Path) -> None:
    logging.getLogger("gui").info("Something happened")
    bench.window.actions_["show_log"].trigger()
    qtbot.waitUntil(lambda: bool(bench.window.findChildren(TextDialog)))
    (dialog,) = bench.window.findChildren(TextDialog)
    text = dialog.view.toPlainText()
    assert "INFO gui: Something happened" in text
    assert dialog.windowTitle() == str(path)
    assert dialog.view.textCursor().blockNumber() > 0
    dialog.close()


def test_without_a_log_it_says_so(bench) -> None:
    bench.window.actions_["show_log"].trigger()
    assert bench.notices.current[0].title == "No log is written in this window"


def test_notices_and_bugs_are_logged_and_reports_name_the_log(
    bench, qtbot, path: Path, tmp_path: Path
) -> None:
    with qtbot.waitSignal(bench.lanes.bug_found):
        bench.lanes.compute.start(lambda: 1 / 0, key="bug")
    qtbot.waitUntil(lambda: bench.notices.has("bug"))
    text = path.read_text()
    assert "ERROR gui.jobs: Job bug met a bug\n    | " in text
    assert "    | ZeroDivisionError: division by zero" in text
    assert "Notice bug (error): Something went wrong inside Blobscope" in text
    (report,) = (tmp_path / "crashes").iterdir()
    assert f"\nLog: {path}\n" in report.read_text()
    log.stop_logging()
    other = write_crash_report(ValueError("x"), tmp_path / "others")
    assert "\nLog: none\n" in other.read_text()
