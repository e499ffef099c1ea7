"""What a decoder does with one file."""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import msgspec
import numpy as np

from core.errors import AppError, ImageError
from core.images.box import Box
from core.images.checking import find_cut_off
from core.images.decoders.messages import Answer, Request
from core.images.decoding import Picture, decode_picture, shrink, thumbnail
from core.images.orientation import UPRIGHT, stored_box, upright_size
from core.images.preprocess import Preprocess

Done = tuple[Answer, list[np.ndarray]]


def do(request: Request) -> Done:
    """The answer to a request; whatever a file makes of its decoder is a problem of the file."""
    path = Path(request.path)
    try:
        if request.op == "thumbnail":
            return _shrink(path, request.side)
        if request.op == "look":
            return _look(path, request.side)
        return _prepare(path, request)
    except AppError as error:
        if isinstance(error.__cause__, MemoryError):
            return _too_large(path), []
        return Answer(problem=error.sentence, hint=error.hint, details=error.details), []
    except MemoryError:
        return _too_large(path), []
    except Exception:  # of a plugin that nobody has met: the child lives on, the file is named
        sentence = f"'{path.name}' can't be decoded."
        return Answer(problem=sentence, details=traceback.format_exc()), []


def _too_large(path: Path) -> Answer:
    sentence = f"There is not enough memory to read '{path.name}'."
    return Answer(problem=sentence, hint="Scale it down first.", is_short=True)


def _shrink(path: Path, side: int) -> Done:
    rgb = thumbnail(path, side)
    return Answer((rgb.shape[1], rgb.shape[0])), [rgb]


def _look(path: Path, side: int) -> Done:
    picture = decode_picture(path)
    flaw = find_cut_off(path.name, picture) or ""
    upright = picture.upright
    size = upright.shape[1], upright.shape[0]
    answer = Answer(
        size, picture.note, mode=picture.mode, flaw=flaw, orientation=picture.orientation
    )
    return answer, [shrink(upright, side)]


def _prepare(path: Path, request: Request) -> Done:
    started = time.perf_counter()
    recipe = _recipe(request.recipe)
    picture = _decode(path, recipe, request)
    pixels = picture.pixels
    turn = picture.orientation if recipe.exif else UPRIGHT
    reduced = None if picture.reduced is None else picture.reduced.turned(turn)
    whole = picture.size if reduced is None else reduced.size
    size, orientation = whole, UPRIGHT if recipe.exif else picture.orientation
    if request.box is not None:
        upright = upright_size(*whole, orientation)
        box = stored_box(Box(*request.box), *upright, orientation)
        pixels = box.cut(np.asarray(pixels))
        size = pixels.shape[1], pixels.shape[0]
    decoded = time.perf_counter()
    planes, sizing = recipe.planes(pixels, whole, reduced)
    ready = recipe.pixels(planes)  # a mean that does not fit is told here
    fed = sizing.padded(ready.values()) if sizing.is_padded else planes
    read = picture.read_seconds
    seconds = (read, decoded - started - read, time.perf_counter() - decoded)
    answer = Answer(size, picture.note, whole=whole, orientation=orientation, seconds=seconds)
    return answer, [fed]


@lru_cache(maxsize=8)
def _recipe(written: str) -> Preprocess:
    """Read and checked once for all pictures that it is for."""
    return Preprocess.from_json(msgspec.json.decode(written))


def _decode(path: Path, recipe: Preprocess, request: Request) -> Picture:
    """The picture with its pixels as the recipe turns them."""
    may_reduce = recipe.reduced_decode and request.box is None
    picture = decode_picture(
        path,
        transparency=recipe.decoded_transparency,
        needed=partial(_needed, recipe) if may_reduce else None,
    )
    problem = find_cut_off(path.name, picture) if request.op == "prepare" else None
    if problem is not None:
        raise ImageError(problem)
    is_turned = recipe.exif and picture.orientation != UPRIGHT
    return replace(picture, pixels=picture.upright if is_turned else picture.pixels, jpeg=b"")


def _needed(recipe: Preprocess, width: int, height: int, orientation: int) -> tuple[int, int]:
    """The width and height as stored that the recipe resizes to before it crops."""
    turn = orientation if recipe.exif else UPRIGHT
    sizing = recipe.sizing(*upright_size(width, height, turn))
    return upright_size(sizing.width, sizing.height, turn)
