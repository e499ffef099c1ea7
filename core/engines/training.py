"""One net that learns in an engine's child process."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import numpy as np

from core.engines.engine import Call
from core.engines.operations import (
    Close,
    Iterate,
    Iterated,
    ReadTraining,
    Restore,
    TrainingOpened,
)
from core.errors import EngineError
from core.layers.multipliers import LearnedArray

Arrays = Mapping[str, np.ndarray]


class Training:
    """A training in the child; every method waits for it and may raise what EngineProcess says."""

    def __init__(self, call: Call, opened: TrainingOpened) -> None:
        self._call, self._net = call, opened.net
        self.arrays: tuple[LearnedArray, ...] = opened.learned
        self.inputs: dict[str, tuple[int, ...] | None] = opened.inputs
        self.filler_layers: tuple[str, ...] = opened.filler_layers

    def iterate(self, batches: Sequence[Arrays]) -> Iterated:
        """One iteration over `iter_size` batches, each by input blob."""
        names = tuple(batches[0])
        given = [np.asarray(batch[name], np.float32) for batch in batches for name in names]
        found, _ = self._call(Iterate(self._net, names, len(batches)), given)
        iterated: Iterated = found
        return iterated

    def weights(self) -> list[np.ndarray]:
        """Every learned array in the order of `arrays`."""
        return self._read("weights")

    def history(self) -> list[np.ndarray]:
        """What the solver remembers, in the order of a .solverstate."""
        return self._read("history")

    def first_gradients(self) -> list[np.ndarray]:
        """Of iteration 0, summed over its batches, neither clipped nor decayed; [] later."""
        return self._read("first_gradients")

    def first_updates(self) -> list[np.ndarray]:
        """What iteration 0 subtracted; [] later."""
        return self._read("first_updates")

    def restore(self, iteration: int, step: int, history: Sequence[np.ndarray]) -> None:
        """Go on from a state; the weights are those of the file it was saved with."""
        self._call(Restore(self._net, iteration, step), history)

    def close(self) -> None:
        """Let the child forget this net."""
        with contextlib.suppress(EngineError):
            self._call(Close(self._net))

    def _read(self, what: str) -> list[np.ndarray]:
        _, arrays = self._call(ReadTraining(self._net, what))  # type: ignore[arg-type]
        return arrays

    def __enter__(self) -> Training:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
