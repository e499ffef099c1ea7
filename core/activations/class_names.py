"""Class names of a classification net, and the best classes of its scores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import AppError
from core.reading import names_in, read_file

_WORDNET_ID = re.compile(r"n\d{8}\s+")
_NAME_PARTS = ("synset", "class", "label", "words")
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class ScoredClass:
    """One class with its score; `name` is its number in words where no names are known."""

    number: int
    name: str
    score: float


def read_class_names(path: Path) -> tuple[str, ...]:
    """One name a line, in the order of the net's output; WordNet ids before the names go.

    Raises AppError for a file that can't be read.
    """
    what = "The class names"
    try:
        lines = read_file(path, _MAX_BYTES, what=what).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise AppError(
            f"{what} '{path}' can't be read: they are not UTF-8.",
            hint="Save the file as UTF-8.",
            details=str(error),
        ) from error
    names = [line.strip().strip("'\"").strip() for line in lines]
    while names and not names[-1]:
        names.pop()
    if names and all(_WORDNET_ID.match(name) for name in names):
        names = [_WORDNET_ID.sub("", name, count=1) for name in names]
    return tuple(names)


@dataclass(frozen=True)
class FoundNames:
    """Class names that lay beside a net, () where none fit; notes: what was left out and why."""

    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_class_names(folders: Sequence[Path], n_classes: int) -> FoundNames:
    """Names from a text file in `folders` that is called like one and fits."""
    notes = []
    for folder in dict.fromkeys(folders):
        for path in (folder / name for name in names_in(folder)):
            if path.suffix != ".txt" or not any(p in path.stem.lower() for p in _NAME_PARTS):
                continue
            try:
                names = read_class_names(path)
            except AppError as error:
                notes.append(f"{path.name} beside the net is left out. {error.sentence}")
                continue
            if len(names) == n_classes:
                return FoundNames(names, tuple(notes))
    return FoundNames((), tuple(notes))


def best_classes(
    scores: np.ndarray, names: Sequence[str], *, are_probabilities: bool, n_best: int = 5
) -> list[list[ScoredClass]]:
    """The best classes of each image, best first; equal scores in the order of the classes.

    scores: (n_images, n_classes, ...) with all later axes 1. Their softmax is taken unless
    `are_probabilities`.
    """
    flat = scores.reshape(scores.shape[0], -1).astype(np.float64)
    if not are_probabilities:
        raised = np.exp(flat - flat.max(axis=1, keepdims=True))
        flat = raised / raised.sum(axis=1, keepdims=True)
    best = np.argsort(-flat, axis=1, kind="stable")[:, :n_best]
    return [
        [ScoredClass(int(i), names[i] if names else f"class {i}", float(row[i])) for i in order]
        for row, order in zip(flat, best, strict=True)
    ]
