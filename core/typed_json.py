"""JSON that anybody may have written, read into types: bounded, finite, each value as declared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec

from core.errors import AppError
from core.reading import read_file

T = TypeVar("T")
MOST_DEPTH = 64
"""Of lists and objects in one another; what we write has up to eight."""

MOST_VALUES = 4_000_000
"""Each takes up to fifty times its bytes once it is read."""

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[][{}]', re.DOTALL)


def load_json(path: Path, most_bytes: int) -> object:
    """The value in a file. Raises AppError for one that can't be read, is too large or no JSON."""
    return parse_json(read_file(path, most_bytes), path.name)


def parse_json(written: str | bytes, name: str) -> object:
    """The value of a text, or of its UTF-8. Raises AppError that calls the text `name`.

    Half a surrogate pair is let through, as text of any bytes is kept so; NaN, infinity and what is
    nested deeper than MOST_DEPTH are not.
    """
    try:
        text = written if isinstance(written, str) else written.decode("utf-8")
        _check_size(text)
        value: object = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
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
    except UnicodeError as error:  # half of a surrogate pair where a number is wanted
        raise AppError(f"{name} is damaged: it holds what is no text.") from error


def _in_words(error: msgspec.ValidationError) -> str:
    """ "Expected `int`, got `str` - at `$.steps`" as "steps: expected int, got str"."""
    what, _, place = str(error).replace("`", "").partition(" - at ")
    where = place.removeprefix("$").lstrip(".")
    said = what[:1].lower() + what[1:]
    return f"{where}: {said}" if where else said


def _check_size(text: str) -> None:
    """ValueError for too many values or too deep a nesting, before a parser makes them."""
    n_holders = text.count("[") + text.count("{")
    if n_holders + text.count(",") > MOST_VALUES:
        raise ValueError(f"It holds more than {MOST_VALUES:,} values.")
    if n_holders <= MOST_DEPTH:
        return
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > MOST_DEPTH:
            raise ValueError(f"It is nested deeper than {MOST_DEPTH}.")


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
