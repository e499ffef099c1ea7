"""The price of a sweep, found by a trial before it begins."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.retrieval.describing import Describer
from core.retrieval.sweep_plan import SweepPlan

_BYTES_A_VALUE = 4
_WARM = 2
"""Layers that come again are compiled in the second pass."""
_ROUNDS = 3
_MOST_SECONDS = 4.0


@dataclass(frozen=True)
class SweepCost:
    """The price, known before the pass begins.

    bare_seconds and measured_seconds: of a pass of `batch_size` random pictures, without and with
    everything that is measured. held_bytes: the descriptors of a batch; bytes_an_image: on the
    disk.
    """

    n_values: int
    n_representations: int
    n_images: int
    batch_size: int
    bare_seconds: float
    measured_seconds: float
    bytes_an_image: int

    @property
    def seconds(self) -> float:
        """Of all passes, where no image is described yet; decoding is done meanwhile."""
        return math.ceil(self.n_images / self.batch_size) * self.measured_seconds

    @property
    def share(self) -> float:
        """What measuring adds to a bare pass: 0.15 is 15 %."""
        return self.measured_seconds / self.bare_seconds - 1 if self.bare_seconds else 0.0

    def describe(self) -> str:
        """The price in a sentence."""
        disk = self.bytes_an_image * self.n_images / 1e6
        return (
            f"{self.n_representations:,} representations of {self.n_values:,} values: a pass of "
            f"{self.batch_size} takes {self.measured_seconds:.2f} s where a bare one takes "
            f"{self.bare_seconds:.2f} s ({100 * self.share:+.0f} %); {self.n_images:,} images take "
            f"about {_time_text(self.seconds)} and {disk:,.1f} MB on the disk"
        )


def find_price(describer: Describer, plan: SweepPlan, batch_size: int, n_images: int) -> SweepCost:
    """Time a pass of random pictures, bare and measured, after one of each that warms up."""
    feed, recipe = describer.feed, describer.recipe.preprocess
    size = 1 if feed.mixing else batch_size
    shape = recipe.output_shape(1024, 768)
    pictures = np.random.default_rng(0).random((size, *shape), np.float32) * np.float32(50)
    inputs = feed.inputs(pictures)
    last = plan.values[-1]
    of_last = [one for one in plan.representations if one.value == last]
    smallest = min(of_last, key=lambda one: one.dimension)
    engine = describer.engine
    bare, measured = _seconds(
        lambda: engine.measure(inputs, {last: (smallest.pool,)}),
        lambda: describer.measurer.measure(inputs, plan.wants),
    )
    return SweepCost(
        len(plan.values),
        len(plan.keys),
        n_images,
        size,
        bare,
        max(bare, measured),
        _BYTES_A_VALUE * plan.n_dimensions,
    )


def _time_text(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _seconds(*works: Callable[[], object]) -> list[float]:
    """The fastest of a few runs of each, in turns, so that a busy moment hits all of them."""
    least = [math.inf for _ in works]
    begun = time.perf_counter()
    for turn in range(_WARM + _ROUNDS):
        if turn > _WARM and time.perf_counter() - begun > _MOST_SECONDS:
            break
        for place, work in enumerate(works):
            started = time.perf_counter()
            work()
            if turn >= _WARM:
                least[place] = min(least[place], time.perf_counter() - started)
    return least
