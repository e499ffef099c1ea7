"""Writing .npz files one array at a time, under any names, whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.errors import AppError


def write_npz(path: Path, arrays: Iterable[tuple[str, np.ndarray]]) -> int:
    """Write named arrays and return how many; the file appears only when it is complete.

    Unlike numpy.savez this takes any key ("file" is a layer name too) and one array at a time.
    Raises AppError where the file can't be written.
    """
    part = path.with_name(path.name + ".blobscope-part")
    n_written = 0
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for key, array in arrays:
                with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
                n_written += 1
        part.replace(path)
    except OSError as error:
        raise AppError(
            f"Can't write {path}: {error.strerror or error}.", hint="Choose another --out."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return n_written
