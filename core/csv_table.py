"""CSV, in which a spreadsheet takes no name for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from core.files import written_beside
from core.words import on_one_line

_GUARD = "'"
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_INNER_FORMULA = re.compile(r"(?<=[,;\t])(?=\s*[=+\-@＝＋－＠])")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf|nan", re.IGNORECASE)
_NO_BYTES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates that stand for no byte of a file's name: JSON can hold them, UTF-8 can't."""
_ENCODING = ("utf-8", "surrogateescape")

GUARD_HELP = "in a CSV a name that begins with = + - or @ has an apostrophe before it"

Row = Sequence[object]


def guarded_cell(cell: object) -> object:
    """The cell as it is written: a text that a spreadsheet would run gets an apostrophe before it.

    That is one that begins with =, +, -, @, a tab or a line end, or with apostrophes before one of
    these, so that `plain_cell` gives every text back. Numbers stay numbers.
    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    text = _NO_BYTES.sub(lambda found: found[0].encode("unicode_escape").decode(), cell)
    return f"{_GUARD}{text}" if _FORMULA.match(text) else text


def plain_cell(written: str) -> str:
    """The text that `guarded_cell` has written so."""
    is_guarded = written.startswith(_GUARD) and _FORMULA.match(written)
    return written[1:] if is_guarded else written


def write_csv(path: Path, rows: Iterable[Row], caption: Iterable[str] = ()) -> None:
    """Write rows, the headings first, one at a time; the file appears when it is complete.

    caption: lines before them, each behind a # and never quoted, so that readers of tables skip it.
    Raises AppError where the file can't be written.
    """
    encoding, errors = _ENCODING
    with (
        written_beside(path) as partial,
        partial.open("w", encoding=encoding, errors=errors, newline="") as file,
    ):
        file.writelines(map(_caption_line, caption))
        _write(file, rows)


def rows_as_csv(rows: Iterable[Row]) -> bytes:
    """The same in memory."""
    out = io.StringIO(newline="")
    _write(out, rows)
    return out.getvalue().encode(*_ENCODING)


def _caption_line(line: str) -> str:
    """A spreadsheet still makes cells of it at its commas: none of them begins a formula."""
    text = _NO_BYTES.sub("?", on_one_line(line)).replace('"', "'")
    return f"# {_INNER_FORMULA.sub(_GUARD, text)}\n"


def _write(file: TextIO, rows: Iterable[Row]) -> None:
    plain = csv.writer(file, lineterminator="\n")
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = tuple(map(guarded_cell, row))
        # Before Python 3.13 a carriage return is quoted only where it is part of the line end.
        has_return = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if has_return else plain).writerow(cells)
