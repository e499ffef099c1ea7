"""What a change writes over a value, in NumPy: for the fake engine and the foreign Python of Caffe.

Valid from Python 2.7 on; types stand in comments.
"""
# ruff: noqa: UP035

import numpy as np


def overwrite(values, change, array=None):
    # type: (np.ndarray, List[Any], Optional[np.ndarray]) -> None
    """Change `values`, (n_images, channels, ...), where they are.

    change: [how, channels, row, number] as core.engines.changes.Change has them; array: what is put
    there, of the shape of `values` or with one image.
    """
    how, channels, row, number = change
    target = values if row < 0 else values[row : row + 1]
    if how == "elsewhere":
        chosen = set(channels)
        channels = [c for c in range(target.shape[1]) if c not in chosen]
    elif not channels:
        _write(target, Ellipsis, how, number, array)
        return
    picked = (slice(None), list(channels))
    _write(target, picked, how, number, array if array is None else array[picked])


def _write(target, picked, how, number, array):
    # type: (np.ndarray, Any, str, float, Optional[np.ndarray]) -> None
    if how == "multiply":
        with np.errstate(all="ignore"):
            target[picked] = target[picked] * np.float32(number)
    else:
        target[picked] = np.float32(number) if array is None else array


def moved(before, after):
    # type: (np.ndarray, np.ndarray) -> Optional[Tuple[float, float]]
    """The cosine and the largest difference of two values; None where all bits are equal."""
    if before.shape != after.shape:
        return 0.0, float("inf")
    if before.tobytes() == after.tobytes():
        return None
    with np.errstate(all="ignore"):
        one, other = before.ravel().astype(np.float64), after.ravel().astype(np.float64)
        norms = float(np.sqrt(one.dot(one)) * np.sqrt(other.dot(other)))
        largest = float(np.abs(one - other).max())
        cosine = float(one.dot(other)) / norms if norms else 0.0
    return cosine, largest


MYPY = False
if MYPY:
    from typing import Any, List, Optional, Tuple  # noqa: F401 - for the type comments
