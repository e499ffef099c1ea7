"""Splitting prototxt text into tokens that know where they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple, cast

from core.errors import PrototxtError, SourcePosition
from core.net.foreign_signs import foreign_words

TokenKind = Literal["word", "number", "string", "placeholder", "punctuation", "end"]
BYTE_ORDER_MARK = "\ufeff"

_TOKEN = re.compile(
    r"""(?P<space>(?:\s++|\#[^\n]*+)++)
      | (?P<placeholder>(?:\$\{[^{}\n]*+\}|\$\([^()\n]*+\)|\$\w++\$?|\{\{[^{}\n]*+\}\}|@\w++@
                        |%\(\w++\)[sdif]|\{%[^{}%\n]*+%\}|<%[^<>%\n]*+%>)[\w.-]*+)
      | (?P<word>[A-Za-z_][\w./-]*)
      | (?P<punctuation>[{}<>:\[\],;])
      | (?P<string>"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')
      | (?P<number>(?:-\s*)?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?)(?![\w.])
                  |-\s*(?i:infinity|inf|nan)\b)
      | (?P<unquoted>[\d/][\w./-]*)""",
    re.VERBOSE | re.ASCII,
)
"""White space is what protobuf takes for it: a no-break space is none. `unquoted`: values that
Caffe refuses and that people write, as a path without quotes; they read as words. `placeholder`:
what a template is still to fill in, as ${N}, $N$, {{ n }}, @N@ or %(n)d. Possessive repeats,
because the others remember a way back for every character."""

MAX_TOKENS = 500_000
"""Real files have up to 20,000; each costs about half a kilobyte once parsed."""


class Span(NamedTuple):
    """A stretch of the text: offsets (end exclusive) and the 1-based line and column of `start`."""

    start: int
    end: int
    line: int
    column: int


class Token(NamedTuple):
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

    A byte order mark is skipped. Raises PrototxtError for a character no token starts with, an
    unclosed string, or more than MAX_TOKENS.
    """
    tokens: list[Token] = []
    line, line_start = 1, 0
    offset = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    match_at, add = _TOKEN.match, tokens.append
    while match := match_at(text, offset):
        kind = match.lastgroup
        start, offset = match.span()
        if kind != "space":
            span = Span(start, offset, line, start - line_start + 1)
            known = "word" if kind == "unquoted" else cast(TokenKind, kind)
            add(Token(known, match.group(), span))
            if len(tokens) > MAX_TOKENS:
                raise _too_long(text, span, path)
            if kind != "number":
                continue
        newlines = text.count("\n", start, offset)
        if newlines:
            line += newlines
            line_start = text.rfind("\n", start, offset) + 1
    end = Span(offset, offset + (offset < len(text)), line, offset - line_start + 1)
    if offset < len(text):
        raise _unreadable(text, end, path)
    add(Token("end", "", end))
    return tokens


def _too_long(text: str, span: Span, path: Path | None) -> PrototxtError:
    sentence = f"The file has more than {MAX_TOKENS:,} words and signs, so it is no prototxt."
    return PrototxtError(sentence, position_at(text, span, path))


def _unreadable(text: str, span: Span, path: Path | None) -> PrototxtError:
    character = text[span.start]
    position = position_at(text, span, path)
    if character in "\"'":
        return PrototxtError(
            "This string is not closed on its line.", position, hint="Add the closing quote."
        )
    sentence, hint = foreign_words(character, position.source_line, position.column)
    return PrototxtError(sentence, position, hint=hint)
