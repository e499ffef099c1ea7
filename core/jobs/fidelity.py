"""Fidelity: how far another engine or precision is from float32 PyTorch, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.fidelity import LayerFidelity, measure_fidelity
from core.engines.host import NetToRun
from core.engines.values import EngineSpec
from core.errors import AppError, ImageError
from core.images.finding import find_files
from core.images.recipe_choice import RecipeWish, choose_recipe
from core.jobs.arrays import plan_array_passes
from core.jobs.open import net_of
from core.layers.shapes import NetShapes
from core.progress import Job
from core.surveys.feed import Feed, plan_whole_feed

MOST_IMAGES = 8


@dataclass(frozen=True)
class FidelityRequest:
    """A net, the other engine, and what both run: images or raw arrays.

    batch_size: images or rows to run, None for up to 8; one where a layer mixes images.
    """

    net: NetToRun
    other: EngineSpec
    images: tuple[Path, ...] = ()
    arrays: tuple[tuple[str, Path], ...] = ()
    recipe: RecipeWish = None
    batch_size: int | None = None


@dataclass(frozen=True)
class Fidelity:
    """Each value's distance; n_rows: how many images or rows ran; apart: why only one, or ""."""

    rows: tuple[LayerFidelity, ...]
    n_rows: int
    apart: str = ""


def measure(request: FidelityRequest) -> Job[Fidelity]:
    """Run both in children of their own and compare every value. Raises AppError."""
    net, shapes = net_of(request.net)
    feed = plan_whole_feed(net, shapes)
    if request.arrays:
        inputs, apart = _array_inputs(request, feed)
    else:
        inputs, apart = _image_inputs(request, feed, shapes)
    rows = yield from measure_fidelity(
        request.net.text,
        request.net.weights,
        inputs,
        other=request.other,
        state=request.net.state,
    )
    n_rows = max((len(array) for array in inputs.values() if array.ndim), default=0)
    return Fidelity(rows, n_rows, apart)


def _array_inputs(request: FidelityRequest, feed: Feed) -> tuple[dict[str, np.ndarray], str]:
    """The first pass: all rows where they mix, else the first few."""
    size = request.batch_size
    if size is None and feed.mixing is None:
        size = MOST_IMAGES
    _, inputs = next(iter(plan_array_passes(request.arrays, feed, size)))
    return inputs, ""


def _image_inputs(
    request: FidelityRequest, feed: Feed, shapes: NetShapes
) -> tuple[dict[str, np.ndarray], str]:
    """The first images of one size in one pass; one alone where a layer mixes images."""
    if not request.images:
        raise ImageError("No image is open.", hint="Open one: both engines run it.")
    feed.check_takes_pictures()
    recipe = choose_recipe(
        feed.net, shapes, request.net.path, request.recipe, blob=feed.picture
    ).recipe
    n_images = 1 if feed.mixing and request.batch_size is None else request.batch_size
    pictures: list[np.ndarray] = []
    for path in find_files(request.images).files[: n_images or MOST_IMAGES]:
        picture = recipe.read(path)
        if pictures and pictures[0].shape != picture.shape:
            break
        pictures.append(picture)
    if not pictures:
        raise AppError("There is no image to run.")
    return feed.inputs(np.stack(pictures)), feed.mixing.reason if feed.mixing else ""
