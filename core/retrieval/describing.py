"""Describing images with a net: prepared pictures, or one file as a query, become descriptors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from core.engines.values import Value
from core.errors import GalleryError, ImageError
from core.images.box import Box
from core.images.prepared import prepare_image
from core.measures.measure import MAX_DIMENSIONS, Measure, Pool, check_flatten
from core.progress import Job, Progress
from core.representations.after import L2, concatenated
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.finish import Fits
from core.retrieval.gallery import Gallery
from core.retrieval.refining import RefiningEngine
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
    """A net in an engine, what feeds it, and the recipe of the descriptors it is to give.

    fits: those that the recipe names, as `load_fits` reads them.
    """

    engine: DescribingEngine
    feed: Feed
    recipe: DescriptorRecipe
    fits: Fits = field(default_factory=Fits)

    @cached_property
    def keys(self) -> tuple[tuple[Value, Pool], ...]:
        """What to take of each value: "flatten" of one that has one place per channel."""
        return described_by_pass(self.feed, self.recipe)

    @property
    def measure(self) -> Pool:
        """What to take of the recipe's own value."""
        return self.keys[0][1]

    @property
    def wants(self) -> dict[Value, tuple[Pool, ...]]:
        """What a pass is asked for."""
        return {value: (pool,) for value, pool in self.keys}

    @property
    def measurer(self) -> DescribingEngine:
        """The engine, at the scales of the recipe and with parts encoded."""
        finish = self.recipe.finish
        if not finish.has_several_scales and self.fits.encoder is None:
            return self.engine
        return RefiningEngine(self.engine, self.feed, finish.scales, self.fits.encoder)

    @property
    def has_even_passes(self) -> bool:
        """Whether pictures have one size and may share a pass: then each gets equally many."""
        return self.feed.mixing is None and not self.recipe.preprocess.is_free_size

    def rows(
        self, results: Mapping[tuple[Value, Measure], np.ndarray], n_images: int
    ) -> np.ndarray:
        """(n_images, dimension) float32 of what `measurer` gave; of length 1 if it took any step.

        Raises GalleryError if the answer has another number of rows.
        """
        parts = [checked_rows(results[key], n_images, key[0].layer) for key in self.keys]
        with np.errstate(invalid="ignore"):  # infinity over itself: whoever takes it sees NaN
            rows = parts[0] if len(parts) == 1 else concatenated(parts)
            steps = self.recipe.finish.steps
            return rows if steps == L2 else steps.apply(rows, self.fits.after)

    def check(self) -> None:
        """Raise GalleryError or ImageError where a descriptor of this value makes no sense."""
        check_describable(self.feed, self.recipe)

    def describe(self, pictures: np.ndarray) -> np.ndarray:
        """(n, channels, height, width) to (n, dimension) float32, as `rows` has them."""
        results = self.measurer.measure(self.feed.inputs(pictures), self.wants)
        return self.rows(results, len(pictures))

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


def described_by_pass(feed: Feed, recipe: DescriptorRecipe) -> tuple[tuple[Value, Pool], ...]:
    """What a pass takes of each value of a recipe."""
    return tuple(
        (value, fit_pool(recipe.measure, feed.value_shapes(value, recipe.preprocess)))
        for value in recipe.values
    )


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
    for value in recipe.values:
        shapes = feed.value_shapes(value, recipe.preprocess)
        if shapes[0] is not None:
            pool = fit_pool(recipe.measure, shapes)
            pool.check(shapes[0])
            _check_parts(recipe, value, shapes[0])
            _check_length(recipe, value, pool, shapes[0])


def _check_parts(recipe: DescriptorRecipe, value: Value, shape: Shape) -> None:
    """Raise GalleryError where there are no parts to encode."""
    if recipe.finish.encoding and math.prod(shape[2:]) == 1:
        raise GalleryError(
            f"'{value.layer}' has one place per channel, so it has no regions or cells.",
            hint="Whiten its values with what follows pooling.",
        )
    if recipe.finish.encoding and len(recipe.values) > 1:
        raise GalleryError("Layers with encoded parts can't be joined.")


def _check_length(recipe: DescriptorRecipe, value: Value, pool: Pool, shape: Shape) -> None:
    """Raise GalleryError where what is kept in a row has no one length, or too great a one."""
    finish = recipe.finish
    if pool.method not in ("flatten", "regions", "cells") or finish.encoding:
        return
    is_any_size = recipe.preprocess.is_free_size or finish.has_several_scales
    if is_any_size and math.prod(shape[2:]) != 1:
        what = "scale" if finish.has_several_scales else "picture size"
        raise GalleryError(
            f"Flattened, '{value.layer}' has another length for each {what}.",
            hint="Choose gap, mac or gem, or a preprocessing that warps or crops.",
        )
    if pool.method == "flatten":
        check_flatten(shape, value.layer)
    elif pool.dimension(shape) > MAX_DIMENSIONS:
        raise GalleryError(
            f"The {pool.method} of '{value.layer}' are {pool.dimension(shape):,} values an image; "
            f"the limit is {MAX_DIMENSIONS:,}."
        )


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
