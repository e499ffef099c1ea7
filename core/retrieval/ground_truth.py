"""Ground truth: which label an image has, by its folder, its name or a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from core.errors import GalleryError
from core.retrieval.label_matching import MatchedLabels, match_labels
from core.retrieval.label_table import read_label_table


class LabelledPaths(NamedTuple):
    """Images by their relative paths, and the folders that they are relative to."""

    paths: Sequence[str]
    roots: Sequence[Path] = ()


def folder_label(relative_path: str) -> str | None:
    """The folder of an image relative to the root, "a/b" for "a/b/1.jpg"; None at the root."""
    return relative_path.rpartition("/")[0] or None


def prefix_label(relative_path: str, separator: str = "__") -> str | None:
    """What stands before the separator in the file name; None without one."""
    if separator not in relative_path:
        return None
    label, found, _ = PurePosixPath(relative_path).stem.partition(separator)
    return label if found and label else None


def choose_labels_apart(
    truth: str, gallery: LabelledPaths, queries: LabelledPaths
) -> tuple[MatchedLabels, MatchedLabels]:
    """The labels of a gallery and of queries apart from it, by one truth.

    The rows of a table are looked for among both, and what is said of them is said of both, with
    the gallery's. A name that is in both is one image.
    """
    if truth in ("folders", "prefix"):
        return choose_labels(truth, *gallery), choose_labels(truth, *queries)
    names = list(dict.fromkeys((*gallery.paths, *queries.paths)))
    both = choose_labels(truth, names, (*gallery.roots, *queries.roots))
    label_of = dict(zip(names, both.labels, strict=True))
    of_queries = tuple(label_of[path] for path in queries.paths)
    of_gallery = replace(both, labels=tuple(label_of[path] for path in gallery.paths))
    return of_gallery, MatchedLabels(of_queries, sum(label is not None for label in of_queries))


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
