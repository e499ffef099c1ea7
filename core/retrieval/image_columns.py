"""Reading the images and problems of a gallery's database into columns, checked as they come."""

from __future__ import annotations

import os
import re
import sqlite3
from array import array

import numpy as np

from core.retrieval.gallery_contents import OUTDATED, FileStamp, StoredImages, StoredProblem

_IMAGES_AT_ONCE = 256
"""Rows fetched at once: more are slower, for Python then walks them to collect garbage."""
_SELECT_IMAGES = "SELECT path, label, row, width, height, bytes, changed FROM images ORDER BY path"
_SELECT_PROBLEMS = "SELECT path, reason, bytes, changed FROM problems ORDER BY path"
_DRIVE = re.compile(r"\0[A-Za-z]:")


def read_images(db: sqlite3.Connection, n_rows: int) -> StoredImages:
    """All images, sorted by path; n_rows: how many descriptors there are.

    Raises ValueError for a table that is not as Blobscope writes it: values of another kind, a
    path that leads out of the folder of the images, a row that two images name or that is none.
    """
    paths: list[str] = []
    numbers: dict[object, int] = {}
    codes, row_numbers = array("i"), array("q")
    columns = tuple(array("q") for _ in range(4))
    cursor = db.execute(_SELECT_IMAGES)
    try:
        while fetched := cursor.fetchmany(_IMAGES_AT_ONCE):
            some_paths, labels, rows, *others = zip(*fetched, strict=True)
            paths.extend(some_paths)
            for label in dict.fromkeys(labels):
                numbers.setdefault(label, len(numbers))
            codes.extend(map(numbers.__getitem__, labels))
            row_numbers.extend(rows)
            for column, values in zip(columns, others, strict=True):
                column.extend(values)  # TypeError for anything but whole numbers
    except TypeError as error:
        raise ValueError(f"an image has a value of another kind: {error}") from error
    check_paths(paths)
    names = _checked_names(numbers)
    widths, heights, n_bytes, changed = (np.array(column, dtype=np.int64) for column in columns)
    if (widths < 0).any() or (heights < 0).any() or (n_bytes < OUTDATED.n_bytes).any():
        raise ValueError("an image has a size below 0")
    row_of = np.array(row_numbers, dtype=np.int64)
    _check_rows(row_of, n_rows)
    return StoredImages(
        tuple(paths),
        names,
        np.array(codes, dtype=np.int32),
        np.stack([widths, heights], axis=1),
        np.stack([n_bytes, changed], axis=1),
        row_of,
    )


def read_problems(db: sqlite3.Connection) -> tuple[StoredProblem, ...]:
    """All problems, sorted by path. Raises ValueError for values of another kind."""
    problems = []
    for path, reason, n_bytes, changed in db.execute(_SELECT_PROBLEMS):
        if not (isinstance(path, str) and isinstance(reason, str)):
            raise ValueError("a problem has a path or a reason that is no text")
        if not (isinstance(n_bytes, int) and isinstance(changed, int)):
            raise ValueError("a problem has a stamp that is no whole number")
        problems.append(StoredProblem(path, reason, FileStamp(n_bytes, changed)))
    return tuple(problems)


def check_paths(paths: list[str]) -> None:
    """Refuse what is no text, and what does not lie below the folder of the images."""
    if not paths:
        return
    try:
        text = "\0" + "\0".join(paths) + "\0"
    except TypeError as error:
        raise ValueError(f"an image has a path that is no text: {error}") from error
    if text.count("\0") != len(paths) + 1 or "\0\0" in text:
        raise ValueError("an image has an empty path, or one with a zero byte")
    leads_up = any(part in text for part in ("/../", "\0../", "/..\0", "\0..\0"))
    if leads_up or "\0/" in text or (os.name == "nt" and _leaves_a_windows_folder(text)):
        raise ValueError("the path of an image leads out of the folder of the images")


def _leaves_a_windows_folder(text: str) -> bool:
    """Whether a path has a drive, or the separator that only Windows knows."""
    return "\\" in text or _DRIVE.search(text) is not None


def _checked_names(numbers: dict[object, int]) -> tuple[str | None, ...]:
    names: list[str | None] = []
    for label in numbers:
        if not (label is None or isinstance(label, str)):
            raise ValueError("an image has a label that is no text")
        names.append(label)
    return tuple(names)


def _check_rows(rows: np.ndarray, n_rows: int) -> None:
    ordered = np.sort(rows)
    if ordered.size and not 0 <= ordered[0] <= ordered[-1] < n_rows:
        raise ValueError(f"an image names a row beyond the {n_rows} there are")
    if (ordered[1:] == ordered[:-1]).any():
        raise ValueError("two images name one row")
