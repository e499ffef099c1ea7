"""Parsing prototxt text, tolerant of fields Caffe does not know, strict on syntax."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import PrototxtError
from core.net.foreign_signs import conflict_words
from core.net.message import Field, Message, Scalar, Source, to_boolean, to_number
from core.net.schema import BOOLEAN_FIELDS, MESSAGE_FIELDS, NUMBER_FIELDS
from core.net.strings import unquote
from core.net.tokens import Span, Token, position_at, tokenize

__all__ = ["Field", "Message", "Scalar", "Span", "complete_part", "parse"]

MAX_DEPTH = 64
_CLOSERS = {"{": "}", "<": ">"}
_SEPARATORS = (",", ";")


def parse(text: str, path: Path | None = None) -> Message:
    """Parse a whole prototxt file.

    Raises PrototxtError with line, column and the line itself.
    """
    return _Parser(text, path).parse_file()


def complete_part(text: str) -> str:
    """The longest head of a broken file that ends after a complete top-level field."""
    parser = _Parser.__new__(_Parser)
    try:
        parser.__init__(text, None)  # type: ignore[misc]
    except PrototxtError as error:
        text = "\n".join(text.split("\n")[: error.position.line - 1])
        return complete_part(text) if text else ""
    try:
        parser.parse_file()
    except PrototxtError:
        return text[: parser.last_complete]
    return text


class _Parser:
    """One pass over the tokens of one file."""

    def __init__(self, text: str, path: Path | None) -> None:
        self.source = Source(text, path)
        self.tokens = tokenize(text, path)
        self.at = 0
        self.last_complete = 0

    def parse_file(self) -> Message:
        fields = []
        while self._peek().kind != "end":
            field = self._parse_field(depth=0)
            fields.extend(field)
            self.last_complete = field[-1].span.end if field else self.last_complete
        return Message(tuple(fields), Span(0, len(self.source.text), 1, 1), self.source)

    def _parse_field(self, depth: int) -> list[Field]:
        name, name_span = self._parse_name()
        colon = self._peek().text == ":"
        if colon:
            self._next()
        values = self._parse_values(name, colon, depth)
        if self._peek().text in _SEPARATORS:
            self._next()
        return [Field(name, value, _join(name_span, span), name_span) for value, span in values]

    def _parse_name(self) -> tuple[str, Span]:
        """A field's name; an extension's stands in brackets, which belong to it."""
        token = self._next()
        if token.text.startswith("//"):
            hint = "A comment starts with # in a prototxt."
            raise self._error(token, f"Expected a field name, found {_shown(token)}.", hint)
        if token.kind == "word":
            return token.text, token.span
        if token.kind == "placeholder":
            hint = "Fill the template in first, with the program that it belongs to."
            raise self._error(token, f"{token.text} is a template's, not a field.", hint)
        name, closer = self._next(), self._next()
        if token.text != "[" or name.kind != "word" or closer.text != "]":
            raise self._error(token, f"Expected a field name, found {_shown(token)}.")
        return f"[{name.text}]", _join(token.span, closer.span)

    def _parse_values(
        self, name: str, colon: bool, depth: int
    ) -> list[tuple[Scalar | Message, Span]]:
        if self._peek().text == "[":
            return self._parse_list(name, colon, depth)
        return [self._parse_value(name, colon, depth)]

    def _parse_list(
        self, name: str, colon: bool, depth: int
    ) -> list[tuple[Scalar | Message, Span]]:
        self._next()
        values: list[tuple[Scalar | Message, Span]] = []
        while self._peek().text != "]" or values:
            values.append(self._parse_value(name, colon, depth))
            token = self._next()
            if token.text == "]":
                return values
            if token.text != ",":
                expected = f'Expected "," or "]" in the list of {name}'
                raise self._error(token, f"{expected}, found {_shown(token)}.")
        self._next()
        return values

    def _parse_value(self, name: str, colon: bool, depth: int) -> tuple[Scalar | Message, Span]:
        token = self._peek()
        if token.kind == "punctuation" and token.text in _CLOSERS:
            message = self._parse_message(name, depth + 1)
            return message, message.span
        if not colon or token.kind in ("punctuation", "end"):
            raise self._error(token, f"Expected a value for {name}, found {_shown(token)}.")
        if name in MESSAGE_FIELDS:
            raise self._error(token, f'Expected "{{" after {name}, found {_shown(token)}.')
        scalar = self._parse_scalar()
        self._check_kind(name, scalar)
        return scalar, scalar.span

    def _parse_message(self, name: str, depth: int) -> Message:
        opener = self._next()
        if depth > MAX_DEPTH:
            raise self._error(opener, f"Messages are nested deeper than {MAX_DEPTH}.")
        closer = _CLOSERS[opener.text]
        fields: list[Field] = []
        while self._peek().text != closer or self._peek().kind == "string":
            if self._peek().kind == "end":
                hint = f'Add the missing "{closer}".'
                raise self._error(opener, f"{name} is opened here but never closed.", hint)
            fields.extend(self._parse_field(depth))
        end = self._next()
        return Message(tuple(fields), _join(opener.span, end.span), self.source)

    def _parse_scalar(self) -> Scalar:
        token = self._next()
        if token.kind in ("number", "placeholder"):
            return Scalar(token.text, token.kind, token.span)
        if token.kind != "string":
            return Scalar(token.text, "word", token.span)
        value, span = unquote(token.text), token.span
        while self._peek().kind == "string":  # adjacent strings are one, as in C
            more = self._next()
            value, span = value + unquote(more.text), _join(span, more.span)
        return Scalar(value, "string", span)

    def _check_kind(self, name: str, scalar: Scalar) -> None:
        if scalar.kind == "placeholder":
            return  # a net to look at all the same; what the value is for stays unknown
        if name in NUMBER_FIELDS:
            self._convert(name, scalar, to_number, "a number")
        elif name in BOOLEAN_FIELDS:
            self._convert(name, scalar, to_boolean, "true or false")

    def _convert(
        self, name: str, scalar: Scalar, convert: Callable[[str], object], wanted: str
    ) -> None:
        try:
            convert(scalar.value)
        except (ValueError, OverflowError):
            message = Message((), scalar.span, self.source)
            raise message.wrong_value(name, scalar, wanted) from None

    def _peek(self) -> Token:
        return self.tokens[self.at]

    def _next(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def _error(self, token: Token, sentence: str, hint: str = "") -> PrototxtError:
        position = position_at(self.source.text, token.span, self.source.path)
        sentence, hint = conflict_words(position.source_line) or (sentence, hint)
        return PrototxtError(sentence, position, hint=hint)


def _join(first: Span, last: Span) -> Span:
    return first._replace(end=last.end)


def _shown(token: Token) -> str:
    return "the end of the file" if token.kind == "end" else f'"{token.text}"'.replace('""', '"')
