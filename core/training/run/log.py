"""The log of a run: each record goes into its history and, as it comes, onto its file."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import AppError
from core.progress import Progress
from core.reading import read_file
from core.training.run.history import LOG_NAME, MOST_LOG_BYTES, History
from core.training.run.records import AnyRecord

_N_TIMED = 20


@dataclass(frozen=True)
class RunProgress(Progress):
    """Progress of a run, with all that it has recorded; `done` counts iterations, or images.

    history: one object for the whole run, read as it says itself. is_paused: it waits to be let go
    on. test: batches of the test nets that are done, and of all, while it tests; else None.
    computed: likewise, images that the layers which do not learn have run on, before the first
    iteration of a run that takes all of them.
    """

    history: History
    is_paused: bool = False
    test: tuple[int, int] | None = None
    computed: tuple[int, int] | None = None


class RunLog:
    """Takes the records of a run. folder: where the log lies, None keeps no file."""

    def __init__(self, folder: Path | None, history: History) -> None:
        self.history = history
        self._path = None if folder is None else folder / LOG_NAME
        if self._path is not None:
            _drop_cut_line(self._path)

    def write(self, record: AnyRecord) -> None:
        """Record it. Raises AppError when the disk refuses."""
        self.history.take(record)
        if self._path is None:
            return
        try:
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(record) + b"\n")
        except OSError as error:
            reason = error.strerror or str(error)
            raise AppError(
                f"{self._path} can't be written: {reason}.",
                hint="The last snapshot is whole; go on from it once there is room.",
            ) from error


def _drop_cut_line(path: Path) -> None:
    """What a killed run has left half written at the end."""
    if not path.is_file():
        return
    raw = read_file(path, MOST_LOG_BYTES)
    if raw and not raw.endswith(b"\n"):
        os.truncate(path, raw.rfind(b"\n") + 1)


class Pace:
    """How fast a run goes, by its last iterations and tests."""

    def __init__(self) -> None:
        self._iterations: deque[float] = deque(maxlen=_N_TIMED)
        self._tests: deque[float] = deque(maxlen=3)

    def iterated(self, began: float) -> None:
        """An iteration that began at this time.monotonic() is done."""
        self._iterations.append(time.monotonic() - began)

    def tested(self, began: float) -> None:
        """All test nets are."""
        self._tests.append(time.monotonic() - began)

    @property
    def per_second(self) -> float:
        """Iterations a second, of the last ones; 0 before the first."""
        total = sum(self._iterations)
        return len(self._iterations) / total if total else 0.0

    def seconds_left(self, n_iterations: int, n_tests: int) -> float:
        """What as many more will take."""
        tests = sum(self._tests) / len(self._tests) if self._tests else 0.0
        return (n_iterations / self.per_second if self.per_second else 0.0) + n_tests * tests
