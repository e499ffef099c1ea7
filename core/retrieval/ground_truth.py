"""Ground truth: which label an image has, by its folder, its name or a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.errors import GalleryError
from core.retrieval.label_matching import MatchedLabels, match_labels
from core.retrieval.label_table import read_label_table


def folder_label(relative_path: str) -> str | None:
    """The folder of an image relative to the root, "a/b" for "a/b/1.jpg"; None at the root."""
    parent = PurePosixPath(relative_path).parent.as_posix()
    return None if parent == "." else parent


def prefix_label(relative_path: str, separator: str = "__") -> str | None:
    """What stands before the separator in the file name; None without one."""
    stem = PurePosixPath(relative_path).stem
    label, found, _ = stem.partition(separator)
    return label if found and label else None


def choose_labels(truth: str, paths: Sequence[str], roots: Sequence[Path] = ()) -> MatchedLabels:
    """The label of each image by `truth`: "folders", "prefix" or the name of a table's file.

    paths: relative to the folder of the images; roots: where that folder is or was. Raises
    GalleryError where nothing gets a label.
    """
    if truth not in ("folders", "prefix"):
        return match_labels(read_label_table(Path(truth)), paths, roots)
    label_of = folder_label if truth == "folders" else prefix_label
    labels = tuple(label_of(path) for path in paths)
    n_labelled = sum(label is not None for label in labels)
    if paths and not n_labelled:
        raise GalleryError(
            "No image lies in a folder of its own kind."
            if truth == "folders"
            else "No file name has a label before '__'.",
            hint="Labels come from folders, from what stands before '__', or from a table.",
        )
    return MatchedLabels(labels, n_labelled)
