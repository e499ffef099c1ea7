"""One layer over a folder: a row of numbers a channel for each image, appended to parts on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.engines.values import Value
from core.errors import AppError
from core.images.prepared import PreparedImage
from core.measures.measure import ChannelPeaks, Measure, Pool, PositiveShare
from core.npy_file import NotNpyError, read_npy
from core.surveys.features import StoredFeature
from core.surveys.part_files import PartFiles
from core.surveys.passes import Results
from core.surveys.top_images import RankedImages, check_rows, place_on, sizes_differ

ColumnName = Literal["maximum", "place", "minimum", "place_of_minimum", "mean", "positive", "size"]
OF_MAPS: tuple[ColumnName, ...] = (
    "maximum", "place", "minimum", "place_of_minimum", "mean", "positive", "size",
)  # fmt: skip
OF_VECTORS: tuple[ColumnName, ...] = ("maximum",)
"""A channel of one place is its own maximum, minimum and mean."""
Summary = Literal["maximum", "mean", "positive"]
SUMMARIES: tuple[Summary, ...] = ("maximum", "mean", "positive")
"""What a cell of the matrix is: of an image and a channel, over the places."""
MOST_BYTES = 1 << 34
Shape = tuple[int, ...]


def columns_of(*, is_vector: bool) -> tuple[ColumnName, ...]:
    """What is kept of a layer: with places, the size of the map of each image among it."""
    return OF_VECTORS if is_vector else OF_MAPS


class ChannelRows:
    """What each batch says of the channels of one value.

    shape_of: the value's shape for a picture's, to tell later where a place is.
    """

    def __init__(
        self, value: Value, shape_of: Callable[[Shape], Shape | None], *, is_vector: bool
    ) -> None:
        self.value, self._shape_of, self._is_vector = value, shape_of, is_vector

    @property
    def columns(self) -> tuple[ColumnName, ...]:
        """What `of` gives, in its order."""
        return columns_of(is_vector=self._is_vector)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Peaks, and where there are places their mean and how many fire."""
        more: tuple[Measure, ...] = () if self._is_vector else (Pool("gap"), PositiveShare())
        return (ChannelPeaks(), *more)

    def of(self, images: Sequence[PreparedImage], results: Results) -> list[np.ndarray]:
        """The columns of a batch. Raises AppError for a value without a row for each image."""
        peaks = results[self.value, ChannelPeaks()]
        check_rows(self.value, peaks.shape, len(images))
        arrays = [peaks[..., 0]]
        if not self._is_vector:
            arrays += [peaks[..., column] for column in (1, 2, 3)]
            arrays += [results[self.value, Pool("gap")], results[self.value, PositiveShare()]]
            arrays.append(self._sizes(images))
        return arrays

    def _sizes(self, images: Sequence[PreparedImage]) -> np.ndarray:
        """The axes behind the channels for each image; the pictures of a batch have one size."""
        picture = next(image.content.shape for image in images if image.content is not None)
        shape = self._shape_of(picture)
        if shape is None or len(shape) < 3:
            return np.zeros((len(images), 1), np.float32)
        return np.tile(np.array(shape[2:], np.float32), (len(images), 1))


class ChannelMatrixCollector:
    """Appends the columns of one value, or of many one after the other, to parts on disk.

    names: by path. most_held: so many images are in memory before they are appended; each column
    is a file that is waited for, so that many values are not appended batch by batch.
    """

    def __init__(
        self,
        rows: Sequence[ChannelRows],
        parts: PartFiles,
        names: Mapping[Path, str],
        most_held: int = 1,
    ) -> None:
        self._rows, self._parts, self._names = tuple(rows), parts, names
        self._most_held = most_held
        self._held_names: list[str] = []
        self._held: list[list[np.ndarray]] = []

    @property
    def wants(self) -> Mapping[Value, tuple[Measure, ...]]:
        """Of each value."""
        return {rows.value: rows.measures for rows in self._rows}

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """One batch. Raises AppError for a value that gives no row of channels for each image."""
        arrays: list[np.ndarray] = []
        for rows in self._rows:
            first = len(arrays)
            arrays += rows.of(images, results)
            known = self._held[0][first].shape[1:] if self._held else self._parts.row_shape(first)
            if known is not None and known != arrays[first].shape[1:]:
                raise sizes_differ(rows.value)
        self._held_names += [self._names[image.path] for image in images]
        self._held.append([np.array(array, np.float32) for array in arrays])
        if len(self._held_names) >= self._most_held:
            self.flush()

    def flush(self) -> None:
        """Append what is in memory; to be called after the last batch, too."""
        if not self._held:
            return
        arrays = [np.concatenate(column) for column in zip(*self._held, strict=True)]
        self._parts.append(self._held_names, arrays, [array.shape for array in arrays])
        self._held_names, self._held = [], []

    def skip(self, image: PreparedImage) -> None:
        """An image that can't be used."""
        self._parts.skip(self._names[image.path], image.problem or "")


