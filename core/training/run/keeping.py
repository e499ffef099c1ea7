"""When a run writes snapshots: as its solver says, at its end, and so that little is ever lost."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.engines.operations import Iterated
from core.engines.training import Training
from core.training.frozen import HeadTraining
from core.training.run.log import RunLog
from core.training.run.records import Snapshot
from core.training.snapshots import SnapshotFiles, snapshot_paths, write_snapshot
from core.training.solver_net import SolverNet

_EXTRA_SECONDS = 40.0
"""After so long without a snapshot one is written that the solver does not ask for."""

_MOST_SHARE = 0.05
"""Of a run's time that such snapshots may take: large nets get fewer."""


class SnapshotKeeper:
    """Writes the snapshots of a run into its folder. last: the iteration that it ends with."""

    def __init__(
        self,
        folder: Path,
        solver: SolverNet,
        training: Training | HeadTraining,
        log: RunLog,
        last: int,
    ) -> None:
        self._folder, self._solver, self._log, self._last = folder, solver, log, last
        self._training = training
        self._kept_at, self._seconds = time.monotonic(), 0.0

    def after(self, iterated: Iterated) -> bool:
        """Write one if it is time; whether the weights are numbers, as far as was looked."""
        number, settings = iterated.iteration, self._solver.settings
        is_due = bool(settings.snapshot) and number % settings.snapshot == 0
        is_end = number == self._last and settings.snapshot_after_train
        if is_due or is_end:
            return self.keep(iterated)
        waits = max(_EXTRA_SECONDS, self._seconds / _MOST_SHARE)
        if time.monotonic() - self._kept_at > waits:
            return self.keep(iterated, is_extra=True)
        return True

    def keep(self, iterated: Iterated, *, is_extra: bool = False) -> bool:
        """Write one; False, and nothing is written, where weights are no numbers any more."""
        kept = self._log.history.snapshots
        if kept and kept[-1].iteration == iterated.iteration and not kept[-1].is_extra:
            return True
        began = time.monotonic()
        weights = self._training.weights()
        if not all(np.isfinite(array).all() for array in weights):
            return False
        solver = self._solver
        paths = snapshot_paths(
            self._folder, solver.stem, iterated.iteration, solver.settings.snapshot_format
        )
        learned = list(zip(self._training.arrays, weights, strict=True))
        state = (iterated.iteration, iterated.step, self._training.history())
        write_snapshot(paths, solver.net, solver.shapes, learned, state)
        extra = [one for one in kept if one.is_extra and one.iteration != iterated.iteration]
        self._log.write(
            Snapshot(iterated.iteration, paths.weights.name, paths.state.name, is_extra)
        )
        for former in extra:
            for name in (former.state, former.weights):
                with suppress(OSError):
                    (self._folder / Path(name).name).unlink()
        self._kept_at = time.monotonic()
        self._seconds = self._kept_at - began
        return True


def snapshot_files(folder: Path, snapshot: Snapshot) -> SnapshotFiles:
    """Where the files of a record lie; a log names them, but never any outside its folder."""
    return SnapshotFiles(folder / Path(snapshot.weights).name, folder / Path(snapshot.state).name)
