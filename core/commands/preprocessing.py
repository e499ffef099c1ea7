"""Which preprocessing recipe a command uses: a named one, a file, the one beside the prototxt."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from core.commands.command_line import UsageError
from core.commands.opening import OpenedNet
from core.errors import ImageError
from core.images.preprocess import N_CHANNELS
from core.images.presets import PRESETS
from core.images.recipe_choice import ChosenRecipe, UnknownPresetError, choose_recipe

_Shapes = Mapping[str, tuple[int, ...] | None]


def add_preprocess_argument(parser: argparse.ArgumentParser) -> None:
    """`--preprocess`."""
    names = "; ".join(PRESETS)
    parser.add_argument(
        "--preprocess",
        metavar="RECIPE",
        help="a recipe file (JSON), or the start of a preset's name. Without it: the recipe "
        "beside the prototxt, else what its transform_param says, else the preset of a well-known "
        "net, else a guess: warp to the input and subtract the ImageNet mean. "
        f"Presets: {names}".replace("%", "%%"),
    )


def choose_preprocess(named: str | None, opened: OpenedNet, inputs: _Shapes) -> ChosenRecipe:
    """The recipe that `--preprocess` names, or the one that belongs to the net.

    Raises UsageError for a name that fits no preset or several, ImageError for a net that takes
    no pictures.
    """
    blob = picture_input(inputs)
    try:
        return choose_recipe(opened.net, opened.shapes, opened.path, named, blob=blob)
    except UnknownPresetError as error:
        raise UsageError(f"--preprocess {error.sentence}") from error


def picture_input(inputs: _Shapes) -> str:
    """The one input blob that takes pictures: (n_images, 1 to 4, height, width)."""
    counts = set(N_CHANNELS.values())
    fitting = [n for n, s in inputs.items() if s and len(s) == 4 and s[1] in counts]
    if len(inputs) == 1 and fitting:
        return fitting[0]
    listed = ", ".join(f"{name} {shape}" for name, shape in inputs.items()) or "none"
    raise ImageError(
        f"This net does not take one picture at a time; its inputs are: {listed}.",
        hint="Feed it with --array BLOB=FILE.npy, once for each input.",
    )
