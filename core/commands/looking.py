"""The words that name a pass to look into: a net, and the image or arrays it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.extract import split_array_word
from core.commands.opening import add_engine_arguments, add_net_arguments, model_to_run
from core.commands.preprocessing import add_preprocess_argument
from core.engines.value_keys import value_keys
from core.engines.values import Value
from core.jobs.look import LookRequest
from core.jobs.values import choose_values


def add_look_arguments(parser: argparse.ArgumentParser) -> None:
    """`--net` and what goes with it, `--image` or `--array`, `--layers`."""
    add_pass_arguments(parser)
    parser.add_argument(
        "--layers", required=True, metavar="L1,L2|all", help="layer names, or layer:top, or all"
    )


def add_pass_arguments(parser: argparse.ArgumentParser, *, with_folder: bool = False) -> None:
    """`--net` and what goes with it, `--image` or `--array`, and the engine.

    with_folder: `--images` as well, which looks at every image of a folder.
    """
    add_net_arguments(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--image", type=Path, metavar="PATH", help="one picture")
    source.add_argument(
        "--array",
        nargs="+",
        action="extend",
        metavar="[BLOB=]X.npy",
        help="raw input blobs, not preprocessed; one for each input that the layers need",
    )
    if with_folder:
        source.add_argument("--images", type=Path, metavar="DIR", help="every image of a folder")
    add_preprocess_argument(parser)
    add_engine_arguments(parser)


def look_request(options: argparse.Namespace) -> tuple[LookRequest, dict[Value, str]]:
    """The pass, and the values of it that are named, with the keys that files give them."""
    opened = model_to_run(options)
    values = choose_values(opened.net, options.layers)
    arrays = tuple(split_array_word(word) for word in options.array or ())
    request = LookRequest(opened.to_run, options.image, options.preprocess, arrays, values)
    return request, value_keys(opened.net, values)
