"""The word that names a preprocessing recipe."""

from __future__ import annotations

import argparse

from core.images.presets import PRESETS


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
