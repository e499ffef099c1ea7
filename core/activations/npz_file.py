"""Writing .npz files one array at a time, under any names, whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.files import written_beside


def write_npz(path: Path, arrays: Iterable[tuple[str, np.ndarray]]) -> int:
    """Write named arrays and return how many; the file appears only when it is complete.

    Unlike numpy.savez this takes any key ("file" is a layer name too) and one array at a time.
    Raises AppError where the file can't be written.
    """
    n_written = 0
    with (
        written_beside(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        for key, array in arrays:
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            n_written += 1
    return n_written
