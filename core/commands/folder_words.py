"""The words that name a layer's net and the images that it is read over."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, add_net_arguments
from core.commands.preprocessing import add_preprocess_argument
from core.retrieval.gallery import Gallery, open_gallery


def add_folder_arguments(parser: argparse.ArgumentParser) -> None:
    """`--net` and what goes with it, `--images` or `--gallery`, recipe and engine."""
    add_net_arguments(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--images", type=Path, metavar="PATH", help="a folder, or a list of files")
    source.add_argument(
        "--gallery", type=Path, metavar="G", help="the images of a gallery, with its labels"
    )
    add_preprocess_argument(parser)
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="images a pass (8)")
    add_engine_arguments(parser)


def image_source(options: argparse.Namespace) -> Path | Gallery:
    """The folder, list or gallery that the options name; UsageError for a batch that is none."""
    if options.batch < 1:
        raise UsageError("--batch is 1 or more")
    images: Path = options.images
    return open_gallery(options.gallery) if options.gallery is not None else images


def parse_channels(words: str | None) -> tuple[int, ...] | None:
    """The numbers of "1,5"; None for all. UsageError for anything else."""
    if words is None:
        return None
    try:
        numbers = tuple(dict.fromkeys(int(word) for word in words.split(",")))
    except ValueError:
        numbers = (-1,)
    if min(numbers) < 0:
        raise UsageError(f"--channels takes numbers from 0 on, as in 1,5; not '{words}'")
    return numbers
