"""The Run step of the Training page: a run is shown while it goes, paused and stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtTest import QTest

from core.jobs.finetune import Finetuned, FinetuneRequest
from core.progress import Job
from core.training.run.control import RunControl
from core.training.run.folder import Asked
from core.training.run.history import LOG_NAME, History
from core.training.run.log import RunProgress
from core.training.run.records import (
    Began,
    Ended,
    Iteration,
    Snapshot,
    Tested,
    TestNet,
    Warned,
)
from core.training.split import split_images, write_split
from tests.gui.test_training_net import NET

LAST = 40
WARNED = Warned(20, "dead channels", "Channels die: conv2 3 of 4.", "A smaller base_lr.")


def records(first: int = 0) -> Iterator[object]:
    """Of a run in 40 iterations, with a test and a snapshot every ten and a warning at 20."""
    tests = (TestNet(("loss",), ("accuracy",)),)
    yield Began(first, LAST, batch=4, n_images=16, n_frozen=3, n_moving=60, n_values=200,
                filler_layers=("fc_pets",), tests=tests)  # fmt: skip
    for n in range(first + 1, LAST + 1):
        yield Iteration(n, 2.0 / n, 2.0 / n, 0.001, 0.5, 8.0, (LAST - n) / 8)
        if n % 10 == 0:
            yield Snapshot(n, f"small_iter_{n}.caffemodel", f"small_iter_{n}.solverstate")
            yield Tested(n, 0, abs(n - 20) / 10 + 0.5, {"accuracy": n / 80, "loss": 1.0})
        if n == 20:
            yield WARNED


class FakeTraining:
    """Stands for core.jobs.finetune: writes no weights, but the log and request of a run."""

    def __init__(self) -> None:
        self.requests: list[FinetuneRequest] = []
        self.may_pass = threading.Event()
        self.may_pass.set()
        self.hold_at = LAST + 1

    def finetune(self, request: FinetuneRequest, control: RunControl) -> Job[Finetuned]:
        self.requests.append(request)
        history, first = History(), 0
        assert request.run is not None
        request.run.mkdir(parents=True, exist_ok=True)
        asked = Asked(str(request.solver), weights=str(request.weights or ""))
        (request.run / "run.json").write_bytes(msgspec.json.encode(asked))
        ended = Ended(LAST, "finished")
        for record in records(first):
            history.take(record)
            with (request.run / LOG_NAME).open("ab") as file:
                file.write(msgspec.json.encode(record) + b"\n")
            if isinstance(record, Iteration):
                yield RunProgress(record.iteration, LAST, "iterations", history)
                while not control.should_stop and (
                    record.iteration == self.hold_at or control.is_paused
                ):
                    time.sleep(0.01)
                    yield RunProgress(record.iteration, LAST, "iterations", history)
                if control.should_stop:
                    ended = Ended(record.iteration, "stopped")
                    break
        history.take(ended)
        with (request.run / LOG_NAME).open("ab") as file:
            file.write(msgspec.json.encode(ended) + b"\n")
        return Finetuned((), history=history)


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> FakeTraining:
    found = FakeTraining()
    monkeypatch.setattr("gui.controllers.training.run.finetune", found.finetune)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the Data and Net steps leave."""
    labels = {f"{label}/{i}.png": label for label in ("ant", "bee", "cat") for i in range(8)}
    folder = tmp_path / "pets_training"
    write_split(split_images(tmp_path / "pets", labels, ()), folder)
    (folder / "train_val.prototxt").write_text(NET)
    (folder / "deploy.prototxt").write_text(NET)
    solver = 'net: "train_val.prototxt"\nbase_lr: 0.001\nlr_policy: "fixed"\nmomentum: 0.9\n'
    (folder / "solver.prototxt").write_text(f"{solver}max_iter: 40\n")
    return folder


@pytest.fixture
def page(bench, user, qtbot, folder: Path, training: FakeTraining):
    """The step with files that a run needs, and none begun."""
    user.files.append((folder,))
    bench.window.actions_["training_split"].trigger()
    qtbot.waitUntil(lambda: bench.training.project.now.divided is not None)
    bench.window.training_page.show_step("run")
    return bench.window.training_page


def wait_idle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=20000)


def held(bench, qtbot, training: FakeTraining, at: int) -> None:
    """Start a run, and wait until it stands at an iteration."""
    training.hold_at = at
    bench.window.actions_["training_start"].trigger()
    qtbot.waitUntil(lambda: bench.training.run.history.n_done == at, timeout=20000)
    qtbot.waitUntil(lambda: bench.window.training_page.run.done.text() == str(at))


def values(step) -> dict[str, tuple[str, str]]:
    return {row.cells[0]: row.cells[1:] for row in step.values.figures.rows}


def test_a_run_needs_the_files_and_then_begins_by_a_click(bench, qtbot, folder, page) -> None:
    assert "The files are there" in page.run.empty.sentence
    (folder / "solver.prototxt").unlink()
    page.show_step("data")
    page.show_step("run")
    bench.status.refresh()
    assert "write train_val, solver and deploy first" in page.run.empty.sentence
    assert not page.run.empty.offers_button
    assert "step Net" in bench.window.actions_.why_not("training_start")


