"""Lanes deliver, replace, cancel, drop late results and end."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QTimer

from core import reading
from core.errors import AppError, EngineCrashed
from core.progress import Progress
from gui.controllers.status import job_view
from gui.jobs import Lanes


@pytest.fixture
def lanes(qtbot) -> Iterator[Lanes]:
    lanes = Lanes()
    yield lanes
    assert lanes.close()


def test_a_result_arrives_in_the_window_thread(lanes: Lanes, qtbot) -> None:
    threads: list[str] = []
    results: list[int] = []

    def work() -> int:
        threads.append(threading.current_thread().name)
        return 42

    def take(value: int) -> None:
        threads.append(threading.current_thread().name)
        results.append(value)

    lanes.compute.start(work, key="a", on_result=take)
    qtbot.waitUntil(lambda: results == [42])
    assert threads[0] != threads[1] == threading.main_thread().name
    assert lanes.is_idle


def test_a_generator_reports_progress_and_its_result(lanes: Lanes, qtbot) -> None:
    steps: list[Progress] = []
    results: list[str] = []

    def work() -> Generator[Progress, None, str]:
        yield Progress(0, 2, "parts")
        yield Progress(2, 2, "parts")
        return "done"

    lanes.files.start(work, key="g", title="Parts", on_progress=steps.append,
                      on_result=results.append)  # fmt: skip
    assert [run.title for run in lanes.running] == ["Parts"]
    qtbot.waitUntil(lambda: results == ["done"])
    assert steps[-1] == Progress(2, 2, "parts")
    assert lanes.running == ()


def test_a_job_with_the_same_key_replaces_the_older(lanes: Lanes, qtbot) -> None:
    """The older is under way, and what it gives comes to nobody."""
    gate, started = threading.Event(), threading.Event()
    results: list[str] = []
    ends: list[str] = []

    def slow() -> str:
        started.set()
        gate.wait(5)
        return "old"

    lanes.compute.start(slow, key="k", on_result=results.append, on_end=lambda: ends.append("old"))
    qtbot.waitUntil(started.is_set)
    lanes.compute.start(lambda: "new", key="k", on_result=results.append,
                        on_end=lambda: ends.append("new"))  # fmt: skip
    gate.set()
    qtbot.waitUntil(lambda: ends == ["old", "new"])
    assert results == ["new"]


def test_cancel_closes_the_generator(lanes: Lanes, qtbot) -> None:
    closed = threading.Event()
    started = threading.Event()
    ends: list[bool] = []

    def work() -> Generator[Progress, None, None]:
        try:
            while True:
                started.set()
                yield Progress(0, 0, "steps")
        finally:
            closed.set()

    told: list[object] = []
    lanes.files.start(
        work,
        key="endless",
        title="Endless",
        on_result=told.append,
        on_error=told.append,
        on_end=lambda: ends.append(True),
    )
    qtbot.waitUntil(started.is_set)
    lanes.cancel("endless")
    assert not lanes.is_running("endless")
    qtbot.waitUntil(lambda: ends == [True])
    assert closed.is_set()
    assert told == []


def test_a_late_result_is_dropped(lanes: Lanes, qtbot) -> None:
    revision = [1]
    lanes.revision = lambda: revision[0]
    ends: list[bool] = []
    results: list[int] = []
    gate = threading.Event()
    lanes.compute.start(lambda: gate.wait(5), key="late", revision=1, on_result=results.append,
                        on_end=lambda: ends.append(True))  # fmt: skip
    revision[0] = 2
    gate.set()
    qtbot.waitUntil(lambda: ends == [True])
    assert results == []


def test_an_expected_failure_goes_to_on_error(lanes: Lanes, qtbot) -> None:
    errors: list[AppError] = []

    def work() -> None:
        raise AppError("The disk is full.")

    lanes.files.start(work, key="e", on_error=errors.append)
    qtbot.waitUntil(lambda: len(errors) == 1)
    assert errors[0].sentence == "The disk is full."


def test_a_bug_is_reported_and_ends_the_wait(lanes: Lanes, qtbot) -> None:
    errors: list[AppError] = []
    with qtbot.waitSignal(lanes.bug_found) as caught:
        lanes.compute.start(lambda: 1 / 0, key="bug", on_error=errors.append)
    assert isinstance(caught.args[0], ZeroDivisionError)
    assert "ZeroDivisionError" in errors[0].details


def test_a_failure_without_on_error_is_announced(lanes: Lanes, qtbot) -> None:
    def work() -> None:
        raise AppError("No.")

    with qtbot.waitSignal(lanes.failed) as caught:
        lanes.files.start(work, key="quiet")
    assert caught.args[0].key == "quiet"


def test_a_dead_engine_is_announced_before_on_error(lanes: Lanes, qtbot) -> None:
    order: list[str] = []
    lanes.engine_crashed.connect(lambda _error: order.append("crashed"))

    def work() -> None:
        raise EngineCrashed(134, "pool5", "F1123 pooling_layer.cpp")

    lanes.engine.start(work, key="f", on_error=lambda _error: order.append("error"))
    qtbot.waitUntil(lambda: order == ["crashed", "error"])


def test_a_cancelled_engine_job_that_goes_on_is_stuck(lanes: Lanes, qtbot) -> None:
    gate, started = threading.Event(), threading.Event()

    def deaf() -> None:
        started.set()
        gate.wait(10)

    lanes.engine.start(deaf, key="deaf")
    qtbot.waitUntil(started.is_set)
    with qtbot.waitSignal(lanes.stuck, timeout=5000) as caught:
        lanes.cancel("deaf")
    assert caught.args[0].key == "deaf"
    gate.set()
    qtbot.waitUntil(lambda: lanes.is_idle)


def test_a_long_job_lets_others_go_first(lanes: Lanes, qtbot) -> None:
    """The short one comes while the long one is under way, which then ends as one job."""
    order: list[str] = []
    started, gate = threading.Event(), threading.Event()

    def long() -> Generator[Progress, None, str]:
        for done in range(3):
            order.append(f"step {done}")
            started.set()
            gate.wait(5)
            yield Progress(done + 1, 3, "steps")
        return "long"

    results: list[str] = []
    lanes.engine.start(long, key="long", title="Long", slice_seconds=0.0, on_result=results.append)
    qtbot.waitUntil(started.is_set)
    lanes.engine.start(lambda: order.append("short") or "short", key="short",
                       on_result=results.append)  # fmt: skip
    gate.set()
    qtbot.waitUntil(lambda: results == ["short", "long"])
    assert order == ["step 0", "short", "step 1", "step 2"]


def test_a_job_that_waits_for_its_next_slice_can_be_cancelled(lanes: Lanes, qtbot) -> None:
    """Its generator is closed in the lane's thread, and it does not come again."""
    closed: list[str] = []
    gate = threading.Event()

    def endless() -> Generator[Progress, None, None]:
        try:
            while True:
                yield Progress(0, 0, "steps")
        finally:
            closed.append(threading.current_thread().name)

    def short() -> None:
        blocked.set()
        gate.wait(5)

    blocked = threading.Event()
    ends: list[str] = []
    lanes.engine.start(endless, key="endless", slice_seconds=0.0, on_end=lambda: ends.append("it"))
    lanes.engine.start(short, key="short")
    qtbot.waitUntil(blocked.is_set)
    lanes.cancel("endless")
    gate.set()
    qtbot.waitUntil(lambda: ends == ["it"])
    assert closed
    assert closed[0] != threading.main_thread().name


