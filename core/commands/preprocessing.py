"""The words that name a preprocessing recipe."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from core.images.input_size import SIZE_HELP
from core.images.presets import PRESETS
from core.images.recipe_choice import ReducedDecode
from core.retrieval.finish import SCALES_HELP


def add_preprocess_argument(parser: argparse.ArgumentParser) -> None:
    """`--preprocess` and `--reduced-decode`, both as options.preprocess."""
    names = "; ".join(PRESETS)
    parser.add_argument(
        "--preprocess",
        action=_Name,
        metavar="RECIPE",
        help="a recipe file (JSON), or the start of a preset's name. Without it: the recipe "
        "beside the prototxt, else what the net's own data layer says, else a preset that fits, "
        "else a guess, which is said. "
        f"Presets: {names}".replace("%", "%%"),
    )
    parser.add_argument(
        "--reduced-decode",
        action=_Reduce,
        dest="preprocess",
        nargs=0,
        help="decode JPEGs at 1/2, 1/4 or 1/8 of their size where that is not below what the "
        "recipe resizes to: photos of 12 megapixels some ten times as fast, values not those of "
        "Caffe (about one of 255 grey levels off; more with nearest and OpenCV bilinear)",
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


class _Name(argparse.Action):
    """The recipe's name, decoded as asked before."""

    def __call__(self, _parser: Any, namespace: argparse.Namespace, name: Any, *_: Any) -> None:
        is_reduced = isinstance(namespace.preprocess, ReducedDecode)
        namespace.preprocess = ReducedDecode(name) if is_reduced else name


class _Reduce(argparse.Action):
    """The recipe that was named before, or the net's own, with its JPEGs decoded small."""

    def __call__(
        self, _parser: Any, namespace: argparse.Namespace, _values: Sequence[Any] | Any, *_: Any
    ) -> None:
        if not isinstance(namespace.preprocess, ReducedDecode):
            namespace.preprocess = ReducedDecode(namespace.preprocess)
