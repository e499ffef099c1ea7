"""One net that learns in an engine's child process."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.engines.engine import Call
from core.engines.operations import (
    AddTest,
    Close,
    Iterate,
    Iterated,
    Pass,
    Peaks,
    ReadTraining,
    Restore,
    Test,
    TestOpened,
    TrainingOpened,
)
from core.errors import EngineError
from core.layers.multipliers import LearnedArray
from core.net.definition import NetState

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

    def add_test(
        self,
        net_text: str,
        weights_path: Path | None,
        state: NetState,
        input_shapes: Mapping[str, tuple[int, ...]],
    ) -> TestOpened:
        """Build a net that scores this one, with its arrays by layer name and index.

        weights_path: for arrays that this one does not hold.
        """
        weights = None if weights_path is None else str(weights_path.absolute())
        shapes = {name: tuple(shape) for name, shape in input_shapes.items()}
        found, _ = self._call(AddTest(self._net, net_text, weights, state, shapes))
        opened: TestOpened = found
        return opened

    def test(self, number: int, batch: Arrays) -> Pass:
        """One pass of test net `number` with the arrays as they are now."""
        found, _ = self._call(Test(self._net, number, tuple(batch)), _float32(batch))
        passed: Pass = found
        return passed

    def peaks(self, batch: Arrays) -> dict[str, np.ndarray]:
        """The greatest value of each channel of each ReLU, by layer, as at test time."""
        found, arrays = self._call(Peaks(self._net, tuple(batch)), _float32(batch))
        return dict(zip(found.layers, arrays, strict=True))

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


def _float32(batch: Arrays) -> list[np.ndarray]:
    return [np.asarray(array, np.float32) for array in batch.values()]
