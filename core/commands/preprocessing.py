"""Which preprocessing recipe a command uses: a named one, a file, the one beside the prototxt."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from core.commands.command_line import UsageError
from core.errors import ImageError
from core.images.preprocess import Preprocess
from core.images.presets import PRESETS, default_preprocess, load_recipe, recipe_path

_Shapes = Mapping[str, tuple[int, ...] | None]


def add_preprocess_argument(parser: argparse.ArgumentParser) -> None:
    """`--preprocess`."""
    names = "; ".join(PRESETS)
    parser.add_argument(
        "--preprocess",
        metavar="RECIPE",
        help="a recipe file (JSON), or the start of a preset's name. Without it: the recipe "
        "beside the prototxt, else warp to the input and subtract the ImageNet mean. "
        f"Presets: {names}".replace("%", "%%"),
    )


def choose_preprocess(named: str | None, net_path: Path, inputs: _Shapes) -> Preprocess:
    """The recipe that `--preprocess` names, or the one that belongs to the net.

    Raises UsageError for a name that fits no preset or several, ImageError for a net that takes
    no pictures.
    """
    if named is not None:
        return load_recipe(Path(named)) if Path(named).is_file() else _preset(named)
    beside = recipe_path(net_path)
    if beside.is_file():
        return load_recipe(beside)
    return default_preprocess(inputs[picture_input(inputs)] or ())


def picture_input(inputs: _Shapes) -> str:
    """The one input blob that takes pictures: (n_images, 1 or 3, height, width)."""
    fitting = [n for n, s in inputs.items() if s and len(s) == 4 and s[1] in (1, 3)]
    if len(inputs) == 1 and fitting:
        return fitting[0]
    listed = ", ".join(f"{name} {shape}" for name, shape in inputs.items()) or "none"
    raise ImageError(
        f"This net does not take one picture at a time; its inputs are: {listed}.",
        hint="Feed it with --array BLOB=FILE.npy, once for each input.",
    )


def _preset(named: str) -> Preprocess:
    fitting = [name for name in PRESETS if name.lower().startswith(named.lower())]
    if len(fitting) != 1:
        fault = "is no file and fits no preset" if not fitting else "fits several presets"
        raise UsageError(f"--preprocess '{named}' {fault} ({'; '.join(fitting or PRESETS)})")
    return PRESETS[fitting[0]]
