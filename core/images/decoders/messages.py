"""What passes between a pool and its decoders, in frames: one request, one answer."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from core.images.preprocess import Preprocess

MAX_PATH_BYTES = 16_384
"""A request has to fit into a pipe whose other end nobody reads."""

Operation = Literal["prepare", "read", "thumbnail"]


class Request(msgspec.Struct, frozen=True):
    """prepare, read: make the input of a net by `recipe`; side: of a thumbnail, in pixels."""

    op: Operation
    path: str
    recipe: dict[str, Any] = {}
    side: int = 0


class Answer(msgspec.Struct, frozen=True):
    """What a file gave; the array comes behind it unless there is a problem.

    size: (width, height) before resizing; problem: a sentence, "" where there is none.
    """

    size: tuple[int, int] = (0, 0)
    note: str = ""
    problem: str = ""
    hint: str = ""
    details: str = ""


def preparing(op: Operation, path: Path, recipe: Preprocess) -> Request:
    """Ask for the input of a net. The child is in another folder, so paths are made absolute."""
    if recipe.mean_image is not None:
        recipe = replace(recipe, mean_image=str(Path(recipe.mean_image).absolute()))
    return Request(op, str(path.absolute()), asdict(recipe))
