"""Values of the frozen part of a net, kept on disk: a row for each image, and which are there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.files import written_beside
from core.mapped import make_room
from core.npy_file import write_npy_header

Shapes = Mapping[str, tuple[int, ...]]


class KeptValues:
    """Arrays by blob, (n_pieces, *shape of a piece), mapped from files; a run that goes on, and the
    next one over the same images, finds what is there.

    folder: of this net, weights and images; None keeps them in memory. A piece counts as there once
    all its arrays have been written. Raises AppError where the disk has no room for all pieces.
    """

    def __init__(self, folder: Path | None, n_pieces: int, shapes: Shapes) -> None:
        self._folder, self._is_new = folder, folder is None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._arrays = {
            blob: self._array(f"{at}.npy", (n_pieces, *shape), np.float32)
            for at, (blob, shape) in enumerate(shapes.items())
        }
        self._is_there = self._array("there.npy", (n_pieces,), np.uint8)

    @property
    def n_kept(self) -> int:
        """How many pieces are there."""
        return int(np.count_nonzero(self._is_there))

    def has(self, piece: int) -> bool:
        """Whether a piece has been put here."""
        return bool(self._is_there[piece])

    def get(self, piece: int) -> dict[str, np.ndarray]:
        """The arrays of a piece."""
        return {blob: np.asarray(array[piece]) for blob, array in self._arrays.items()}

    def put(self, piece: int, values: Mapping[str, np.ndarray]) -> None:
        """Keep the arrays of a piece."""
        for blob, array in self._arrays.items():
            array[piece] = values[blob]
        self._is_there[piece] = 1

    def _array(self, name: str, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        if self._folder is None:
            return np.zeros(shape, dtype)
        path = self._folder / name
        if path.is_file() and not self._is_new:
            with suppress(ValueError, OSError):  # of a run that was killed while it made the file
                found: np.ndarray = np.lib.format.open_memmap(path, mode="r+")
                if found.shape == shape and found.dtype == dtype:
                    return found
        self._is_new = True  # and what follows: an array made anew has nothing in it
        with written_beside(path) as partial, partial.open("wb") as file:
            kind = np.dtype(dtype)
            write_npy_header(file, kind, shape)
            make_room(file, file.tell() + math.prod(shape) * kind.itemsize)
        made: np.ndarray = np.lib.format.open_memmap(path, "r+")
        return made
