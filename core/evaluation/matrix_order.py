"""The order of rows and columns of a matrix of images and channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from core.evaluation.selectivity import ClassSelectivity

RowOrder = Literal["class", "folder", "name", "similarity"]
ROW_ORDERS: tuple[RowOrder, ...] = get_args(RowOrder)
ColumnOrder = Literal["selectivity", "class", "sparsity", "index"]
COLUMN_ORDERS: tuple[ColumnOrder, ...] = get_args(ColumnOrder)
_ITERATIONS = 100


def row_order(
    names: Sequence[str], labels: Sequence[str | None], cells: np.ndarray, order: RowOrder
) -> np.ndarray:
    """The images from top to bottom, (n_images,) int64.

    "class" by label and name, images without one last; "folder" by folder and name; "name" by the
    file's own name; "similarity" by the first principal component of the rows, each of length 1, so
    that like images lie near each other.
    """
    n = len(names)
    if order == "similarity":
        along = _first_component(cells)
        return np.lexsort((np.arange(n), along))
    split = [name.rpartition("/") for name in names]
    if order == "name":
        keys = [(file, folder) for folder, _, file in split]
    elif order == "folder":
        keys = [(folder, file) for folder, _, file in split]
    else:
        keys = [("\U0010ffff" if label is None else label, name)
                for label, name in zip(labels, names, strict=True)]  # fmt: skip
    return np.array(sorted(range(n), key=keys.__getitem__), np.int64)


def column_order(
    is_dead: np.ndarray,
    fires: np.ndarray,
    selectivity: ClassSelectivity | None,
    order: ColumnOrder,
) -> np.ndarray:
    """The channels from left to right, dead ones last, (channels,) int64.

    "selectivity" puts each under the class it prefers, the most selective first; "class" does, too,
    by index; "sparsity" begins with those that fire in the fewest images. Channels without a
    preferred class follow the classes.

    is_dead, fires: (channels,), fires the number of images with a value above 0.
    """
    numbers = np.arange(len(is_dead))
    if order == "sparsity":
        return np.lexsort((numbers, fires, is_dead))
    if order == "index" or selectivity is None:
        return np.lexsort((numbers, is_dead))
    preferred = selectivity.preferred
    of_class = np.where(preferred < 0, len(selectivity.classes), preferred)
    if order == "class":
        return np.lexsort((numbers, of_class, is_dead))
    clear = np.where(np.isnan(selectivity.index), 0.0, -selectivity.index)
    return np.lexsort((numbers, clear, of_class, is_dead))


def _first_component(cells: np.ndarray) -> np.ndarray:
    """Along the first principal component, found by power iteration, (n_images,) float64.

    Its sign makes its largest weight positive.
    """
    rows = np.nan_to_num(cells.astype(np.float64), posinf=0.0, neginf=0.0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(length == 0, 1.0, length)
    rows -= rows.mean(axis=0)
    axis = rows[np.square(rows).sum(axis=1).argmax()]
    for _ in range(_ITERATIONS):
        axis = (rows @ axis) @ rows
        norm = np.linalg.norm(axis)
        if norm == 0:
            break
        axis /= norm
    if axis[np.abs(axis).argmax()] < 0:
        axis = -axis
    along: np.ndarray = np.round(rows @ axis, 9)
    return along
