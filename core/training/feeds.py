"""What a net that learns is fed with, pass after pass."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from core.errors import RequestError

Batch = Mapping[str, np.ndarray]


class Feed(Protocol):
    """Gives the batch of a pass; the same number gives the same batch, so that a run can resume."""

    def batch(self, number: int) -> Batch:
        """By input blob, of pass `number`, counted from 0."""

    def pieces(self, number: int) -> Sequence[int]:
        """What the batch of a pass is put together from, by numbers that come again."""

    def piece(self, index: int) -> Batch:
        """One of them, by input blob."""

    @property
    def n_pieces(self) -> int:
        """How many different pieces there are; 0 where chance makes each of them anew."""

    @property
    def n_rows(self) -> int:
        """Images in a batch."""

    @property
    def n_images(self) -> int:
        """Images of an epoch."""

    @property
    def digest(self) -> str:
        """Tells this feed's pieces from those of another."""


class ArrayFeed:
    """Batches given as arrays, one after the other and then again from the first.

    arrays: by blob, (n_batches, *shape of the blob). rows: by blob, (n_rows, ...), of which each
    pass takes as many as the blob has, as a MemoryData layer does.
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        rows: Mapping[str, np.ndarray],
        shapes: Mapping[str, tuple[int, ...] | None],
    ) -> None:
        self._arrays, self._rows, self._shapes = arrays, rows, shapes
        unknown = sorted({*arrays, *rows} - set(shapes))
        if unknown:
            known = ", ".join(shapes) or "none"
            raise RequestError(
                f"The net has no input blob '{unknown[0]}'.", hint=f"It has: {known}."
            )
        lengths = {len(array) for array in arrays.values()}
        if len(lengths) > 1 or 0 in lengths:
            raise RequestError("Every blob needs as many batches as the others, and one at least.")
        self._n_batches = min(lengths, default=1)
        for name, array in rows.items():
            n_rows = self._shape(name)[0]
            if not len(array) or len(array) % n_rows:
                raise RequestError(
                    f"'{name}' has {len(array)} rows, which batches of {n_rows} do not divide."
                )

    def batch(self, number: int) -> Batch:
        """By input blob."""
        found = {name: array[number % self._n_batches] for name, array in self._arrays.items()}
        for name, array in self._rows.items():
            shape = self._shape(name)
            start = number * shape[0] % len(array)
            found[name] = array[start : start + shape[0]].reshape(shape)
        return found

    def pieces(self, number: int) -> Sequence[int]:
        """A batch is one piece."""
        return (number % self.n_pieces,)

    @property
    def n_rows(self) -> int:
        """Rows of the first blob."""
        return next((shape[0] for shape in self._shapes.values() if shape), 0)

    @property
    def n_images(self) -> int:
        """Of all batches together."""
        return self.n_pieces * self.n_rows

    @property
    def digest(self) -> str:
        """Of names and values."""
        found = hashlib.sha256()
        for name, array in {**self._arrays, **self._rows}.items():
            found.update(f"{name} {array.shape} {array.dtype}".encode())
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    @property
    def n_pieces(self) -> int:
        """How many different batches there are."""
        n_rows = [len(rows) // self._shape(name)[0] for name, rows in self._rows.items()]
        return math.lcm(self._n_batches, *n_rows)

    def piece(self, index: int) -> Batch:
        """That batch."""
        return self.batch(index)

    def _shape(self, name: str) -> tuple[int, ...]:
        shape = self._shapes[name]
        if not shape:
            raise RequestError(f"The net does not say how large a batch of '{name}' is.")
        return shape


def array_feed(
    named: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...] | None]
) -> ArrayFeed:
    """Of a file of batches: BLOB holds batches, LAYER/BLOB the rows of a MemoryData layer."""
    arrays = {name: array for name, array in named.items() if name in shapes}
    rows = {name.rpartition("/")[2]: array for name, array in named.items() if name not in shapes}
    return ArrayFeed(arrays, rows, shapes)


def batches_of(feed: Feed, iteration: int, iter_size: int) -> Sequence[Batch]:
    """The batches of one iteration."""
    first = iteration * iter_size
    return [feed.batch(number) for number in range(first, first + iter_size)]
