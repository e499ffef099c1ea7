"""Describing images with a net: prepared pictures, or one file as a query, become descriptors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from core.engines.values import Value
from core.errors import GalleryError, ImageError
from core.images.box import Box
from core.images.prepared import prepare_image
from core.measures.measure import Measure, Pool, check_flatten
from core.progress import Job, Progress
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import Gallery
from core.retrieval.search import Ranking, rank
from core.surveys.feed import Feed, fit_pool

Shape = tuple[int, ...]


class DescribingEngine(Protocol):
    """What describing needs of an engine."""

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]: ...


@dataclass(frozen=True, eq=False)
class ReadyImage:
    """What a net is fed with: (channels, height, width) float32.

    size: (width, height) before resizing; whole: of the picture, of which a box took a part.
    orientation: EXIF's, by which it is still to be turned to be upright.
    """

    values: np.ndarray
    size: tuple[int, int]
    whole: tuple[int, int]
    orientation: int = 1


@dataclass(frozen=True)
class Describer:
    """A net in an engine, what feeds it, and the recipe of the descriptors it is to give."""

    engine: DescribingEngine
    feed: Feed
    recipe: DescriptorRecipe

    @cached_property
    def shapes(self) -> tuple[Shape | None, ...]:
        """Shapes of the recipe's value for pictures made by it; None where only a run can tell."""
        return self.feed.value_shapes(self.recipe.value, self.recipe.preprocess)

    @property
    def measure(self) -> Pool:
        """What to take of the value: "flatten" where it has one place per channel."""
        return fit_pool(self.recipe.measure, self.shapes)

    def check(self) -> None:
        """Raise GalleryError or ImageError where a descriptor of this value makes no sense."""
        check_describable(self.feed, self.recipe)

    def describe(self, pictures: np.ndarray) -> np.ndarray:
        """(n, channels, height, width) to (n, dimension) float32, not normalised.

        Raises GalleryError if the answer has another number of rows.
        """
        key = self.recipe.value, self.measure
        found = self.engine.measure(self.feed.inputs(pictures), {key[0]: (key[1],)})[key]
        return checked_rows(found, len(pictures), self.recipe.layer)

    def describe_file(self, path: Path, box: Box | None = None) -> np.ndarray:
        """The descriptor of one file, (dimension,) float32. Raises ImageError.

        box: the part of the picture to describe, None for all of it.
        """
        descriptor: np.ndarray = self.describe(self.prepare(path, box).values[None])[0]
        return descriptor

    def prepare(self, path: Path, box: Box | None = None) -> ReadyImage:
        """One file as the net is fed with it. Raises ImageError for one that does not fit."""
        prepared = prepare_image(path, self.recipe.preprocess, box)
        if prepared.values is None:
            raise ImageError(prepared.problem or f"'{path.name}' can't be read.")
        problem = self.feed.problem_with(prepared.values.shape)
        if problem is not None:
            raise ImageError(f"'{path.name}' does not fit this net ({problem[0]}): {problem[1]}")
        return ReadyImage(prepared.values, prepared.size, prepared.whole, prepared.orientation)

    def search(self, gallery: Gallery, path: Path, *, k: int | None = None) -> Ranking:
        """Rank a gallery for an image from anywhere, which need not be in it.

        Raises GalleryError, which says what differs, if the recipe is not the gallery's.
        """
        gallery.check_recipe(self.recipe)
        return rank(gallery, self.describe_file(path), k=k)


@dataclass(frozen=True, eq=False)
class DescribedParts:
    """Descriptors of parts of pictures; what can't be read has none.

    numbers: which of the parts were described, in their order; vectors: (n, dimension) float32, one
    each. problems: by the number of those that were not.
    """

    numbers: tuple[int, ...]
    vectors: np.ndarray
    problems: dict[int, str]


def describe_parts(
    describer: Describer, parts: Sequence[tuple[Path, Box | None]]
) -> Job[DescribedParts]:
    """Describe a box of each picture, all of it where there is none, one pass each.

    Crops have sizes of their own under most recipes, so they share no pass. Raises ImageError if
    none can be read.
    """
    describer.check()
    rows, numbers, problems = [], [], {}
    for number, (path, box) in enumerate(parts):
        yield Progress(number, len(parts), "queries described")
        try:
            row = describer.describe_file(path, box)
            if not np.isfinite(row).all():
                raise ImageError(f"Layer '{describer.recipe.layer}' gives NaN or infinity for it.")
        except ImageError as error:
            problems[number] = error.sentence
            continue
        rows.append(row)
        numbers.append(number)
    yield Progress(len(parts), len(parts), "queries described")
    if not rows:
        raise ImageError(next(iter(problems.values()), "There is nothing to describe."))
    return DescribedParts(tuple(numbers), np.stack(rows), problems)


def check_describable(feed: Feed, recipe: DescriptorRecipe) -> None:
    """Raise GalleryError or ImageError where a recipe gives no descriptor of such a net's value."""
    feed.check_takes_pictures()
    declared = feed.needed[feed.picture]
    n_channels = recipe.preprocess.n_channels
    if declared is not None and (len(declared) != 4 or declared[1] != n_channels):
        wanted = " x ".join(str(size) for size in declared)
        raise GalleryError(
            f"The preprocessing makes {n_channels} channels; input '{feed.picture}' takes "
            f"{wanted}.",
            hint="Choose a preprocessing that fits this net.",
        )
    shapes = feed.value_shapes(recipe.value, recipe.preprocess)
    if shapes[0] is not None:
        fit_pool(recipe.measure, shapes).check(shapes[0])
        _check_length(recipe, shapes[0])


def _check_length(recipe: DescriptorRecipe, shape: Shape) -> None:
    """Raise GalleryError where a flattened value has no one length, or too great a one."""
    if recipe.pooling != "flatten":
        return
    if recipe.preprocess.is_free_size and math.prod(shape[2:]) != 1:
        raise GalleryError(
            f"Flattened, '{recipe.layer}' has another length for each picture size.",
            hint="Choose gap, mac or gem, or a preprocessing that warps or crops.",
        )
    check_flatten(shape, recipe.layer)


def checked_rows(found: np.ndarray, n_images: int, layer: str) -> np.ndarray:
    """The rows as float32; GalleryError where they are not one an image."""
    if found.ndim != 2 or len(found) != n_images:
        raise GalleryError(
            f"Layer '{layer}' gives {len(found)} descriptors for "
            f"{n_images} image{'' if n_images == 1 else 's'}.",
            hint="A net that mixes its images, or finds several things in each, can't be indexed "
            "by this layer.",
        )
    return np.ascontiguousarray(found, dtype=np.float32)
