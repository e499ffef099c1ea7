"""Choosing threads by trial, with a clock that the test turns."""

from __future__ import annotations

import pytest

from core.engines.pass_choice import PAUSE_SECONDS, PassChoice
from core.engines.torch.thread_choice import ThreadChoice


class Machine:
    """Passes take as long as it says for the number of threads, kind of pass and pause."""

    def __init__(self, seconds: dict[tuple[str, bool, int], float]) -> None:
        self.now, self.seconds = 0.0, seconds
        self.choice = PassChoice((2, 1), lambda: self.now)

    def run(self, kind: str, *, after_pause: bool = False) -> int:
        """One pass; how many threads it had."""
        self.now += 2 * PAUSE_SECONDS if after_pause else 0.0
        turn = self.choice.turn(kind)
        with self.choice.timed(turn):
            self.now += self.seconds[kind, after_pause, turn.way]
        return turn.way


def test_each_kind_of_pass_gets_what_was_quicker_for_it() -> None:
    machine = Machine(
        {
            ("one", False, 1): 0.016, ("one", False, 2): 0.011,
            ("one", True, 1): 0.022, ("one", True, 2): 0.035,
            ("eight", False, 1): 0.12, ("eight", False, 2): 0.07,
        }
    )  # fmt: skip
    machine.run("one", after_pause=True)
    for _ in range(20):
        machine.run("one")
    for _ in range(20):
        machine.run("one", after_pause=True)
    for _ in range(20):
        machine.run("eight")
    assert machine.run("eight") == 2
    assert machine.run("one") == 2
    assert machine.run("one", after_pause=True) == 1


def test_long_passes_are_not_tried() -> None:
    machine = Machine({("large", False, 1): 0.9, ("large", False, 2): 0.5,
                       ("large", True, 2): 0.5})  # fmt: skip
    machine.run("large", after_pause=True)
    assert {machine.run("large") for _ in range(20)} == {2}


def test_ways_that_lost_are_in_use_no_more() -> None:
    machine = Machine({("one", False, 1): 0.01, ("one", False, 2): 0.02,
                       ("one", True, 1): 0.03, ("one", True, 2): 0.02})  # fmt: skip
    for _ in range(20):
        machine.run("one")
    assert machine.choice.ways_in_use("one") == {1, 2}  # the first came after a pause
    for _ in range(20):
        machine.run("one", after_pause=True)
    assert machine.choice.ways_in_use("one") == {1, 2}  # each is the quicker one once
    machine.seconds = {
        key: 0.01 * key[2] for key in [("two", p, n) for p in (False, True) for n in (1, 2)]
    }
    for _ in range(20):
        machine.run("two")
    assert machine.choice.ways_in_use("two") == {1}


def test_all_threads_are_back_after_a_pass_that_failed() -> None:
    told: list[int] = []
    choice = ThreadChoice(2, told.append)
    for _ in range(9):
        with pytest.raises(ValueError, match="a layer failed"), choice.used("one"):
            raise ValueError("a layer failed")
        assert told[-1] == 2
