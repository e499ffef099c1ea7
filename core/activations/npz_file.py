"""Writing .npz files one array at a time, under any names, whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.files import written_beside


@contextmanager
def npz_written(path: Path) -> Iterator[Callable[[str, np.ndarray], None]]:
    """Gives what adds a named array; the file appears at the end, not where that is not reached.

    Unlike numpy.savez this takes any key ("file" is a layer name too) and one array at a time.
    Raises AppError where the file can't be written.
    """
    with (
        written_beside(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):

        def add(key: str, array: np.ndarray) -> None:
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)

        yield add


def write_npz(path: Path, arrays: Iterable[tuple[str, np.ndarray]]) -> int:
    """Write named arrays at once and return how many; see `npz_written`."""
    n_written = 0
    with npz_written(path) as add:
        for key, array in arrays:
            add(key, array)
            n_written += 1
    return n_written
