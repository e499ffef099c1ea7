"""The status line and its bell: what runs, what was done last, and all that was said."""

from __future__ import annotations

import threading
from pathlib import Path

from PyQt5.QtCore import QCoreApplication, QPoint
from PyQt5.QtGui import QGuiApplication, QStatusTipEvent
from PyQt5.QtWidgets import QPushButton

from core.progress import Progress
from gui.notices import Notice, NoticeAction
from gui.widgets import status_line
from gui.widgets.job_box import JobBox, JobView
from gui.widgets.labels import FittingLabel
from tests.gui.test_opening import NET

ERROR = Notice(
    "error", "It broke", "Because.", key="broke", actions=(NoticeAction("mend", "Mend it"),)
)


def test_the_bell_keeps_what_was_closed(bench, qtbot) -> None:
    line, bell = bench.window.status_line, bench.window.bell_popup
    assert line.texts["bell"] == "No notices"
    mended = []
    bench.notices.show(ERROR, {"mend": lambda: mended.append(1)})
    bench.notices.show(Notice("info", "By the way", "Words.", key="way"))
    bench.notices.dismiss("way")
    assert line.texts["bell"] == "2"
    line.bell.click()
    assert bell.isVisible()
    assert [row.link is not None for row in bell.rows] == [False, True]
    bell.copy_link.clicked.emit()
    copied = QGuiApplication.clipboard().text().splitlines()
    assert [text.split(" ", 1)[1] for text in copied] == ["By the way. Words", "It broke. Because"]
    bell.rows[1].link.clicked.emit()
    assert mended == [1]
    assert not bell.isVisible()


def test_no_notice_is_ever_blank(bench) -> None:
    bench.notices.show(ERROR)
    bench.notices.dismiss_all("broke")
    assert bench.window.notice_bar.isHidden()
    assert bench.window.status_line.texts["bell"] == "1"


def test_every_running_job_is_listed_with_its_own_cancel(bench, qtbot) -> None:
    """Two jobs had two bars in the window, and one Cancel for whichever came last."""
    go_on = threading.Event()

    def work():
        yield Progress(1, 9, "images")
        go_on.wait(20)
        yield Progress(2, 9, "images")

    for key in ("first", "second"):
        bench.lanes.files.start(work, key=key, title=f"Reading {key}")
    line, bell = bench.window.status_line, bench.window.bell_popup
    qtbot.waitUntil(lambda: line.more_jobs.text() == "+ 1")
    assert line.texts["job"] == "Reading second 1 of 9 images"
    line.more_jobs.clicked.emit()
    assert [box.text for box in bell.jobs] == [
        "Reading first 1 of 9 images", "Reading second 1 of 9 images"
    ]  # fmt: skip
    bell.jobs[0].findChild(QPushButton).click()
    assert [run.key for run in bench.lanes.running] == ["second"]
    qtbot.waitUntil(lambda: not line.more_jobs.isVisibleTo(line))
    bell.hide()
    bench.lanes.cancel("second")
    go_on.set()
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert line.texts["job"] == ""


def test_jobs_are_listed_in_the_order_of_their_start(bench) -> None:
    """Not in that of their first word: whichever thread was quicker stood first."""
    bell = bench.window.bell_popup
    first, second, third = (JobView(key, f"Reading {key}") for key in ("a", "b", "c"))
    for jobs in ([second], [first, second], [first, second, third], [third, first], []):
        bell.show_jobs(jobs)
        assert [box.text for box in bell.jobs] == [job.title for job in jobs]
        places = [bell._job_rows.indexOf(box) for box in bell.jobs]
        assert places == list(range(len(jobs)))


def test_a_line_under_the_page_says_that_its_job_runs(bench, qtbot) -> None:
    go_on = threading.Event()

    def work():
        yield Progress(1, 9, "images")
        go_on.wait(20)

    rail = bench.window.rail
    bench.lanes.files.start(work, key="index", title="Reading")
    qtbot.waitUntil(lambda: rail.buttons["retrieval"].is_busy)
    assert not rail.buttons["net"].is_busy
    go_on.set()
    qtbot.waitUntil(lambda: not rail.buttons["retrieval"].is_busy)


def test_the_last_result_goes_and_names_the_folder(bench, qtbot, tmp_path, monkeypatch) -> None:
    """It stayed for the rest of the session, without a folder."""
    line = bench.window.status_line
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    bench.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: bench.document.is_edited and bench.lanes.is_idle)
    bench.saving.save(tmp_path / "new.prototxt")
    wanted = f"saved new.prototxt in {tmp_path}"
    qtbot.waitUntil(lambda: line.texts["last"] == wanted)
    assert bench.notices.told[0].notice.title == wanted
    assert line._until.interval() == status_line.LAST_MILLISECONDS == 10_000
    line._until.timeout.emit()
    assert line.texts["last"] == ""


def test_what_was_said_of_the_former_net_goes_with_it(bench, qtbot, tmp_path: Path) -> None:
    bench.status.say("last forward 6 ms, 1 image")
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    assert bench.window.status_line.texts["last"] == ""


def test_what_the_mouse_is_over_is_explained_in_the_status_line(bench) -> None:
    window = bench.window
    forward = window.actions_["forward"]
    QCoreApplication.sendEvent(window, QStatusTipEvent(forward.statusTip()))
    assert window.status_line.texts["tip"] == window.actions_.why_not("forward")
    QCoreApplication.sendEvent(window, QStatusTipEvent(""))
    assert window.status_line.texts["tip"] == ""


def test_the_bell_is_in_view_in_a_narrow_window(bench, qtbot) -> None:
    bench.window.resize(1100, 640)
    bench.status.say("a result with so many words " * 20)
    qtbot.waitUntil(lambda: bench.window.width() == 1100)
    bell = bench.window.status_line.bell
    right = bell.mapTo(bench.window, QPoint(bell.width(), 0)).x()
    assert bell.isVisible()
    assert right <= bench.window.width()


def test_figures_of_a_job_are_left_out_and_never_cut(keeper, qtbot) -> None:
    """ "12.4 a secon" stood beside Cancel."""
    box = JobBox(keeper)
    qtbot.addWidget(box)
    box.show()
    job = JobView("k", "Reading", "2,137 of 5,063 images", "6.1 a second", "about 8:00 left", 0.4)
    box.show_job(job)
    label = box.findChild(FittingLabel)
    shown = set()
    for width in range(900, 280, -20):
        box.resize(width, 24)
        shown.add(label.text())
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
    assert shown == set(job.wordings)
