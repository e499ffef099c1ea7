"""How the values of one activation spread: moments, the range of each channel, counts.

Valid from Python 2.7 on with NumPy as its only import: it travels to the Python that runs Caffe.
"""

import numpy as np

MOMENTS = (
    "n_values",
    "n_nan",
    "n_inf",
    "n_zeros",
    "n_negative",
    "minimum",
    "maximum",
    "mean",
    "squares",
)
"""What moments_of gives, in this order; minimum and all after it are of the finite values."""
CELL_BITS = 16
"""A cell of the grid holds the float32 values that share their first 16 bits: sign, exponent and 7
bits of the fraction. So a cell is at most 1/128 of its values wide."""
_CHUNK_VALUES = 1 << 18


def moments_of(activation):
    # type: (np.ndarray) -> np.ndarray
    """(9,) float64: see MOMENTS. squares: the sum of squared deviations from the mean.

    minimum, maximum and mean are NaN where no value is finite.
    """
    flat = activation.reshape(-1)
    finite = flat[np.isfinite(flat)]
    n_nan = int(np.isnan(flat).sum())
    counts = [flat.size, n_nan, flat.size - finite.size - n_nan]
    counts += [int((finite == 0).sum()), int((finite < 0).sum())]
    if not finite.size:
        return np.array(counts + [np.nan, np.nan, np.nan, 0.0])
    mean = float(finite.mean(dtype=np.float64))
    squares = 0.0
    for start in range(0, finite.size, _CHUNK_VALUES):
        deviations = finite[start : start + _CHUNK_VALUES].astype(np.float64) - mean
        squares += float(np.dot(deviations, deviations))
    return np.array(counts + [float(finite.min()), float(finite.max()), mean, squares])


def channel_range(activation):
    # type: (np.ndarray) -> np.ndarray
    """The least and the greatest finite value of each channel, (2, channels) float32.

    The channels are axis 1; what has one axis is one channel. NaN where a channel has no finite
    value.
    """
    channels = by_channel(activation)
    if not channels.size:
        return np.full((2, channels.shape[1]), np.nan, np.float32)
    is_finite = np.isfinite(channels)
    least = np.where(is_finite, channels, np.inf).min((0, 2))
    greatest = np.where(is_finite, channels, -np.inf).max((0, 2))
    found = np.array([least, greatest])
    return np.where(np.isfinite(found), found, np.nan).astype(np.float32)


def by_channel(activation):
    # type: (np.ndarray) -> np.ndarray
    """The activation as (n_images, channels, places)."""
    if activation.ndim < 2:
        return activation.reshape(1, 1, activation.size)
    n_places = int(np.prod(activation.shape[2:], dtype=np.int64))
    return activation.reshape(activation.shape[0], activation.shape[1], n_places)


def cell_counts(activation):
    # type: (np.ndarray) -> np.ndarray
    """How many finite values lie in each cell of the grid, (n_cells, 2) int64: cell, count.

    Cell c from 0 on holds what lies in [edge(c), edge(c + 1)), where edge(c) is the float32 whose
    bits are c << 16, and edge(-c) = -edge(c). Cells with nothing in them are left out. Zeros are
    in cell 0, with what is under 1e-40.
    """
    flat = np.ascontiguousarray(activation, np.float32).reshape(-1)
    total = np.zeros(1 << CELL_BITS, np.int64)
    middle = 1 << (CELL_BITS - 1)
    for start in range(0, flat.size, _CHUNK_VALUES):
        chunk = flat[start : start + _CHUNK_VALUES]
        bits = chunk[np.isfinite(chunk)].view(np.int32)
        size = bits & 0x7FFFFFFF
        cells = (np.where(bits < 0, -size, size) >> CELL_BITS) + middle
        total += np.bincount(cells, minlength=total.size)
    (places,) = np.nonzero(total)
    return np.stack([places - middle, total[places]], 1).astype(np.int64)


def edge_counts(activation, edges):
    # type: (np.ndarray, Sequence[float]) -> np.ndarray
    """How many values lie between edges, as np.histogram counts them: (len(edges) - 1,) int64.

    edges: ascending. A bin is [low, high), the last one closed; NaN and Inf are in none.
    """
    bounds = np.asarray(edges, np.float64)
    flat = activation.reshape(-1)
    total = np.zeros(bounds.size - 1, np.int64)
    for start in range(0, flat.size, _CHUNK_VALUES):
        chunk = flat[start : start + _CHUNK_VALUES]
        total += np.histogram(chunk[np.isfinite(chunk)].astype(np.float64), bounds)[0]
    return total


MYPY = False
if MYPY:
    from typing import Sequence  # noqa: F401 - for the type comments
