"""What a gallery's database says: images, problems, recipe, origin, and how far its index came."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np

from core.mapped import map_of
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery_origin import NotedOrigin
from core.retrieval.representations import StoredRepresentation
from core.retrieval.vectors_file import check_whole
from core.words import plural


@dataclass(frozen=True)
class FileStamp:
    """What tells that a file is still the same: its bytes and its time of change in ns."""

    n_bytes: int
    changed: int


TURNED = -1
"""The number of a representation that lies in no file."""
GONE = FileStamp(-1, -1)
"""The stamp of a file that is not there, or can't be asked."""

OUTDATED = FileStamp(-2, -2)
"""The stamp of an image whose file has changed, until its new content is described."""


def stamp_of(path: Path | str) -> FileStamp:
    """The stamp of a file as it is now, GONE for one that is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116  # of a million images, without an object for each
    except (OSError, ValueError):  # ValueError: a name with a zero byte
        return GONE
    return FileStamp(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class StoredImage:
    """One image as the gallery keeps it; path is relative to the root, with forward slashes.

    width and height are those of the upright picture; `row` is its row among the descriptors.
    """

    path: str
    label: str | None
    width: int
    height: int
    stamp: FileStamp
    row: int = -1


@dataclass(frozen=True, eq=False)
class StoredImages(Sequence[StoredImage]):
    """The images of a gallery sorted by path, in columns; one is made when it is asked for.

    paths, label_codes, sizes, stamps, rows: one each. label_codes: (n,) int32, numbers of `names`,
    the labels that there are, None among them where an image has none. sizes: (n, 2) int64, width
    and height. stamps: (n, 2) int64, bytes and time of change. rows: (n,) int64.
    """

    # A million objects of images take 6 s to make and 600 MB; their columns a second and 150 MB.
    paths: tuple[str, ...]
    names: tuple[str | None, ...]
    label_codes: np.ndarray
    sizes: np.ndarray
    stamps: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> StoredImage: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[StoredImage, ...]: ...

    def __getitem__(self, index: int | slice) -> StoredImage | tuple[StoredImage, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        width, height = self.sizes[index].tolist()
        stamp = FileStamp(*self.stamps[index].tolist())
        label = self.names[self.label_codes[index]]
        return StoredImage(self.paths[index], label, width, height, stamp, int(self.rows[index]))

    def __iter__(self) -> Iterator[StoredImage]:
        columns = (self.sizes.tolist(), self.stamps.tolist(), self.rows.tolist())
        for path, label, (width, height), stamp, row in zip(
            self.paths, self.labels, *columns, strict=True
        ):
            yield StoredImage(path, label, width, height, FileStamp(*stamp), row)

    def only(self, images: np.ndarray) -> StoredImages:
        """Some of them, (n,) int64 that rises."""
        return StoredImages(
            tuple(self.paths[image] for image in images.tolist()),
            self.names,
            self.label_codes[images],
            self.sizes[images],
            self.stamps[images],
            self.rows[images],
        )

    @cached_property
    def labels(self) -> tuple[str | None, ...]:
        """The label of each image, None for one without."""
        return tuple(map(self.names.__getitem__, self.label_codes.tolist()))

    def find(self, path: str) -> int | None:
        """The number of an image by its path; None if there is none."""
        index = bisect_left(self.paths, path)
        return index if index < len(self) and self.paths[index] == path else None

    def with_stamp(self, stamp: FileStamp) -> tuple[int, ...]:
        """The numbers of the images whose files had this stamp when they were indexed."""
        is_same = (self.stamps == (stamp.n_bytes, stamp.changed)).all(axis=1)
        return tuple(np.flatnonzero(is_same).tolist())


@dataclass(frozen=True)
class StoredProblem:
    """One file that is not in the gallery, and why."""

    path: str
    reason: str
    stamp: FileStamp


@dataclass(frozen=True)
class GalleryProgress:
    """How far the last index of a gallery came.

    n_done: files that were described or found unusable as they are now. n_expected: files that the
    folder listed when that index began, None in a gallery made before this was noted.
    """

    n_done: int
    n_expected: int | None
    has_ended: bool

    @property
    def is_finished(self) -> bool | None:
        """Whether every file had its turn; None where the gallery does not tell."""
        if self.n_expected is None:
            return None
        return self.has_ended and self.n_done >= self.n_expected

    @property
    def n_missing(self) -> int:
        """Files that the index has not come to; 0 where the gallery does not tell."""
        return 0 if self.n_expected is None else max(0, self.n_expected - self.n_done)

    def describe(self) -> str:
        """ "unfinished: 96 of 192 images", "whole: 192 images"."""
        if self.is_finished is None:
            return f"{plural(self.n_done, 'image')}, whole or not"
        if self.is_finished:
            return f"whole: {plural(self.n_done, 'image')}"
        return f"unfinished: {self.n_done:,} of {plural(self.n_expected or 0, 'image')}"


@dataclass(frozen=True, eq=False)
class DescriptorRows:
    """Descriptors of images in their order, of which only those asked for are read.

    stored: (n_rows, dimension), mapped from the file; rows: (n_images,) int64, the row of each.
    Raises GalleryError where the file was cut off since.
    """

    stored: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return int(self.rows.size)

    def __getitem__(self, images: np.ndarray | slice | int) -> np.ndarray:
        check_whole(map_of(self.stored))
        result: np.ndarray = np.asarray(self.stored[self.rows[images]])
        return result


@dataclass(frozen=True, eq=False)
class Contents:
    """All that a gallery holds at one moment; images and problems sorted by path.

    roots: where the images may lie, the likeliest first; of the folders that are gone the noted
    one alone. stored: (n_rows, dimension) float32, rows in no order, some of which no image names.
    others: further representations of the same images, in files of their own. number: which of
    them `stored` is, 0 for the first, TURNED for one that is made of them.
    """

    recipe: DescriptorRecipe
    made_with: dict[str, str]
    roots: tuple[Path, ...]
    origin: NotedOrigin | None
    progress: GalleryProgress
    dimension: int
    images: StoredImages
    problems: tuple[StoredProblem, ...]
    stored: np.ndarray
    others: tuple[StoredRepresentation, ...] = ()
    number: int = 0

    @property
    def root(self) -> Path:
        """The folder of the images, or where it was, if it is gone."""
        return self.roots[0]

    @property
    def rows(self) -> DescriptorRows:
        """Descriptors of the images in their order, none of them read yet."""
        return DescriptorRows(self.stored, self.images.rows)

    @property
    def descriptors(self) -> np.ndarray:
        """Descriptors of the images in their order, (n_images, dimension) float32."""
        rows = self.rows
        if np.array_equal(rows.rows, np.arange(len(self.stored))):
            return self.stored
        return rows[:]
