"""What a run has recorded so far: grows while it goes, and is read back from its log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.files import is_plain_file
from core.reading import read_file
from core.training.run.records import (
    AnyRecord,
    Began,
    Channels,
    Ended,
    Iteration,
    Snapshot,
    Tested,
    Warned,
)
from core.typed_json import as_type, parse_json

LOG_NAME = "log.jsonl"
MOST_LOG_BYTES = 1 << 30


class History:
    """The records of a run by kind, each list in the order of iterations.

    The lists of a run that goes on only grow, at their ends, so that another thread may read them:
    `iterations[n_drawn:]` is what is new.
    """

    def __init__(self) -> None:
        self.began: Began | None = None
        self.iterations: list[Iteration] = []
        self.tests: list[Tested] = []
        self.channels: list[Channels] = []
        self.snapshots: list[Snapshot] = []
        self.warnings: list[Warned] = []
        self.ended: Ended | None = None

    @property
    def n_done(self) -> int:
        """How many iterations are done."""
        if self.iterations:
            return self.iterations[-1].iteration
        return 0 if self.began is None else self.began.iteration

    def take(self, record: AnyRecord) -> None:
        """Add a record; one that begins voids what was recorded of later iterations."""
        if isinstance(record, Began):
            self._begin(record)
        elif isinstance(record, Iteration):
            self.iterations.append(record)
        elif isinstance(record, Tested):
            self.tests.append(record)
        elif isinstance(record, Snapshot):
            self._take_snapshot(record)
        elif isinstance(record, Channels):
            self.channels.append(record)
        elif isinstance(record, Warned):
            self.warnings.append(record)
        else:
            self.ended = record

    def best_test(self, score: str = "", net: int = 0) -> Tested | None:
        """The test with the best value of a score, "" for the loss; the first of equal ones.

        Accuracies are best where they are greatest, anything else where it is least.
        """
        tests = [test for test in self.tests if test.net == net]
        if score:
            tests = [test for test in tests if score in test.scores]
        if not tests:
            return None
        sign = -1.0 if score in self._accuracies(net) else 1.0
        return min(tests, key=lambda test: sign * (test.scores[score] if score else test.loss))

    def test_at(self, iteration: int, net: int = 0) -> Tested | None:
        """The test of a net after so many iterations."""
        found = [t for t in self.tests if t.net == net and t.iteration == iteration]
        return found[-1] if found else None

    def best_snapshot(self) -> Snapshot | None:
        """The one to which the first test net gave the least loss; None where it tested none."""
        tested = [(test.loss, one.iteration, one) for one in self.snapshots
                  for test in (self.test_at(one.iteration),) if test is not None]  # fmt: skip
        return min(tested)[2] if tested else None

    def _accuracies(self, net: int) -> tuple[str, ...]:
        tests = self.began.tests if self.began is not None else ()
        return tests[net].accuracies if net < len(tests) else ()

    def _begin(self, record: Began) -> None:
        first = record.iteration
        self.began, self.ended = record, None
        self.iterations[:] = [one for one in self.iterations if one.iteration <= first]
        # a test comes after the snapshot of its iteration, and is made again
        self.tests[:] = [one for one in self.tests if one.iteration < first]
        # and the channels are counted after both
        self.channels[:] = [one for one in self.channels if one.iteration < first]
        self.snapshots[:] = [one for one in self.snapshots if one.iteration <= first]
        self.warnings[:] = [one for one in self.warnings if one.iteration <= first]

    def _take_snapshot(self, record: Snapshot) -> None:
        kept = [one for one in self.snapshots
                if not one.is_extra and one.iteration != record.iteration]  # fmt: skip
        self.snapshots[:] = [*kept, record]


def read_history(folder: Path) -> History:
    """Of the log in a run's folder, empty where there is none; a last line cut short is left out.

    Raises AppError for a log that can't be read or holds anything else.
    """
    history = History()
    path = folder / LOG_NAME
    if not is_plain_file(path):
        return history
    for number, line in enumerate(read_file(path, MOST_LOG_BYTES).split(b"\n")[:-1], start=1):
        name = f"Line {number} of {LOG_NAME}"
        kinds: Any = AnyRecord
        record: AnyRecord = as_type(parse_json(line, name), kinds, name)
        history.take(record)
    return history
