"""Statistics of one array of activations: counts of special values, moments and percentiles."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

_CHUNK_VALUES = 1 << 18
_PERCENTILES = (0.1, 1.0, 50.0, 99.0, 99.9)


@dataclass(frozen=True)
class Statistics:
    """What is known of an array: counts over all values, measures over the finite ones.

    Every measure is NaN where no value is finite. `std` divides by n, like np.std.
    """

    n_values: int
    n_nan: int
    n_inf: int
    n_zeros: int
    n_negative: int
    minimum: float
    maximum: float
    mean: float
    std: float
    median: float
    p1: float
    p99: float
    l2: float
    p0_1: float = math.nan
    p99_9: float = math.nan

    @property
    def sparsity(self) -> float:
        """Share of exact zeros among all values, 0 to 1 (0 for an empty array)."""
        return self.n_zeros / self.n_values if self.n_values else 0.0

    @property
    def n_finite(self) -> int:
        """How many values are neither NaN nor infinite."""
        return self.n_values - self.n_nan - self.n_inf

    def to_json(self) -> dict[str, int | float | None]:
        """A JSON-able dictionary; what is not a number becomes None."""
        return {name: _json_number(value) for name, value in asdict(self).items()}


def summarise(array: np.ndarray) -> Statistics:
    """Count and measure the values of an array of any shape and any real type.

    Percentiles interpolate linearly between neighbours, like np.percentile; sums are float64.
    """
    values = as_flat_floats(array)
    finite, n_nan, n_inf = split_finite(values)
    n_zeros = int(finite.size - np.count_nonzero(finite != 0))
    if finite.size == 0:
        nothing = math.nan
        return Statistics(values.size, n_nan, n_inf, n_zeros, 0, *[nothing] * 8)
    mean, std, l2, n_negative = _moments(finite)
    p0_1, p1, median, p99, p99_9 = (float(v) for v in percentiles(finite, _PERCENTILES))
    return Statistics(
        n_values=values.size,
        n_nan=n_nan,
        n_inf=n_inf,
        n_zeros=n_zeros,
        n_negative=n_negative,
        minimum=float(finite.min()),
        maximum=float(finite.max()),
        mean=mean,
        std=std,
        median=median,
        p1=p1,
        p99=p99,
        l2=l2,
        p0_1=p0_1,
        p99_9=p99_9,
    )


def as_flat_floats(array: np.ndarray) -> np.ndarray:
    """The array as one axis of float32 or float64; a view where its type and layout allow."""
    flat = np.asarray(array).reshape(-1)
    if flat.dtype in (np.float32, np.float64):
        return flat
    return flat.astype(np.float32 if flat.dtype == np.float16 else np.float64)


def split_finite(values: np.ndarray) -> tuple[np.ndarray, int, int]:
    """The finite values (the same array if all are), the count of NaN and of infinities."""
    is_finite = np.isfinite(values)
    n_finite = int(np.count_nonzero(is_finite))
    if n_finite == values.size:
        return values, 0, 0
    n_nan = int(np.count_nonzero(np.isnan(values)))
    return values[is_finite], n_nan, values.size - n_finite - n_nan


def percentiles(finite: np.ndarray, percents: tuple[float, ...]) -> np.ndarray:
    """Percentiles with linear interpolation, (len(percents),) float64, of a non-empty array.

    Same values as np.percentile up to rounding; one partition serves them all.
    """
    positions = np.asarray(percents) / 100.0 * (finite.size - 1)
    below = np.floor(positions).astype(np.intp)
    above = np.minimum(below + 1, finite.size - 1)
    ordered = np.partition(finite, np.unique(np.concatenate([below, above])))
    low, high = ordered[below].astype(np.float64), ordered[above].astype(np.float64)
    share = positions - below
    result: np.ndarray = low * (1.0 - share) + high * share
    return result


def _moments(finite: np.ndarray) -> tuple[float, float, float, int]:
    """Mean, standard deviation, L2 norm and count of negatives, in float64, chunk by chunk."""
    mean = float(np.mean(finite, dtype=np.float64))
    squares = deviations = 0.0
    n_negative = 0
    with np.errstate(over="ignore"):
        for start in range(0, finite.size, _CHUNK_VALUES):
            chunk = finite[start : start + _CHUNK_VALUES].astype(np.float64)
            n_negative += int(np.count_nonzero(chunk < 0))
            squares += float(np.dot(chunk, chunk))
            chunk -= mean
            deviations += float(np.dot(chunk, chunk))
    return mean, math.sqrt(deviations / finite.size), math.sqrt(squares), n_negative


def _json_number(value: float) -> int | float | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value
