"""Features of many images: the collector that streams them into parts, and what they become."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.value_keys import value_keys
from core.engines.values import Value
from core.errors import AppError
from core.images.prepared import PreparedImage
from core.images.preprocess import Preprocess
from core.measures.measure import Keep, Measure, Pool
from core.net.definition import Net
from core.surveys.detection_rows import count_images_on, gives_rows
from core.surveys.feed import Feed
from core.surveys.part_files import PartFiles
from core.surveys.passes import Results
from core.words import plural

_SPARE_BYTES = 64 << 20


@dataclass(frozen=True)
class Feature:
    """One value to extract: how it is measured, and the key it has in the file."""

    value: Value
    measure: Measure
    key: str
    is_rows: bool = False
    """Whether it is rows that begin with the number of an image, as detections are."""


def features_of(net: Net, measures: Mapping[Value, Measure]) -> tuple[Feature, ...]:
    """One measure of each value, under the value's key."""
    return tuple(
        Feature(
            value,
            measures[value],
            key,
            isinstance(measures[value], Keep) and gives_rows(net, value.layer, value.top),
        )
        for value, key in value_keys(net, list(measures)).items()
    )


def wants_of(features: Sequence[Feature]) -> dict[Value, tuple[Measure, ...]]:
    """What a pass is asked for: the measures of each value."""
    wants: dict[Value, tuple[Measure, ...]] = {}
    for feature in features:
        wants[feature.value] = (*wants.get(feature.value, ()), feature.measure)
    return wants


def check_room(
    features: Sequence[Feature],
    feed: Feed,
    recipe: Preprocess,
    out: Path,
    n_images: int,
    n_todo: int,
) -> None:
    """AppError where the disk has no room for what the shapes foretell; parts and file count."""
    n_bytes = 0
    for feature in features:
        shape = feed.value_shapes(feature.value, recipe)[0]
        if shape is None or (isinstance(feature.measure, Keep) and not shape):
            continue
        if isinstance(feature.measure, Pool) and feature.measure.method != "flatten":
            shape = shape[:2]
        n_bytes += 4 * n_images * int(np.prod(shape[1:], dtype=np.int64))
    needed = n_bytes + n_bytes * n_todo // max(1, n_images) + _SPARE_BYTES
    free = shutil.disk_usage(out.absolute().parent).free
    if needed > free:
        raise AppError(
            f"The features of {plural(n_images, 'image')} take {n_bytes / 1e9:.1f} GB, "
            "and as much again "
            f"while they are written; {free / 1e9:.1f} GB are free.",
            hint="Pool them (--pool gem), name fewer layers, or choose another disk.",
        )


class FeatureCollector:
    """Appends each batch to the parts; nothing of it stays in memory."""

    def __init__(self, features: Sequence[Feature], parts: PartFiles, names: Mapping[Path, str]):
        self._features = features
        self._parts = parts
        self._names = names
        self._n_images = sum(len(entry.images) for entry in parts.entries)

    @property
    def wants(self) -> dict[Value, tuple[Measure, ...]]:
        """One measure of each value."""
        return wants_of(self._features)

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """One batch of prepared images."""
        self.take_named([self._names[image.path] for image in images], results)

    def take_named(self, names: Sequence[str], results: Results) -> None:
        """One pass, whatever was fed to it. Raises AppError where sizes differ between passes."""
        arrays = []
        for number, feature in enumerate(self._features):
            array = results[feature.value, feature.measure]
            rows = _as_rows(feature, array, self._n_images)
            self._check_size(number, feature, rows.shape[1:])
            arrays.append(rows)
        shapes = [results[f.value, f.measure].shape for f in self._features]
        self._parts.append(names, arrays, shapes)
        self._n_images += len(names)

    def skip(self, image: PreparedImage) -> None:
        """An image that can't be used."""
        self._parts.skip(self._names[image.path], image.problem or "")

    def _check_size(self, number: int, feature: Feature, shape: tuple[int, ...]) -> None:
        known = self._parts.row_shape(number)
        if known is not None and known != shape:
            raise AppError(
                f"The activations of {feature.key} differ in size from image to image.",
                hint="Pool them (--pool gem), or choose a recipe that gives every image one size.",
            )


def _as_rows(feature: Feature, array: np.ndarray, n_before: int) -> np.ndarray:
    """A pass's value as rows: of images, of detections, or one row for a value without axes."""
    if not array.ndim:
        return array.reshape(1)
    if feature.is_rows:
        rows = count_images_on(array, n_before)
        return rows.reshape(-1, rows.shape[-1])
    return array


@dataclass(frozen=True)
class StoredFeature:
    """A feature as its parts hold it: the shape of the whole, and what it is made of."""

    key: str
    shape: tuple[int, ...]
    parts: PartFiles
    number: int

    def chunks(self) -> Iterator[np.ndarray]:
        """The values in order, a bounded number at a time, each float32 of one axis."""
        return self.parts.chunks(self.number)


def stored_features(features: Sequence[Feature], parts: PartFiles) -> tuple[StoredFeature, ...]:
    """The features as they will stand in the file.

    Rows of several passes follow one another. A value without axes gives one number a pass; one
    pass alone keeps the value's own shape.
    """
    return tuple(
        StoredFeature(feature.key, _whole_shape(feature, parts, number), parts, number)
        for number, feature in enumerate(features)
    )


def _whole_shape(feature: Feature, parts: PartFiles, number: int) -> tuple[int, ...]:
    passes = [entry for entry in parts.entries if entry.rows]
    if len(passes) == 1:
        return passes[0].shapes[number]
    n_rows = sum(entry.rows[number] for entry in passes)
    if feature.is_rows and passes:
        first = passes[0].shapes[number]
        return (*first[:-2], n_rows, first[-1])
    return (n_rows, *(parts.row_shape(number) or ()))
