"""Describing images with an engine: the net's picture input, and one image as a query."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from core.engines.values import EngineLayer, Value
from core.errors import GalleryError, ImageError
from core.images.prepared import prepare_image
from core.measures.measure import Measure, check_flatten
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import Gallery
from core.retrieval.search import Ranking, rank

Shape = tuple[int, ...]


class Describer(Protocol):
    """What describing needs of an engine."""

    @property
    def layers(self) -> tuple[EngineLayer, ...]: ...
    @property
    def inputs(self) -> Mapping[str, Shape | None]: ...
    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]: ...


def describe_batch(engine: Describer, recipe: DescriptorRecipe, images: np.ndarray) -> np.ndarray:
    """Descriptors of prepared images: (n, channels, height, width) to (n, dimension) float32.

    Not normalised. Raises GalleryError if the engine's answer has another number of rows.
    """
    measure = recipe.measure.fitting(value_shape(engine, recipe))
    (found,) = engine.measure({picture_input(engine): images}, {recipe.value: (measure,)}).values()
    if found.ndim != 2 or len(found) != len(images):
        raise GalleryError(
            f"Layer '{recipe.layer}' gives {len(found)} descriptors for {len(images)} images.",
            hint="A net that mixes the images of a batch can't be indexed by this layer.",
        )
    return np.ascontiguousarray(found, dtype=np.float32)


def describe_image(engine: Describer, recipe: DescriptorRecipe, path: Path) -> np.ndarray:
    """The descriptor of one file, (dimension,) float32. Raises ImageError if it can't be read."""
    prepared = prepare_image(path, recipe.preprocess)
    if prepared.values is None:
        raise ImageError(prepared.problem or f"'{path.name}' can't be read.")
    descriptor: np.ndarray = describe_batch(engine, recipe, prepared.values[None])[0]
    return descriptor


def search_image(
    engine: Describer,
    gallery: Gallery,
    recipe: DescriptorRecipe,
    path: Path,
    *,
    k: int | None = None,
) -> Ranking:
    """Rank a gallery for an image from anywhere, which need not be in it.

    recipe: of the net that the engine runs. Raises GalleryError, which says what differs, if it is
    not the recipe of the gallery.
    """
    gallery.check_recipe(recipe)
    return rank(gallery, describe_image(engine, recipe, path), k=k)


def check_describable(engine: Describer, recipe: DescriptorRecipe) -> None:
    """Raise GalleryError if the net has no such value, or a descriptor of it makes no sense."""
    shape = value_shape(engine, recipe)
    name = picture_input(engine)
    input_shape, n_channels = engine.inputs[name], recipe.preprocess.n_channels
    if input_shape is not None and (len(input_shape) != 4 or input_shape[1] != n_channels):
        wanted = " x ".join(str(size) for size in input_shape)
        raise GalleryError(
            f"The preprocessing makes {n_channels} channels; input '{name}' takes {wanted}.",
            hint="Choose a preprocessing that fits this net.",
        )
    if recipe.pooling != "flatten" or shape is None:
        return
    check_flatten(shape, recipe.layer)
    is_free_size = recipe.preprocess.size_policy in ("original", "longest side")
    if is_free_size and math.prod(shape[2:]) != 1:
        raise GalleryError(
            f"Flattened, '{recipe.layer}' has another length for each picture size.",
            hint="Choose gap, mac or gem, or a preprocessing that warps or crops.",
        )


def value_shape(engine: Describer, recipe: DescriptorRecipe) -> Shape | None:
    """Shape of the recipe's value as the engine built it. Raises GalleryError if it has none."""
    for layer in engine.layers:
        if layer.name == recipe.layer and recipe.top in layer.tops:
            return layer.top_shapes[layer.tops.index(recipe.top)]
    raise GalleryError(f"The net has no layer '{recipe.layer}' with a top '{recipe.top}'.")


def picture_input(engine: Describer) -> str:
    """Name of the input blob that takes pictures. Raises GalleryError unless there is just one."""
    names = list(engine.inputs)
    if len(names) != 1:
        named = ", ".join(names) or "none"
        raise GalleryError(f"Only a net with one input can be searched with; this one has {named}.")
    return names[0]
