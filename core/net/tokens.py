"""Splitting prototxt text into tokens that know where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from core.errors import PrototxtError, SourcePosition

TokenKind = Literal["word", "number", "string", "punctuation", "end"]

_TOKEN = re.compile(
    r"""(?P<space>[\s,;]+|\#[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<number>-?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?)(?![\w.])
                  |-\s*(?:inf|infinity|nan)\b)
      | (?P<word>[A-Za-z_0-9][\w./-]*)
      | (?P<punctuation>[{}<>:\[\]])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Span:
    """A stretch of the text: offsets (end exclusive) and the 1-based line and column of `start`."""

    start: int
    end: int
    line: int
    column: int


@dataclass(frozen=True)
class Token:
    """One token; `text` is as written, quotes included."""

    kind: TokenKind
    text: str
    span: Span


def position_at(text: str, span: Span, path: Path | None) -> SourcePosition:
    """The line, column and source line of `span`, for an error message."""
    line_start = text.rfind("\n", 0, span.start) + 1
    line_end = text.find("\n", span.start)
    source_line = text[line_start : line_end if line_end >= 0 else len(text)].rstrip("\r")
    length = max(1, min(span.end - span.start, len(source_line) - span.column + 1))
    return SourcePosition(path, span.line, span.column, source_line, length)


def tokenize(text: str, path: Path | None = None) -> list[Token]:
    """All tokens of `text` in order, closed by one of kind "end".

    Raises PrototxtError for a character no token starts with, or an unclosed string.
    """
    tokens: list[Token] = []
    offset, line, line_start = 0, 1, 0
    while match := _TOKEN.match(text, offset):
        kind = match.lastgroup
        start, offset = match.span()
        if kind != "space":
            span = Span(start, offset, line, start - line_start + 1)
            tokens.append(Token(cast(TokenKind, kind), match.group(), span))
            continue
        newlines = text.count("\n", start, offset)
        if newlines:
            line += newlines
            line_start = text.rfind("\n", start, offset) + 1
    end = Span(offset, offset + (offset < len(text)), line, offset - line_start + 1)
    if offset < len(text):
        raise _unreadable(text, end, path)
    tokens.append(Token("end", "", end))
    return tokens


def _unreadable(text: str, span: Span, path: Path | None) -> PrototxtError:
    character = text[span.start]
    position = position_at(text, span, path)
    if character in "\"'":
        return PrototxtError(
            "This string is not closed on its line.", position, hint="Add the closing quote."
        )
    return PrototxtError(f"Unexpected character {character!r}.", position)
