"""Plot scales: values to pixels and back, with round ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

LOG_FLOOR = 0.5
"""Counts below one have no logarithm worth drawing: a log axis starts at half a value."""


@dataclass(frozen=True)
class Scale:
    """A linear or base-10 axis from `low` at pixel `start` to `high` at pixel `end`."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def pixel(self, value: float) -> float:
        """Where `value` lies, in pixels; values beyond the axis are clamped to it."""
        share = min(1.0, max(0.0, self._share(value)))
        return self.start + share * (self.end - self.start)

    def value(self, pixel: float) -> float:
        """Which value lies at `pixel`; the inverse of `pixel` inside the axis."""
        share = (pixel - self.start) / (self.end - self.start)
        if not self.is_log:
            return self.low + share * (self.high - self.low)
        low, high = math.log10(self.low), math.log10(self.high)
        return float(10.0 ** (low + share * (high - low)))

    def _share(self, value: float) -> float:
        if not self.is_log:
            return (value - self.low) / (self.high - self.low)
        if value <= self.low:
            return 0.0
        low, high = math.log10(self.low), math.log10(self.high)
        return (math.log10(value) - low) / (high - low)


def round_step(span: float, wanted: int) -> float:
    """The round step (1, 2 or 5 times a power of ten) giving about `wanted` steps over `span`."""
    if not span > 0 or not math.isfinite(span):
        return 1.0
    raw = span / max(1, wanted)
    power = float(10.0 ** math.floor(math.log10(raw)))
    for factor in (1.0, 2.0, 5.0):
        if raw <= factor * power:
            return factor * power
    return 10.0 * power


def linear_ticks(low: float, high: float, wanted: int) -> tuple[float, ...]:
    """Round values inside [low, high], about `wanted` of them."""
    step = round_step(high - low, wanted)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(index * step for index in range(first, min(last, first + 1000) + 1))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """The powers of ten inside [low, high]."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return tuple(10.0**power for power in range(first, last + 1))


def count_axis(
    highest: int, wanted: int, *, is_log: bool
) -> tuple[float, float, tuple[float, ...]]:
    """Bottom, top and ticks of a count axis that reaches `highest`."""
    top = float(max(1, highest))
    if is_log:
        return LOG_FLOOR, max(10.0, top * 1.25), log_ticks(1.0, max(10.0, top * 1.25))
    step = max(1.0, round_step(top, wanted))
    if step > top:
        step = max(1.0, round_step(top, wanted + 1))
    n_ticks = int(top * 1.06 / step + 1e-9) + 1
    return 0.0, top * 1.06, tuple(index * step for index in range(n_ticks))
