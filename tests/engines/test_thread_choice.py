"""Choosing threads by trial, with a clock that the test turns."""

from __future__ import annotations

from core.engines.torch.thread_choice import PAUSE_SECONDS, ThreadChoice


class Machine:
    """Passes take as long as it says for the number of threads, kind of pass and pause."""

    def __init__(self, seconds: dict[tuple[str, bool, int], float]) -> None:
        self.now, self.threads, self.seconds = 0.0, 2, seconds
        self.choice = ThreadChoice(2, self.set_threads, lambda: self.now)

    def set_threads(self, n_threads: int) -> None:
        self.threads = n_threads

    def run(self, kind: str, *, after_pause: bool = False) -> int:
        """One pass; how many threads it had."""
        self.now += 2 * PAUSE_SECONDS if after_pause else 0.0
        with self.choice.used(kind):
            used = self.threads
            self.now += self.seconds[kind, after_pause, used]
        return used


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


def test_all_threads_are_back_after_a_pass_that_failed() -> None:
    machine = Machine({("one", False, 1): 0.01, ("one", False, 2): 0.01,
                       ("one", True, 2): 0.01, ("one", True, 1): 0.01})  # fmt: skip
    for _ in range(6):
        machine.run("one")
    try:
        with machine.choice.used("one"):
            raise ValueError("a layer failed")
    except ValueError:
        pass
    assert machine.threads == 2