def test_a_run_is_shown_while_it_goes_and_the_window_can_be_used(
    bench, qtbot, page, training: FakeTraining, folder: Path
) -> None:
    held(bench, qtbot, training, 25)
    step, window = page.run, bench.window
    loss, accuracy, _ = step.plots
    assert loss.curves[1].xs.tolist() == list(range(1, 26))
    assert loss.marks.best == (20.0, 0.5)
    assert (loss.marks.last, loss.marks.now, loss.marks.snapshots) == (40, 25, (10, 20))
    assert accuracy.curves[0].ys.tolist() == [0.125, 0.25]
    assert accuracy.marks.level == pytest.approx(1 / 3)
    assert step.of.text() == "of 40 iterations"
    assert step.pace.text() == "8.0 iterations/s, about 0:02 left, epoch 7"
    assert values(step)["val loss"] == ("0.5000", "0.5000 at 20")
    assert values(step)["val accuracy"] == ("25.0 %", "25.0 % at 20")
    assert step.hint.title.text() == WARNED.sentence
    assert "60 of 200 numbers" in step.trains.plain_text()
    assert page.bar.buttons["run"].state == "running, 25 of 40"
    qtbot.waitUntil(lambda: window.rail.buttons["training"].is_busy)
    window.show_page("compare")
    assert bench.training.run.is_running
    bench.training.run.stop()
    wait_idle(bench, qtbot)


def test_it_pauses_goes_on_and_stops_with_what_it_has(
    bench, qtbot, page, training: FakeTraining
) -> None:
    held(bench, qtbot, training, 15)
    QTest.mouseClick(page.run.pause, Qt.LeftButton)
    assert page.run.of.text().endswith("paused")
    assert page.run.pause.text() == "Go on"
    assert page.bar.buttons["run"].state == "paused at 15 of 40"
    bench.window.actions_["training_pause"].trigger()
    assert page.run.pause.text() == "Pause"
    QTest.mouseClick(page.run.stop, Qt.LeftButton)
    wait_idle(bench, qtbot)
    assert page.bar.buttons["run"].state == "stopped at 15 of 40"
    assert page.run.go_on.isVisible()
    assert bench.window.actions_["training_resume"].isEnabled()
    assert not bench.window.actions_["training_stop"].isEnabled()


def test_cancel_in_the_status_line_stops_it_softly_and_esc_leaves_it(
    bench, qtbot, page, training: FakeTraining
) -> None:
    held(bench, qtbot, training, 12)
    bench.window.actions_["cancel"].trigger()
    assert bench.training.run.is_running
    bench.status.cancel_job()
    wait_idle(bench, qtbot)
    assert bench.training.run.history.ended is not None
    assert bench.training.run.history.ended.why == "stopped"


def test_a_finished_run_says_so_and_another_begins_in_a_folder_of_its_own(
    bench, qtbot, page, training: FakeTraining, folder: Path
) -> None:
    bench.window.actions_["training_start"].trigger()
    wait_idle(bench, qtbot)
    assert page.bar.buttons["run"].state == "40 iterations, best 20"
    assert page.bar.buttons["run"].is_done
    rows = [row.cells for row in page.run.snapshots.figures.rows]
    assert rows[0][0] == "40"
    assert rows[2] == ("20", "0.5000", "25.0 %", "best")
    assert page.run.chosen == 20
    QTest.mouseClick(page.run.again, Qt.LeftButton)
    wait_idle(bench, qtbot)
    assert [request.run for request in training.requests] == [folder / "run-1", folder / "run-2"]


def test_a_snapshot_opens_with_the_net_for_use(
    bench, qtbot, page, training: FakeTraining, folder: Path
) -> None:
    bench.window.actions_["training_start"].trigger()
    wait_idle(bench, qtbot)
    with qtbot.waitSignal(bench.training.run.used) as used:
        QTest.mouseClick(page.run.use, Qt.LeftButton)
    assert used.args[0] == [folder / "deploy.prototxt", folder / "run-1/small_iter_20.caffemodel"]
    wait_idle(bench, qtbot)
    page.run.command.click()
    assert QGuiApplication.clipboard().text() == (
        f"main.py finetune --solver {folder}/solver.prototxt --run {folder}/run-1"
    )


def test_a_run_of_before_comes_back_with_its_folder(
    make_bench, bench, qtbot, page, training: FakeTraining, folder: Path, user
) -> None:
    held(bench, qtbot, training, 33)
    bench.training.run.stop()
    wait_idle(bench, qtbot)
    after = make_bench(is_shown=True)
    after.training.data.open_split(folder)
    after.window.show_page("training")
    after.window.training_page.show_step("run")
    wait_idle(after, qtbot)
    assert after.window.training_page.run.done.text() == "33"
    assert after.window.training_page.bar.buttons["run"].state == "stopped at 33 of 40"
    assert len(after.window.training_page.run.plots[0].curves[1].xs) == 33
    after.training.data.open_split(folder)  # once more: its run is still that of the project
    wait_idle(after, qtbot)
    assert after.training.run.snapshot is not None
    assert after.training.run.snapshot[0] == 20


def test_closing_the_window_asks_and_ends_the_run_with_a_snapshot(
    bench, qtbot, page, training: FakeTraining, user
) -> None:
    held(bench, qtbot, training, 12)
    user.answers += ["stay", "close"]
    bench.window.close()
    assert bench.training.run.is_running
    assert bench.window.isVisible()
    bench.window.close()
    qtbot.waitUntil(lambda: bench.is_closed)
    assert bench.training.run.history.ended is not None
    assert user.asked[-1] == "A training runs. Stop it and close?"
