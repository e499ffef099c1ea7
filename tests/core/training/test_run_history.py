"""The log of a run: written as it goes, read back whole however it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import AppError
from core.training.run.history import LOG_NAME, History, read_history
from core.training.run.log import RunLog
from core.training.run.records import Began, Ended, Iteration, Snapshot, Tested, TestNet, Warned

TESTS = (TestNet(losses=("loss",), accuracies=("accuracy",)),)


def iteration(number: int, loss: float = 1.0) -> Iteration:
    return Iteration(number, loss, loss, 0.1, 2.0)


def passed(number: int, loss: float, accuracy: float) -> Tested:
    return Tested(number, 0, loss, {"accuracy": accuracy, "loss": loss})


def log_of(folder: Path, *records: object) -> History:
    log = RunLog(folder, read_history(folder))
    for record in records:
        log.write(record)  # type: ignore[arg-type]
    return log.history


def test_what_a_run_recorded_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = log_of(
        tmp_path, Began(0, 9, tests=TESTS), passed(0, 2.0, 0.1), iteration(1), iteration(2, 0.5),
        Snapshot(2, "a", "b"), Warned(2, "dead channels", "Say"), Ended(2, "stopped"),
    )  # fmt: skip
    found = read_history(tmp_path)
    assert vars(found) == vars(written)
    assert (found.n_done, found.iterations[1].loss, found.ended) == (2, 0.5, Ended(2, "stopped"))
    assert (tmp_path / LOG_NAME).read_text().count("\n") == 7


def test_a_line_cut_short_by_a_kill_is_left_out_and_written_over(tmp_path: Path) -> None:
    log_of(tmp_path, Began(0, 9), iteration(1))
    with (tmp_path / LOG_NAME).open("ab") as file:
        file.write(b'{"record":"iteration","itera')
    assert read_history(tmp_path).n_done == 1
    log_of(tmp_path, iteration(2))
    assert [one.iteration for one in read_history(tmp_path).iterations] == [1, 2]


def test_a_run_that_goes_on_voids_what_came_after(tmp_path: Path) -> None:
    log_of(
        tmp_path, Began(0, 9), passed(0, 3, 0), iteration(1), Snapshot(1, "a", "b"),
        passed(1, 2, 0), iteration(2), Snapshot(2, "c", "d"), Ended(2, "stopped"),
        Began(1, 9), passed(1, 1, 0), iteration(2, 7.0),
    )  # fmt: skip
    found = read_history(tmp_path)
    assert [one.loss for one in found.iterations] == [1.0, 7.0]
    assert [(one.iteration, one.loss) for one in found.tests] == [(0, 3), (1, 1)]
    assert [one.iteration for one in found.snapshots] == [1]
    assert found.ended is None


def test_the_best_is_the_least_loss_and_the_greatest_accuracy() -> None:
    history = History()
    for record in (
        Began(0, 9, tests=TESTS), passed(0, 3.0, 0.2), Snapshot(3, "a", "b"), passed(3, 2.0, 0.4),
        passed(4, 1.0, 0.6), Snapshot(6, "c", "d"), passed(6, 2.5, 0.8),
    ):  # fmt: skip
        history.take(record)
    assert history.best_test().iteration == 4  # type: ignore[union-attr]
    assert history.best_test("accuracy").iteration == 6  # type: ignore[union-attr]
    assert history.best_snapshot().iteration == 3  # type: ignore[union-attr]
    assert history.best_test("other") is None


def test_extra_snapshots_give_way_to_the_next() -> None:
    history = History()
    for one in (Snapshot(2, "a", "b"), Snapshot(3, "c", "d", True), Snapshot(5, "e", "f", True)):
        history.take(one)
    assert [one.iteration for one in history.snapshots] == [2, 5]


@pytest.mark.parametrize("line", ['{"record": "other"}', "no json", '{"record": "iteration"}',
                                  '{"record":"ended","iteration":1,"why":"else"}'])  # fmt: skip
def test_another_file_under_that_name_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / LOG_NAME).write_text(f"{line}\n")
    with pytest.raises(AppError, match=LOG_NAME):
        read_history(tmp_path)
