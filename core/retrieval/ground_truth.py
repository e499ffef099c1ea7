"""Ground truth: which label an image has, by its folder, its name or a table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.errors import GalleryError


def folder_label(relative_path: str) -> str | None:
    """The folder of an image relative to the root, "a/b" for "a/b/1.jpg"; None at the root."""
    parent = PurePosixPath(relative_path).parent.as_posix()
    return None if parent == "." else parent


def prefix_label(relative_path: str, separator: str = "__") -> str | None:
    """What stands before the separator in the file name; None without one."""
    stem = PurePosixPath(relative_path).stem
    label, found, _ = stem.partition(separator)
    return label if found and label else None


def read_label_table(path: Path) -> dict[str, str]:
    """Labels by relative path from a CSV file with the columns file and label.

    Raises GalleryError, with the line, for a file that can't be read or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"file", "label"} <= set(rows.fieldnames or ()):
                raise GalleryError(f"'{path.name}' needs the columns 'file' and 'label'.")
            labels = {}
            for row in rows:
                if not row["file"] or row["label"] is None:
                    raise GalleryError(f"'{path.name}', line {rows.line_num}: a value is missing.")
                labels[row["file"].replace("\\", "/")] = row["label"]
            return labels
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GalleryError(f"The labels '{path}' can't be read.", details=str(error)) from error


def labels_of(paths: Sequence[str], table: dict[str, str]) -> tuple[str | None, ...]:
    """The label of each relative path in a table, None where it has none."""
    return tuple(table.get(path) or None for path in paths)
