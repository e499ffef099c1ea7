"""A parsed prototxt message: fields in file order, with typed access and positions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from core.errors import PrototxtError
from core.net.tokens import Span, position_at

T = TypeVar("T")
ScalarKind = Literal["string", "word", "number", "placeholder"]
_OCTAL = re.compile("-?0[0-7]+")
_DECIMAL = re.compile("-?[0-9]+")
NOWHERE = Span(0, 0, 1, 1)


@dataclass(frozen=True)
class Source:
    """The text a message was read from, for error positions."""

    text: str = ""
    path: Path | None = None


@dataclass(frozen=True)
class Scalar:
    """One value; `span` covers it as written, quotes included.

    A "placeholder" is what a template is still to fill in, such as ${NUM_LABELS}.
    """

    value: str
    kind: ScalarKind
    span: Span


@dataclass(frozen=True)
class Field:
    """`name: value` or `name { ... }`; `span` runs from the name to the end of the value."""

    name: str
    value: Scalar | Message
    span: Span
    name_span: Span


@dataclass(frozen=True)
class Message:
    """Fields in file order. A field given twice keeps its last value where one is asked for."""

    fields: tuple[Field, ...] = ()
    span: Span = NOWHERE
    source: Source = Source()

    def has(self, name: str) -> bool:
        """Whether the field is written at least once."""
        return any(field.name == name for field in self.fields)

    def scalars(self, name: str) -> tuple[Scalar, ...]:
        """Every scalar value of the field, in file order."""
        return tuple(f.value for f in self.fields if f.name == name and isinstance(f.value, Scalar))

    def messages(self, name: str) -> tuple[Message, ...]:
        """Every message of that name, in file order."""
        return tuple(
            f.value for f in self.fields if f.name == name and isinstance(f.value, Message)
        )

    def message(self, name: str) -> Message:
        """The message of that name, merged when it stands several times; empty when absent."""
        found = self.messages(name)
        if len(found) == 1:
            return found[0]
        fields = tuple(field for message in found for field in message.fields)
        return Message(fields, found[-1].span if found else NOWHERE, self.source)

    def integers(self, name: str) -> tuple[int, ...]:
        """Every value of a repeated integer field."""
        return self._convert(name, to_integer, "a whole number")

    def integer(self, name: str, default: int = 0) -> int:
        """The value of an integer field, or `default`."""
        return _last(self.integers(name), default)

    def numbers(self, name: str) -> tuple[float, ...]:
        """Every value of a repeated float field."""
        return self._convert(name, to_number, "a number")

    def number(self, name: str, default: float = 0.0) -> float:
        """The value of a float field, or `default`."""
        return _last(self.numbers(name), default)

    def boolean(self, name: str, default: bool = False) -> bool:
        """The value of a bool field, or `default`."""
        return _last(self._convert(name, to_boolean, "true or false"), default)

    def booleans(self, name: str) -> tuple[bool, ...]:
        """Every value of a repeated switch."""
        return self._convert(name, to_boolean, "true or false")

    def words(self, name: str) -> tuple[str, ...]:
        """Every string or enum value of the field, as written without quotes."""
        return tuple(scalar.value for scalar in self.scalars(name))

    def word(self, name: str, default: str = "") -> str:
        """The string or enum value of the field, or `default`."""
        return _last(self.words(name), default)

    def error_at(self, span: Span, sentence: str, *, hint: str = "") -> PrototxtError:
        """An error that points at `span` of the text this message came from."""
        position = position_at(self.source.text, span, self.source.path)
        return PrototxtError(sentence, position, hint=hint)

    def _convert(self, name: str, convert: Callable[[str], T], wanted: str) -> tuple[T, ...]:
        values = []
        for scalar in self.scalars(name):
            try:
                values.append(convert(scalar.value))
            except (ValueError, OverflowError):
                raise self.wrong_value(name, scalar, wanted) from None
        return tuple(values)

    def wrong_value(self, name: str, scalar: Scalar, wanted: str) -> PrototxtError:
        """The error for a value of the wrong kind, with a guess at the slip."""
        if scalar.kind == "placeholder":
            position = position_at(self.source.text, scalar.span, self.source.path)
            return LeftOpenError(left_open(name, scalar), position)
        guess = _guess_slip(scalar.value) if wanted != "true or false" else ""
        sentence = f'Expected {wanted} for {name}, found "{scalar.value}"{guess}.'
        return self.error_at(scalar.span, sentence)


class LeftOpenError(PrototxtError):
    """A value that a template is still to fill in, where its number was asked for."""


def left_open(name: str, scalar: Scalar) -> str:
    """What is said of a placeholder."""
    return f"{name} is left open: {scalar.value} is still to be filled in."


def to_number(text: str) -> float:
    """A float as prototxt writes it: a trailing f, hex and a spaced minus are allowed."""
    compact = "".join(text.split()).lower()
    if compact.lstrip("-").startswith("0x"):
        return float(int(compact, 16))
    if compact.endswith("f") and not compact.endswith("inf"):
        compact = compact[:-1]
    if "_" in compact:
        raise ValueError(text)
    return float(compact)


def to_integer(text: str) -> int:
    """A whole number as prototxt writes it: a leading 0 means octal, 0x hex."""
    compact = "".join(text.split())
    if _OCTAL.fullmatch(compact):
        return int(compact, 8)
    number = to_number(compact)
    if number != int(number):
        raise ValueError(text)
    # beyond 2 to the 53 a float is not exact
    return int(compact) if _DECIMAL.fullmatch(compact) else int(number)


def to_boolean(text: str) -> bool:
    """A truth value as prototxt writes it: a word of any case, 0 or 1 in any base."""
    known = {"true": True, "t": True, "false": False, "f": False}
    value = known.get(text.lower())
    number = int(value) if value is not None else to_integer(text)
    if number not in (0, 1):
        raise ValueError(text)
    return bool(number)


def _guess_slip(text: str) -> str:
    for letter, said, digit, name in (
        ("l", "letter l", "1", "one"),
        ("O", "letter O", "0", "zero"),
    ):
        if letter in text and text.replace(letter, digit).replace(".", "").isdigit():
            return f" (a {said}, not a {name})"
    return ""


def _last(values: tuple[T, ...], default: T) -> T:
    return values[-1] if values else default
