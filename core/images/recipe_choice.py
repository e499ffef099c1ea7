"""Which recipe a net's pictures take, and where it comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from core.errors import AppError, ImageError, RequestError
from core.files import is_plain_file
from core.images.data_layers import read_stated_recipe
from core.images.fitting_presets import find_fitting_preset, preset_for_input
from core.images.preprocess import N_CHANNELS, Preprocess
from core.images.presets import PRESETS, default_preprocess, load_recipe, recipe_path
from core.images.transform_param import Assumed, StatedRecipe
from core.layers.layer_type import Shape
from core.layers.shapes import NetShapes
from core.net.definition import Net

RecipeOrigin = Literal["given", "beside the net", "the net's transform_param", "preset", "guessed"]
"""From the surest to the least sure."""


@dataclass(frozen=True)
class ChosenRecipe:
    """A recipe, where it comes from, and in sentences what there is to know about it.

    problem: why another recipe, beside the net, was left out.
    """

    recipe: Preprocess
    origin: RecipeOrigin
    note: str = ""
    problem: AppError | None = field(default=None, compare=False)

    @property
    def is_guessed(self) -> bool:
        """Whether nothing says that the net was trained on pictures made so."""
        return self.origin == "guessed"

    def describe(self) -> str:
        """The recipe in one line, with its origin."""
        return f"{self.recipe.describe()} ({self.origin})"


@dataclass(frozen=True)
class ReducedDecode:
    """The recipe that is named, None for the net's own, with JPEGs decoded at reduced size."""

    named: ChosenRecipe | Preprocess | str | None = None


RecipeWish = ChosenRecipe | Preprocess | ReducedDecode | str | None
"""A recipe as asked for: chosen before, a value, a file or a preset's name; None: the net's own."""


class UnknownPresetError(RequestError):
    """A name that is no file and fits no preset, or several."""


def choose_recipe(
    net: Net,
    shapes: NetShapes,
    prototxt: Path | None,
    named: RecipeWish = None,
    *,
    blob: str | None = None,
) -> ChosenRecipe:
    """The recipe that the user names, else that of the net.

    In this order: named; the .preprocess.json beside the prototxt; what the file states in a
    transform_param; the preset of a well-known net; a guess. blob: the input that takes pictures,
    the first that can without it. A recipe beside the net that can't be used is left out with a
    note. Raises UnknownPresetError, and ImageError for a named recipe that can't be read and for a
    net that takes no pictures.
    """
    if isinstance(named, ReducedDecode):
        chosen = choose_recipe(net, shapes, prototxt, named.named, blob=blob)
        return replace(chosen, recipe=replace(chosen.recipe, reduced_decode=True))
    if isinstance(named, ChosenRecipe):
        return named
    blob = blob or find_picture_input(net, shapes)
    if named is not None:
        recipe = named if isinstance(named, Preprocess) else read_named_recipe(named)
        return ChosenRecipe(recipe, "given", _difference(recipe, net, shapes, prototxt, blob))
    beside = None if prototxt is None else recipe_path(prototxt)
    if beside is None or not os.path.lexists(beside):
        return choose_recipe_of_net(net, shapes, prototxt, blob)
    try:
        recipe = load_recipe(beside)
        recipe.check_mean_image()
    except ImageError as problem:
        return _without_beside(beside, problem, net, shapes, prototxt, blob)
    note = _difference(recipe, net, shapes, prototxt, blob)
    return ChosenRecipe(recipe, "beside the net", note)


def _without_beside(
    beside: Path,
    problem: ImageError,
    net: Net,
    shapes: NetShapes,
    prototxt: Path | None,
    blob: str | None,
) -> ChosenRecipe:
    """The recipe of the net where the one beside it, which nobody asked for, can't be used."""
    try:
        chosen = choose_recipe_of_net(net, shapes, prototxt, blob)
    except AppError:
        raise problem from None
    note = f"The recipe {beside.name} beside the net is left out. {problem.sentence} {chosen.note}"
    return replace(chosen, note=note.rstrip(), problem=problem)


def read_named_recipe(named: str) -> Preprocess:
    """A recipe file, or the preset whose name begins so. Raises UnknownPresetError, ImageError."""
    if is_plain_file(Path(named)):
        return load_recipe(Path(named))
    fitting = [name for name in PRESETS if name.lower().startswith(named.lower())]
    if not fitting and os.path.lexists(named):
        return load_recipe(Path(named))  # which says what it is in place of a file
    if len(fitting) != 1:
        fault = "is no file and fits no preset" if not fitting else "fits several presets"
        raise UnknownPresetError(f"'{named}' {fault} ({'; '.join(fitting or PRESETS)})")
    return PRESETS[fitting[0]]


