"""The word that names a preprocessing recipe."""

from __future__ import annotations

import argparse

from core.images.input_size import SIZE_HELP
from core.images.presets import PRESETS
from core.retrieval.finish import SCALES_HELP


def add_preprocess_argument(parser: argparse.ArgumentParser) -> None:
    """`--preprocess`."""
    names = "; ".join(PRESETS)
    parser.add_argument(
        "--preprocess",
        metavar="RECIPE",
        help="a recipe file (JSON), or the start of a preset's name. Without it: the recipe "
        "beside the prototxt, else what the net's own data layer says, else a preset that fits, "
        "else a guess, which is said. "
        f"Presets: {names}".replace("%", "%%"),
    )


def add_size_argument(parser: argparse.ArgumentParser) -> None:
    """`--size`, which `sized_recipe` reads."""
    parser.add_argument(
        "--size",
        default="",
        metavar="SIZE",
        help="pictures of another size than the recipe's, for layers before the fully connected "
        f"ones: {SIZE_HELP}",
    )


def add_scales_argument(parser: argparse.ArgumentParser) -> None:
    """`--scales`, which `parse_scales` reads."""
    parser.add_argument(
        "--scales",
        default="1",
        metavar="S1,S2",
        help=f"{SCALES_HELP}: their descriptors are averaged (default 1)",
    )
