"""`--batch`: how many images share a pass, or as many as free memory holds."""

from __future__ import annotations

import argparse

from core.engines.batch_size import AUTO_BATCH, USUAL_BATCH, BatchWish


def add_batch_argument(parser: argparse.ArgumentParser, default: int | None = USUAL_BATCH) -> None:
    """`--batch`, a `BatchWish`; default: None where arrays may say how many rows share a pass."""
    parser.add_argument(
        "--batch",
        type=_batch,
        default=default,
        metavar="N|auto",
        help="images a pass; auto: as many as the gallery was made with, else as memory holds, "
        "up to 256 on a GPU and 8 on a CPU (default 8; always 1 where a layer mixes images)",
    )


def _batch(word: str) -> BatchWish:
    if word == AUTO_BATCH:
        return AUTO_BATCH
    if not word.isascii() or not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"'{word}' is neither auto nor a whole number from 1 on")
    return int(word)