def find_picture_input(net: Net, shapes: NetShapes) -> str | None:
    """The first blob that comes into the net as pictures, by its shape or its data layer."""
    unknown = None
    for layer in net.layers:
        for blob, shape in zip(layer.tops, shapes.of(layer).tops, strict=False):
            if layer.bottoms or layer.type in ("DummyData", "Parameter"):
                continue
            if shape is not None and len(shape) == 4 and shape[1] in N_CHANNELS.values():
                return blob
            if shape is None and blob == layer.tops[0] and layer.type != "Input":
                unknown = unknown or blob
    return unknown


def choose_recipe_of_net(
    net: Net, shapes: NetShapes, prototxt: Path | None, blob: str | None = None
) -> ChosenRecipe:
    """The recipe of a net by itself, as if none were kept beside it. Raises ImageError."""
    blob = blob or find_picture_input(net, shapes)
    shape = _shape_of(net, shapes, blob)
    preset = _preset(net, shape)
    trouble = ""
    try:
        stated = _stated(net, shape, prototxt, blob, preset)
    except AppError as error:
        stated, trouble = None, f"The net's transform_param can't be used. {error.sentence}"
    if stated is not None:
        origin: RecipeOrigin = "guessed" if stated.lacks_mean else "the net's transform_param"
        return ChosenRecipe(stated.recipe, origin, " ".join(stated.notes))
    if preset is not None:
        name, recipe = preset
        note = f"The net looks like one of those that the preset '{name}' is made for."
        return ChosenRecipe(recipe, "preset", f"{trouble} {note}".lstrip())
    if shape is None:
        raise ImageError(
            trouble or "What size of picture the net takes is not in the file.",
            hint="Say with a recipe how pictures become its input.",
        )
    return ChosenRecipe(default_preprocess(shape), "guessed", trouble)


def _shape_of(net: Net, shapes: NetShapes, blob: str | None) -> Shape | None:
    """The shape of an input blob; without one that of the first input, which no picture fits."""
    for layer in net.layers:
        if not layer.bottoms and (blob in layer.tops or (blob is None and layer.tops)):
            return shapes.top(layer, 0 if blob is None else layer.tops.index(blob))
    return None


def _preset(net: Net, shape: Shape | None) -> tuple[str, Preprocess] | None:
    if shape is None:
        name = find_fitting_preset(net, None, None)
        return None if name is None else (name, PRESETS[name])
    if len(shape) != 4:
        return None
    _, n_channels, height, width = shape
    name = find_fitting_preset(net, n_channels, height if height == width else 0)
    return None if name is None else (name, preset_for_input(name, height, width))


def _stated(
    net: Net,
    shape: Shape | None,
    prototxt: Path | None,
    blob: str | None,
    preset: tuple[str, Preprocess] | None,
) -> StatedRecipe | None:
    if blob is None:
        return None
    assumed = Assumed()
    if preset is not None:
        recipe = preset[1]
        assumed = Assumed((recipe.height, recipe.width), recipe.n_channels)
        assumed = Assumed(assumed.size, assumed.n_channels, recipe.mean or assumed.mean)
    if shape is not None and len(shape) == 4:
        assumed = Assumed((shape[2], shape[3]), shape[1], assumed.mean)
    return read_stated_recipe(net, blob, prototxt, assumed)


def _difference(
    recipe: Preprocess, net: Net, shapes: NetShapes, prototxt: Path | None, blob: str | None
) -> str:
    """A sentence where the file itself states other values than the recipe in use."""
    shape = _shape_of(net, shapes, blob)
    try:
        stated = _stated(net, shape, prototxt, blob, _preset(net, shape))
    except AppError:
        return ""
    if stated is None or stated.lacks_mean or _same_values(recipe, stated.recipe):
        return ""
    return f"The net's own transform_param says otherwise: {stated.recipe.describe()}."


def _same_values(one: Preprocess, other: Preprocess) -> bool:
    def values(recipe: Preprocess) -> tuple[object, ...]:
        mean = recipe.mean if len(set(recipe.mean)) != 1 else recipe.mean[:1]
        nothing = not recipe.mean_image and not any(recipe.mean)
        return recipe.n_channels, recipe.scale, () if nothing else (recipe.mean_image, mean)

    return values(one) == values(other)