def test_steps_of_the_window_lane_run_in_its_thread_between_events(lanes: Lanes, qtbot) -> None:
    order: list[str] = []
    results: list[str] = []

    def painting() -> Generator[Progress, None, str]:
        for done in range(3):
            order.append(f"{threading.current_thread() is threading.main_thread()} {done}")
            QTimer.singleShot(0, lambda: order.append("event"))
            yield Progress(done + 1, 3, "items")
        return "painted"

    run = lanes.window.start(painting, key="paint", title="Painting", on_result=results.append)
    assert order == []
    assert lanes.running == (run,)
    qtbot.waitUntil(lambda: results == ["painted"])
    assert order[:4] == ["True 0", "event", "True 1", "event"]
    assert run.progress == Progress(3, 3, "items")
    assert lanes.is_idle


def test_a_job_of_the_window_lane_can_fail_and_be_cancelled(lanes: Lanes, qtbot) -> None:
    errors: list[AppError] = []
    closed: list[str] = []

    def failing() -> Generator[Progress, None, None]:
        yield Progress(0, 1, "items")
        raise AppError("The paper is out.")

    def endless() -> Generator[Progress, None, None]:
        try:
            while True:
                yield Progress(0, 0, "items")
        finally:
            closed.append("it")

    lanes.window.start(failing, key="fail", on_error=errors.append)
    run = lanes.window.start(endless, key="endless", title="Endless")
    qtbot.waitUntil(lambda: bool(errors) and run.progress is not None)
    assert errors[0].sentence == "The paper is out."
    lanes.cancel("endless")
    qtbot.waitUntil(lambda: closed == ["it"] and lanes.is_idle)


