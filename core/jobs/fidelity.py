"""Fidelity: how far another engine or precision is from float32 PyTorch, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.fidelity import LayerFidelity, measure_fidelity
from core.engines.host import NetToRun
from core.engines.values import EngineSpec
from core.errors import AppError, ImageError
from core.images.finding import find_files
from core.images.prepared import read_image
from core.images.recipe_choice import RecipeWish, choose_recipe
from core.jobs.arrays import plan_array_passes
from core.jobs.open import net_of
from core.layers.reshaping import drops_at_random
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.progress import Job
from core.surveys.feed import Feed, plan_whole_feed
from core.words import join_names

MOST_IMAGES = 8
_MOST_NAMED = 6


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
    """Each value's distance; n_rows: how many images or rows ran; apart: why only one, or "".

    notes: what the distances can't tell, a sentence each.
    """

    rows: tuple[LayerFidelity, ...]
    n_rows: int
    apart: str = ""
    notes: tuple[str, ...] = ()


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
        device=request.net.device if request.other.name == "torch" else "cpu",
    )
    n_rows = max((len(array) for array in inputs.values() if array.ndim), default=0)
    notes = (*_random_notes(net, request.other), *_missing_notes(net, rows))
    return Fidelity(rows, n_rows, apart, notes)


def _random_notes(net: Net, other: EngineSpec) -> Iterator[str]:
    """Two engines draw other numbers; one engine in two precisions draws the same."""
    names = [
        layer.name
        for layer in net.layers
        if layer.type == "Dropout" and drops_at_random(layer, layer.phase_in(net.state))
    ]
    if names and other.name != "torch":
        shown = join_names(names[:_MOST_NAMED])
        yield f"Dropout draws at random in {shown}: two engines differ from there on."


def _missing_notes(net: Net, rows: Sequence[LayerFidelity]) -> Iterator[str]:
    compared = {row.value.layer for row in rows}
    names = [x.name for x in net.layers if x.bottoms and x.tops and x.name not in compared]
    if names:
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        shown = f"{', '.join(names[:_MOST_NAMED])}{more}"
        yield f"Not compared, as an engine or an input for it is missing: {shown}."


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
        picture = read_image(path, recipe)
        if pictures and pictures[0].shape != picture.shape:
            break
        pictures.append(picture)
    if not pictures:
        raise AppError("There is no image to run.")
    return feed.inputs(np.stack(pictures)), feed.mixing.reason if feed.mixing else ""
