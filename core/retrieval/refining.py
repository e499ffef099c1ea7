"""Engines for describing: several scales and encoded parts, and passes of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.engines.values import Value
from core.images.scaled import scaled_pictures
from core.measures.measure import Measure, Pool
from core.representations.after import unit_length
from core.representations.encoding import Encoder
from core.surveys.feed import Feed
from core.surveys.passes import Measurer
from core.surveys.pictures import most_in_a_pass


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

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        """As an engine does; the measures are poolings."""
        if self.scales == (1.0,):
            return self._encoded(inputs, wants)
        pictures = inputs[self.feed.picture]
        found: dict[tuple[Value, Measure], list[np.ndarray]] = {}
        for scale in self.scales:
            scaled = pictures if scale == 1.0 else scaled_pictures(pictures, scale)
            if scale != 1.0 and self.feed.problem_with(scaled.shape[1:]) is not None:
                continue
            for key, rows in self._encoded(self.feed.inputs(scaled), wants).items():
                found.setdefault(key, []).append(rows)
        return {key: _together(rows, key[1]) for key, rows in found.items()}

    def _encoded(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        found = self.engine.measure(inputs, wants)
        if self.encoder is None:
            return found
        parts, encoder = self.encoder.encoding.parts, self.encoder
        return {
            key: encoder.encode(rows)
            if isinstance(key[1], Pool) and key[1].method == parts
            else rows
            for key, rows in found.items()
        }


@dataclass(frozen=True)
class EvenPasses:
    """Stands for an engine in a survey, which runs equally many pictures of a shape each time.

    The last bits of a matrix product may move with its number of rows. So an image has the same
    descriptor whatever shares its pass: after a stop, beside a broken file, on another machine.
    """

    engine: Measurer
    feed: Feed
    size: int

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        """As an engine does; the measures give a row an image."""
        pictures = inputs[self.feed.picture]
        n_short = most_in_a_pass(pictures.shape[1:], self.size) - len(pictures)
        if n_short <= 0:
            return self.engine.measure(inputs, wants)
        filled = np.concatenate([pictures, np.repeat(pictures[-1:], n_short, axis=0)])
        found = self.engine.measure(self.feed.inputs(filled), wants)
        return {key: rows[: len(pictures)] for key, rows in found.items()}


def _together(rows: Sequence[np.ndarray], measure: Measure) -> np.ndarray:
    """(n, dimension) float32 of several scales, by a mean of power p for GeM."""
    p = measure.p if isinstance(measure, Pool) and measure.method == "gem" else 1.0
    with np.errstate(invalid="ignore"):  # infinity over itself: whoever takes it sees NaN
        lengths = [unit_length(one.astype(np.float64)) for one in rows]
    mean = np.mean([one**p for one in lengths], axis=0)
    result: np.ndarray = (mean ** (1.0 / p)).astype(np.float32)
    return result
