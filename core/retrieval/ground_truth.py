"""Ground truth: which label an image has, by its folder, its name or a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from core.errors import GalleryError, RequestError
from core.images.box import Box
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
    if _is_of_names(truth):
        return choose_labels(truth, *gallery), choose_labels(truth, *queries)
    names = list(dict.fromkeys((*gallery.paths, *queries.paths)))
    both = choose_labels(truth, names, (*gallery.roots, *queries.roots))
    label_of = dict(zip(names, both.labels, strict=True))
    of_queries = tuple(label_of[path] for path in queries.paths)
    of_gallery = replace(both, labels=tuple(label_of[path] for path in gallery.paths), boxes=())
    n_labelled = sum(label is not None for label in of_queries)
    boxes: tuple[Box | None, ...] = ()
    if both.boxes:
        box_of = dict(zip(names, both.boxes, strict=True))
        boxes = tuple(box_of[path] for path in queries.paths)
    return of_gallery, MatchedLabels(of_queries, n_labelled, boxes=boxes)


def choose_labels(truth: str, paths: Sequence[str], roots: Sequence[Path] = ()) -> MatchedLabels:
    """The label of each image by `truth`: "folders", "prefix", a pattern or a table's file.

    "pattern:(.+)_\\d+" takes the first group of the regular expression, searched for in the
    relative path.

    paths: relative to the folder of the images; roots: where that folder is or was. Raises
    GalleryError where nothing gets a label, RequestError for a pattern that is none.
    """
    if not _is_of_names(truth):
        return match_labels(read_label_table(Path(truth)), paths, roots)
    label_of = _label_of(truth)
    labels = tuple(label_of(path) for path in paths)
    n_labelled = sum(label is not None for label in labels)
    if paths and not n_labelled:
        raise GalleryError(
            _NONE_FOUND.get(truth, "No path fits the pattern."),
            hint="Labels come from folders, from what stands before '__', from a pattern of the "
            "path, or from a table.",
        )
    return MatchedLabels(labels, n_labelled)


_NONE_FOUND = {
    "folders": "No image lies in a folder of its own kind.",
    "prefix": "No file name has a label before '__'.",
}
_PATTERN = "pattern:"


def _is_of_names(truth: str) -> bool:
    """Whether the names of the images alone give their labels."""
    return truth in _NONE_FOUND or truth.startswith(_PATTERN)


def _label_of(truth: str) -> Callable[[str], str | None]:
    if not truth.startswith(_PATTERN):
        return folder_label if truth == "folders" else prefix_label
    try:
        pattern = re.compile(truth.removeprefix(_PATTERN))
    except re.error as error:
        raise RequestError(f"'{truth}' is no pattern: {error}.") from error
    if pattern.groups < 1:
        raise RequestError(
            f"'{truth}' has no group for the label.",
            hint="Put what names the label into parentheses, as in pattern:(.+)_\\d+.",
        )

    def found(relative_path: str) -> str | None:
        match = pattern.search(relative_path)
        return (match[1] or None) if match is not None else None

    return found
