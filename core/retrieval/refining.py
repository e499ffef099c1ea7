"""Describing at several scales and by encoded parts, in the place of an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.engines.begun import BegunPass
from core.engines.values import Value
from core.images.scaled import scaled_pictures
from core.measures.measure import Measure, Pool
from core.representations.after import unit_length
from core.representations.encoding import Encoder
from core.surveys.feed import Feed
from core.surveys.passes import Measurer

Inputs = Mapping[str, np.ndarray]
Wants = Mapping[Value, Sequence[Measure]]
Found = dict[tuple[Value, Measure], np.ndarray]


@dataclass(frozen=True)
class RefiningEngine:
    """Stands for an engine in a survey; what it measures is encoded, and of all scales together.

    Descriptors of several scales get length 1 each and are averaged, GeM's by its own power mean
    (Radenovic et al., 2018). A scale at which the net has no room for a picture is left out.
    """

    engine: Measurer
    feed: Feed
    scales: tuple[float, ...] = (1.0,)
    encoder: Encoder | None = None

    @property
    def n_at_once(self) -> int:
        """How many threads may ask the engine."""
        return int(getattr(self.engine, "n_at_once", 1))

    @property
    def n_begun(self) -> int:
        """How many passes of the engine may have begun."""
        return int(getattr(self.engine, "n_begun", 1))

    def measure(self, inputs: Inputs, wants: Wants) -> Found:
        """As an engine does; the measures are poolings."""
        return self._begun(
            inputs, wants, lambda *asked: BegunPass(partial(self.engine.measure, *asked))
        )()

    def begin(self, inputs: Inputs, wants: Wants) -> BegunPass[Found]:
        """The same of an engine that has `n_begun`: its passes begin."""
        return self._begun(inputs, wants, self.engine.begin)  # type: ignore[attr-defined]

    def _begun(
        self, inputs: Inputs, wants: Wants, begin: Callable[[Inputs, Wants], BegunPass[Found]]
    ) -> BegunPass[Found]:
        if self.scales == (1.0,):
            return begin(inputs, wants).then(self._encoded)
        pictures = inputs[self.feed.picture]
        ends = []
        for scale in self.scales:
            scaled = pictures if scale == 1.0 else scaled_pictures(pictures, scale)
            if scale != 1.0 and self.feed.problem_with(scaled.shape[1:]) is not None:
                continue
            ends.append(begin(self.feed.inputs(scaled), wants))
        return BegunPass(lambda: self._of_scales(ends), lambda: [one.give_up() for one in ends])

    def _of_scales(self, ends: Sequence[Callable[[], Found]]) -> Found:
        found: dict[tuple[Value, Measure], list[np.ndarray]] = {}
        for end in ends:
            for key, rows in self._encoded(end()).items():
                found.setdefault(key, []).append(rows)
        return {key: _together(rows, key[1]) for key, rows in found.items()}

    def _encoded(self, found: Found) -> Found:
        if self.encoder is None:
            return found
        parts, encoder = self.encoder.encoding.parts, self.encoder
        return {
            key: encoder.encode(rows)
            if isinstance(key[1], Pool) and key[1].method == parts
            else rows
            for key, rows in found.items()
        }


def _together(rows: Sequence[np.ndarray], measure: Measure) -> np.ndarray:
    """(n, dimension) float32 of several scales, by a mean of power p for GeM."""
    p = measure.p if isinstance(measure, Pool) and measure.method == "gem" else 1.0
    with np.errstate(invalid="ignore"):  # infinity over itself: whoever takes it sees NaN
        lengths = [unit_length(one.astype(np.float64)) for one in rows]
    mean = np.mean([one**p for one in lengths], axis=0)
    result: np.ndarray = (mean ** (1.0 / p)).astype(np.float32)
    return result