class Clock:
    """A time that a test sets."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


def test_time_left_goes_by_the_rate_since_the_first_report(
    lanes: Lanes, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resumed job starts at 400 of 1,000; 100 more in 10 s leave 500, which are 50 s."""
    clock = Clock()
    monkeypatch.setattr("gui.jobs.time", clock)
    monkeypatch.setattr("gui.runs.time", clock)
    gates = [threading.Event() for _ in range(3)]

    def work() -> Generator[Progress, None, None]:
        for done, gate in zip((400, 410, 500), gates, strict=True):
            yield Progress(done, 1000, "images")
            gate.wait(10)

    run = lanes.files.start(work, key="long", title="Long")

    def reach(done: int) -> None:
        qtbot.waitUntil(lambda: run.progress is not None and run.progress.done == done)

    reach(400)
    assert run.seconds_left is None
    assert job_view(run).detail == "400 of 1,000 images"
    clock.seconds += 1
    gates[0].set()
    reach(410)
    assert run.seconds_left is None  # a second says too little about the rate
    clock.seconds += 9
    gates[1].set()
    reach(500)
    assert run.seconds_left == 50
    assert job_view(run).detail == "500 of 1,000 images, 10.0 a second, about 0:50 left"
    assert job_view(run).fraction == 0.5
    clock.seconds += 10
    assert job_view(run).detail == "500 of 1,000 images, 5.0 a second, about 1:40 left"
    gates[2].set()
    qtbot.waitUntil(lambda: lanes.is_idle)


def test_a_job_of_unknown_length_tells_no_time(lanes: Lanes, qtbot) -> None:
    gate = threading.Event()

    def work() -> Generator[Progress, None, None]:
        yield Progress(7, 0, "files")
        gate.wait(10)

    run = lanes.files.start(work, key="open", title="Open")
    assert (job_view(run).detail, job_view(run).fraction) == ("", None)
    qtbot.waitUntil(lambda: run.progress is not None)
    assert (run.seconds_left, job_view(run).fraction) == (None, None)
    assert job_view(run).detail == "7 files"
    gate.set()
    qtbot.waitUntil(lambda: lanes.is_idle)


def test_cancelling_does_not_wait_for_a_file_that_never_comes(
    lanes: Lanes, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network that does not answer."""
    asked, answer = threading.Event(), threading.Event()

    def never(_path: Path) -> None:
        asked.set()
        answer.wait()
        raise OSError("came too late")

    monkeypatch.setattr(reading, "_open", never)
    told: list[object] = []
    lanes.files.start(
        lambda: reading.read_file(Path("far"), 10), key="far", on_result=told.append,
        on_error=told.append, on_end=lambda: told.append("ended"),
    )  # fmt: skip
    qtbot.waitUntil(asked.is_set)
    lanes.cancel("far")
    try:
        qtbot.waitUntil(lambda: told == ["ended"])
    finally:
        answer.set()
