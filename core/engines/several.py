"""One net open in several children, as on several GPUs: passes go to whichever is free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from queue import SimpleQueue

import numpy as np

from core.engines.begun import BegunPass
from core.engines.engine import Engine
from core.engines.values import EngineSpec, Value
from core.images.pixels import Pictures
from core.measures.measure import Measure

_CHILD = "child"


class SeveralEngines(Engine):
    """`measure` by any number of threads, each pass in one child; all else is the first child's.

    Where all children let passes begin ahead, `begin` gives each its turn, in one thread.

    A pass has the bits that its device gives: on equal devices those of one child alone.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        vars(self).update(vars(engines[0]))  # the same net, as built by the first
        self.device = ",".join(engine.device for engine in engines)
        self.n_at_once = len(engines)
        self.n_begun = 1
        if all(engine.n_begun > 1 for engine in engines):
            self.n_begun = sum(engine.n_begun for engine in engines)
        self._turns = cycle(engines)
        self._free: SimpleQueue[Engine] = SimpleQueue()
        for engine in engines:
            self._free.put(engine)

    def measure(
        self, inputs: Mapping[str, Pictures], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        """As of one engine; waits until a child is free."""
        engine = self._free.get()
        try:
            return engine.measure(inputs, wants)
        finally:
            self._free.put(engine)

    def begin(
        self, inputs: Mapping[str, Pictures], wants: Mapping[Value, Sequence[Measure]]
    ) -> BegunPass[dict[tuple[Value, Measure], np.ndarray]]:
        """As of one engine, in the child whose turn it is."""
        return next(self._turns).begin(inputs, wants)


def spec_of_child(spec: EngineSpec, number: int) -> EngineSpec:
    """The engine of the child of a number: a child of its own for each but the first."""
    return replace(spec, options=(*spec.options, (_CHILD, str(number)))) if number else spec
