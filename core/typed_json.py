"""JSON that anybody may have written, read into types: bounded, finite, each value as declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec

from core.errors import AppError

T = TypeVar("T")


def load_json(path: Path, most_bytes: int) -> object:
    """The value in a file. Raises AppError for one that can't be read, is too large or no JSON.

    Half a surrogate pair is let through, as text of any bytes is kept so; NaN and infinity are not.
    """
    try:
        if path.stat().st_size > most_bytes:
            raise AppError(f"{path.name} is too large.")
        content = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise AppError(f"Can't open {path}: {error.strerror or error}.") from error
    except ValueError as error:
        raise AppError(f"{path.name} is no JSON.", details=str(error)) from error
    return parse_json(content, path.name)


def parse_json(text: str, name: str) -> object:
    """The value of a text. Raises AppError that calls the text `name`."""
    try:
        value: object = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise AppError(f"{name} is no JSON.", details=str(error)) from error
    return value


def as_type(value: object, wanted: type[T], name: str) -> T:
    """A parsed value as `wanted`, a msgspec.Struct or dataclass; what it does not know is left out.

    Raises AppError that names the first value of another type.
    """
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        raise AppError(f"{name} is damaged: {_in_words(error)}.") from error


def _in_words(error: msgspec.ValidationError) -> str:
    """ "Expected `int`, got `str` - at `$.steps`" as "steps: expected int, got str"."""
    what, _, place = str(error).replace("`", "").partition(" - at ")
    where = place.removeprefix("$").lstrip(".")
    said = what[:1].lower() + what[1:]
    return f"{where}: {said}" if where else said


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
