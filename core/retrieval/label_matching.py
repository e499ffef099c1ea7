"""Finding for each row of a table of labels the image it means, and saying what fits nothing."""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import GalleryError
from core.images.box import Box
from core.images.formats import image_suffixes
from core.retrieval.label_table import LabelRow, LabelTable

_MOST_NAMED = 3
_MOST_COMPARED = 5000


@dataclass(frozen=True)
class MatchedLabels:
    """The label of each image, None for one without, and what of a table fits no image.

    n_matched: images that have a row. boxes: the part of each image to search with, None for all of
    it; () where the truth has no boxes. notes: what whoever reads a figure has to know.
    """

    labels: tuple[str | None, ...]
    n_matched: int
    unmatched_rows: tuple[LabelRow, ...] = ()
    images_without_row: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    boxes: tuple[Box | None, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary, without the labels."""
        return {
            "images_with_label": sum(label is not None for label in self.labels),
            "images_with_row": self.n_matched,
            "rows_without_image": [
                {"line": row.line, "file": row.file, "label": row.label}
                for row in self.unmatched_rows
            ],
            "images_without_row": list(self.images_without_row),
        }


def match_labels(
    table: LabelTable, paths: Sequence[str], roots: Sequence[Path] = ()
) -> MatchedLabels:
    """Give every image the label of the row that names it.

    paths: of the images, relative to their folder; roots: where that folder is or was, for rows
    with absolute paths. A row may name an image by its path, by its file name alone, in another
    case, without its suffix, or with other folders before it, as long as one image only fits.
    Raises GalleryError if no row fits, or two rows give one image different labels.
    """
    images = _Images(paths, roots)
    found = [images.find(row.file) for row in table.rows]
    taken = _rows_by_image(table, found)
    if not taken:
        raise _nothing_fits(table, paths)
    for index, rows in taken.items():
        _check_agreement(table, paths[index], rows)
    labels: list[str | None] = [None] * len(paths)
    boxes: list[Box | None] = [None] * len(paths)
    for index, rows in taken.items():
        labels[index], boxes[index] = rows[0].label, rows[0].box
    used = {row.line for rows in taken.values() for row in rows}
    unmatched = tuple(row for row in table.rows if row.line not in used)
    without = tuple(path for index, path in enumerate(paths) if index not in taken)
    notes = [*table.notes, *_stage_notes(table, paths, found, used)]
    several = [row for row, fit in zip(table.rows, found, strict=True) if len(fit.indices) > 1]
    notes += _count_notes(table, taken, unmatched, several, without)
    notes += _label_notes(labels)
    of_parts = tuple(boxes) if any(box is not None for box in boxes) else ()
    return MatchedLabels(tuple(labels), len(taken), unmatched, without, tuple(notes), of_parts)


@dataclass(frozen=True)
class _Fit:
    """Images that a row fits: how the row names them, and whether only by the end of its path."""

    indices: tuple[int, ...] = ()
    way: str = ""
    is_weak: bool = False

    @property
    def index(self) -> int | None:
        """The image that is meant; None if none or several fit."""
        return self.indices[0] if len(self.indices) == 1 else None


class _Images:
    """The images of a gallery by their names, in several spellings."""

    def __init__(self, paths: Sequence[str], roots: Sequence[Path]) -> None:
        self._roots = tuple(dict.fromkeys(root.as_posix().rstrip("/") for root in roots))
        spellings: tuple[tuple[str, Callable[[str], str]], ...] = (
            ("", str),
            ("in another Unicode form", _composed),
            ("in another case", _folded),
            ("without its suffix, or with another", _without_suffix),
        )
        self._whole = [(way, spell, _by_key(paths, spell)) for way, spell in spellings]
        names = [path.rpartition("/")[2] for path in paths]
        self._names = [(way, spell, _by_key(names, spell)) for way, spell in spellings]

    def find(self, written: str) -> _Fit:
        """What a row fits in the surest way in which it fits anything."""
        for way, name, tables, is_weak in self._forms(_cleaned(written)):
            for spelling, spell, by_key in tables:
                indices = by_key.get(spell(name), [])
                if indices:
                    said = ", ".join(words for words in (way, spelling) if words)
                    return _Fit(tuple(indices), said, is_weak)
        return _Fit()

    def _forms(self, name: str) -> Iterator[tuple[str, str, list[Any], bool]]:
        """The ways to read a row's name, the surest first."""
        yield "", name, self._whole, False
        for root in self._roots:
            if name.startswith(f"{root}/"):
                yield "by its absolute path", name[len(root) + 1 :], self._whole, False
        for root in self._roots:
            before = f"{PurePosixPath(root).name}/"
            if name.startswith(before):
                yield (
                    "with the folder's own name before it",
                    name[len(before) :],
                    self._whole,
                    False,
                )
        if "/" not in name:
            yield "by its file name alone", name, self._names, False
            return
        parts = name.split("/")
        for start in range(1, len(parts)):
            yield "by the end of its path", "/".join(parts[start:]), self._whole, True


def _rows_by_image(table: LabelTable, found: Sequence[_Fit]) -> dict[int, list[LabelRow]]:
    """The rows of each image; rows that fit by the end of a path only yield to surer ones."""
    sure = {fit.index for fit in found if not fit.is_weak}
    taken: dict[int, list[LabelRow]] = defaultdict(list)
    for row, fit in zip(table.rows, found, strict=True):
        if fit.index is not None and not (fit.is_weak and fit.index in sure):
            taken[fit.index].append(row)
    return taken


def _check_agreement(table: LabelTable, path: str, rows: Sequence[LabelRow]) -> None:
    first = rows[0]
    for row in rows[1:]:
        if row.label != first.label:
            raise GalleryError(
                f"'{table.path.name}' gives {path} two labels: '{first.label or ''}' in line "
                f"{first.line} and '{row.label or ''}' in line {row.line}.",
                hint="Each image has one label: take one of the lines out.",
            )
        if row.box != first.box:
            raise GalleryError(
                f"'{table.path.name}' gives {path} two boxes, in line {first.line} and in line "
                f"{row.line}.",
                hint="Each image is one query: take one of the lines out.",
            )


def _nothing_fits(table: LabelTable, paths: Sequence[str]) -> GalleryError:
    if not table.rows:
        return GalleryError(f"'{table.path.name}' has no rows below its header.")
    first = table.rows[0]
    close = _closest(first.file, paths) or (paths[0] if paths else "none")
    n_rows = _counted(len(table.rows), "row", "rows")
    return GalleryError(
        f"Not one of {n_rows} of '{table.path.name}' names an image of the gallery: "
        f"line {first.line} says '{first.file}', an image is called '{close}'.",
        hint="Rows name images by their path below the folder that was indexed.",
        details=", ".join(paths[:_MOST_NAMED]),
    )


def _stage_notes(
    table: LabelTable, paths: Sequence[str], found: Sequence[_Fit], used: set[int]
) -> list[str]:
    """How many rows name their image in each way but the plain one, with an example."""
    ways: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for row, fit in zip(table.rows, found, strict=True):
        if fit.index is not None and fit.way and row.line in used:
            ways[fit.way] += 1
            examples.setdefault(fit.way, f"'{row.file}' for {paths[fit.index]}")
    return [
        f"{_counted(n, 'row names its image', 'rows name their image')} {way}: {examples[way]}."
        for way, n in ways.items()
    ]


def _count_notes(
    table: LabelTable,
    taken: dict[int, list[LabelRow]],
    unmatched: Sequence[LabelRow],
    several: Sequence[LabelRow],
    without: Sequence[str],
) -> list[str]:
    """What is always counted, and the first of what fits nothing."""
    n_images = len(taken) + len(without)
    n_rows = _counted(len(table.rows), "row", "rows")
    notes = [
        f"Labels of {len(taken):,} of {n_images:,} images come from {n_rows} of {table.path.name}."
    ]
    lines = {row.line for row in several}
    none = [row for row in unmatched if row.line not in lines]
    if none:
        named = [_named_row(row, without) for row in none[:_MOST_NAMED]]
        what = _counted(len(none), "row names no image", "rows name no image")
        notes.append(f"{what} of the gallery: {_listed(named, len(none))}.")
    if several:
        named = [f"line {row.line} '{row.file}'" for row in several[:_MOST_NAMED]]
        what = _counted(len(several), "row fits", "rows fit")
        notes.append(f"{what} several images, so none: {_listed(named, len(several))}.")
    if without:
        what = _counted(len(without), "image has no row", "images have no row")
        notes.append(f"{what}: {_listed(without[:_MOST_NAMED], len(without))}.")
    n_blank = sum(row.label is None for rows in taken.values() for row in rows[:1])
    if n_blank:
        notes.append(f"{_counted(n_blank, 'image has', 'images have')} a row without a label.")
    n_again = sum(len(rows) - 1 for rows in taken.values())
    if n_again:
        notes.append(f"{_counted(n_again, 'row repeats', 'rows repeat')} another.")
    return notes


def _named_row(row: LabelRow, candidates: Sequence[str]) -> str:
    close = _closest(row.file, candidates)
    return f"line {row.line} '{row.file}'" + (f" (is it {close}?)" if close else "")


def _label_notes(labels: Sequence[str | None]) -> list[str]:
    """Labels that are probably meant to be one."""
    by_fold: dict[str, set[str]] = defaultdict(set)
    for label in labels:
        if label is not None:
            by_fold[" ".join(label.casefold().split())].add(label)
    return [
        f"The labels {' and '.join(repr(label) for label in sorted(alike))} are alike, but two."
        for alike in by_fold.values()
        if len(alike) > 1
    ]


def _closest(name: str, candidates: Sequence[str]) -> str:
    found = difflib.get_close_matches(_cleaned(name), candidates[:_MOST_COMPARED], n=1, cutoff=0.75)
    return found[0] if found else ""


def _by_key(names: Sequence[str], spell: Callable[[str], str]) -> dict[str, list[int]]:
    by_key: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        by_key[spell(name)].append(index)
    return by_key


def _cleaned(written: str) -> str:
    """A path with forward slashes, without "./" and doubled slashes."""
    name = written.strip().replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return ("/" if name.startswith("/") else "") + "/".join(parts)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return _composed(name).casefold()


def _without_suffix(name: str) -> str:
    folded = _folded(name)
    stem, dot, suffix = folded.rpartition(".")
    return stem if stem and dot + suffix in image_suffixes() else folded


def _counted(n: int, one: str, more: str) -> str:
    return f"{n:,} {one if n == 1 else more}"


def _listed(names: Sequence[str], n: int) -> str:
    more = f" and {n - len(names):,} more" if n > len(names) else ""
    return ", ".join(names) + more
