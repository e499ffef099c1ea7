"""What a decoder does with one file."""

from __future__ import annotations

import traceback
from pathlib import Path

import numpy as np

from core.errors import AppError, ImageError
from core.images.box import Box
from core.images.checking import find_cut_off
from core.images.decoders.messages import Answer, Request
from core.images.decoding import decode_picture, shrink, thumbnail
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
    recipe = Preprocess.from_json(request.recipe)
    pixels, note, orientation = _decode(path, recipe, request.op == "prepare")
    whole = pixels.shape[1], pixels.shape[0]
    if request.box is not None:
        upright = upright_size(*whole, orientation)
        pixels = stored_box(Box(*request.box), *upright, orientation).cut(pixels)
    size = pixels.shape[1], pixels.shape[0]
    return Answer(size, note, whole=whole, orientation=orientation), [recipe.apply(pixels, whole)]


def _decode(path: Path, recipe: Preprocess, is_checked: bool) -> tuple[np.ndarray, str, int]:
    """Pixels as the recipe turns them; those as stored are let go before it goes on."""
    picture = decode_picture(path, transparency=recipe.decoded_transparency)
    problem = find_cut_off(path.name, picture) if is_checked else None
    if problem is not None:
        raise ImageError(problem)
    if recipe.exif:
        return picture.upright, picture.note, UPRIGHT
    return picture.stored, picture.note, picture.orientation
