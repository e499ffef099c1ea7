"""The images of a folder where each channel is greatest and least, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.values import Value
from core.errors import AppError
from core.images.prepared import PreparedImage
from core.measures.measure import ChannelPeaks
from core.surveys.passes import Results
from core.words import plural

DEFAULT_K = 24
NO_IMAGE = -1
_LAST = np.iinfo(np.int64).max
"""Stands for no image: it comes after every other."""
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RankedImages:
    """Of each channel k images, the first the greatest or the least; (channels, k) each.

    images: their numbers, -1 where fewer have a value; values: float32; places: of the value in the
    channel in reading order. Of equal values the image with the lower number comes first.
    """

    images: np.ndarray
    values: np.ndarray
    places: np.ndarray

    def of(self, channel: int) -> list[tuple[int, float, int]]:
        """(image, value, place) of one channel."""
        rows = zip(
            self.images[channel].tolist(),
            self.values[channel].tolist(),
            self.places[channel].tolist(),
            strict=True,
        )
        return [row for row in rows if row[0] != NO_IMAGE]


@dataclass(frozen=True, eq=False)
class TopImages:
    """The images where each channel of a value is greatest and where it is least."""

    value: Value
    greatest: RankedImages
    least: RankedImages


class TopImagesCollector:
    """Keeps of each channel the k greatest and the k least images.

    It holds 40 bytes for each channel and rank, `n_bytes` in all, however many images
    come, and the size of each picture. NaN is no rank.

    numbers: by path, which decide between equal values.
    """

    def __init__(
        self, values: Sequence[Value], numbers: Mapping[Path, int], k: int = DEFAULT_K
    ) -> None:
        if k < 1:
            raise AppError(f"{k} images of a channel can't be kept: ask for one or more.")
        self._numbers, self._k = numbers, k
        self._rankings: dict[Value, tuple[_Ranking, _Ranking] | None] = dict.fromkeys(values)
        self.pictures: dict[int, Shape] = {}
        """The shape of each image as the net took it, by its number."""

    @property
    def wants(self) -> Mapping[Value, tuple[ChannelPeaks, ...]]:
        """The peaks of each value."""
        return {value: (ChannelPeaks(),) for value in self._rankings}

    @property
    def n_bytes(self) -> int:
        """What the rankings hold."""
        found = (pair for pair in self._rankings.values() if pair is not None)
        return sum(ranking.n_bytes for pair in found for ranking in pair)

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """One batch. Raises AppError for a value that gives no row for each image."""
        numbers = np.array([self._numbers[image.path] for image in images], np.int64)
        for number, image in zip(numbers.tolist(), images, strict=True):
            if image.content is not None:
                self.pictures[number] = image.content.shape
        for value in self._rankings:
            peaks = results[value, ChannelPeaks()]
            greatest, least = self._of(value, peaks.shape, len(images))
            greatest.add(peaks[..., 0], peaks[..., 1], numbers)
            least.add(-peaks[..., 2], peaks[..., 3], numbers)

    def skip(self, image: PreparedImage) -> None:
        """An image that can't be used has no rank."""

    def found(self) -> tuple[TopImages, ...]:
        """The rankings so far, of values that were met."""
        return tuple(
            TopImages(value, pair[0].ranked(1), pair[1].ranked(-1))
            for value, pair in self._rankings.items()
            if pair is not None
        )

    def _of(self, value: Value, shape: Shape, n_images: int) -> tuple[_Ranking, _Ranking]:
        check_rows(value, shape, n_images)
        pair = self._rankings[value]
        if pair is None:
            pair = (_Ranking(shape[1], self._k), _Ranking(shape[1], self._k))
            self._rankings[value] = pair
        if pair[0].n_channels != shape[1]:
            raise sizes_differ(value)
        return pair


class _Ranking:
    """The k greatest of each channel so far, (channels, k)."""

    def __init__(self, n_channels: int, k: int) -> None:
        self._values = np.full((n_channels, k), -np.inf, np.float32)
        self._numbers = np.full((n_channels, k), _LAST, np.int64)
        self._places = np.zeros((n_channels, k), np.int64)

    @property
    def n_channels(self) -> int:
        return len(self._values)

    @property
    def n_bytes(self) -> int:
        return self._values.nbytes + self._numbers.nbytes + self._places.nbytes

    def add(self, values: np.ndarray, places: np.ndarray, numbers: np.ndarray) -> None:
        """values, places: (n_images, channels); numbers: (n_images,)."""
        is_none = np.isnan(values)
        values = np.where(is_none, -np.inf, values).T
        given = np.where(is_none, _LAST, numbers[:, None]).T
        last, last_number = self._values[:, -1:], self._numbers[:, -1:]
        beats = (values > last) | ((values == last) & (given < last_number))
        rows = np.flatnonzero(beats.any(axis=1))  # most channels keep what they have
        all_values = np.concatenate((self._values[rows], values[rows]), 1)
        all_numbers = np.concatenate((self._numbers[rows], given[rows]), 1)
        all_places = np.concatenate((self._places[rows], places.T[rows].astype(np.int64)), 1)
        best = np.lexsort((all_numbers, -all_values), axis=1)[:, : self._values.shape[1]]
        self._values[rows] = np.take_along_axis(all_values, best, 1)
        self._numbers[rows] = np.take_along_axis(all_numbers, best, 1)
        self._places[rows] = np.take_along_axis(all_places, best, 1)

    def ranked(self, sign: int) -> RankedImages:
        """sign: -1 where the least were added as the greatest of what is negated."""
        is_none = self._numbers == _LAST
        return RankedImages(
            np.where(is_none, NO_IMAGE, self._numbers),
            np.where(is_none, np.float32(np.nan), np.float32(sign) * self._values),
            np.where(is_none, 0, self._places),
        )


def place_on(axes: Sequence[int], at: int) -> tuple[int, ...]:
    """Where a place that counts in reading order lies on these axes; () where it is not on them."""
    if not axes or not 0 <= at < math.prod(axes):
        return ()
    return tuple(int(index) for index in np.unravel_index(at, tuple(axes)))


def check_rows(value: Value, shape: Shape, n_images: int) -> None:
    """AppError where a measured value of this shape has other rows than one for each image."""
    if shape[0] != n_images:
        raise AppError(
            f"Layer '{value.layer}' gives {plural(shape[0], 'row')} for "
            f"{plural(n_images, 'image')}: what fired in which image can't be told.",
            hint="Choose a layer whose first axis is the images.",
        )


def sizes_differ(value: Value) -> AppError:
    """For a layer that has no fixed number of channels."""
    return AppError(
        f"Layer '{value.layer}' has other channels from image to image.",
        hint="Choose a recipe that gives every image one size.",
    )
