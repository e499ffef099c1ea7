"""How many threads a pass of PyTorch gets: one or all, by trial."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from core.engines.pass_choice import PassChoice


class ThreadChoice:
    """Sets the number of threads of each pass. set_threads: takes it; n_threads: all of them."""

    def __init__(self, n_threads: int, set_threads: Callable[[int], None]) -> None:
        self._n_threads, self._set = n_threads, set_threads
        self._choice = PassChoice((n_threads, 1) if n_threads > 1 else (n_threads,))

    @contextmanager
    def used(self, key: Hashable) -> Iterator[None]:
        """Run one pass; key: what makes passes alike, as the net and the sizes of its inputs."""
        if self._n_threads < 2:
            yield
            return
        turn = self._choice.turn(key)
        self._set(turn.way)
        try:
            with self._choice.timed(turn):
                yield
        finally:
            self._set(self._n_threads)