def stored_columns(
    parts: PartFiles, columns: Sequence[ColumnName], first: int = 0
) -> tuple[StoredFeature, ...]:
    """The columns as they will stand in files, each (n_images, ...); first: its number in parts."""
    n_images = len(parts.images)
    return tuple(
        StoredFeature(column, (n_images, *(parts.row_shape(number) or ())), parts, number)
        for number, column in enumerate(columns, first)
    )


@dataclass(frozen=True, eq=False)
class ChannelTable:
    """What is kept of a layer over images; columns: (n_images, channels) float32 each.

    "size" has the axes of each image's map, (n_images, n_axes). A vector has "maximum" alone.
    """

    value: Value
    names: tuple[str, ...]
    columns: Mapping[ColumnName, np.ndarray]

    @property
    def n_images(self) -> int:
        """How many images it has."""
        return len(self.names)

    @property
    def n_channels(self) -> int:
        """How many channels the layer has."""
        return int(self.columns["maximum"].shape[1])

    @property
    def is_vector(self) -> bool:
        """Whether a channel is one value."""
        return "place" not in self.columns

    def cells(self, summary: Summary) -> np.ndarray:
        """(n_images, channels) float32: the maximum, the mean, or the share above 0."""
        if not self.is_vector or summary == "maximum":
            return self.columns[summary]
        values = self.columns["maximum"]
        return values if summary == "mean" else (values > 0).astype(np.float32)

    @property
    def is_dead(self) -> np.ndarray:
        """(channels,) bool: whether a channel is 0 at every place of every image."""
        greatest = self.columns["maximum"]
        least = self.columns.get("minimum", greatest)
        is_alive: np.ndarray = (greatest != 0).any(axis=0) | (least != 0).any(axis=0)
        return ~is_alive

    def place(self, image: int, channel: int, *, is_least: bool = False) -> tuple[int, ...]:
        """Where the maximum lies on the axes behind the channels, (y, x); () of a vector."""
        if self.is_vector:
            return ()
        axes = tuple(int(size) for size in self.columns["size"][image])
        at = int(self.columns["place_of_minimum" if is_least else "place"][image, channel])
        return place_on(axes, at)

    def top_images(self, channel: int, k: int, *, is_least: bool = False) -> RankedImages:
        """The k images where one channel is greatest, or least; (1, k), as RankedImages has it."""
        least = self.columns.get("minimum", self.columns["maximum"])
        values = (least if is_least else self.columns["maximum"])[:, channel]
        there = np.flatnonzero(~np.isnan(values))
        key = values[there] if is_least else -values[there]
        images = there[np.argsort(key, kind="stable")][:k]
        column = self.columns.get("place_of_minimum" if is_least else "place")
        places = np.zeros(len(images)) if column is None else column[images, channel]
        return RankedImages(images[None], values[images][None], places.astype(np.int64)[None])


def read_table(folder: Path, value: Value, names: Sequence[str]) -> ChannelTable:
    """The table that a folder of .npy files holds for these images. Raises AppError."""
    has_places = (folder / "place.npy").is_file()
    columns: dict[ColumnName, np.ndarray] = {}
    for column in columns_of(is_vector=not has_places):
        try:
            array = read_npy(folder / f"{column}.npy", MOST_BYTES)
        except NotNpyError as problem:
            raise _damaged(folder, str(problem)) from problem
        first = columns.get("maximum", array)
        fits = array.ndim == 2 and array.dtype == np.float32 and len(array) == len(names)
        if not fits or (column != "size" and array.shape != first.shape):
            raise _damaged(folder, f"{column} is {array.dtype} of {array.shape}")
        columns[column] = array
    return ChannelTable(value, tuple(names), columns)


def _damaged(folder: Path, why: str) -> AppError:
    return AppError(
        f"What was kept of the channels in {folder.name} is damaged.",
        hint="Remove the folder, and read the images again.",
        details=why,
    )
