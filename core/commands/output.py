"""Printing: tables, numbers and JSON, the same way in every command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from core.files import write_file
from core.words import on_one_line


def print_json(value: object) -> None:
    """One JSON object on standard output, in printable ASCII: every terminal and pipe takes it."""
    print(json.dumps(value, indent=2, default=_plain).replace("\x7f", "\\u007f"))


def write_json(path: Path, value: object) -> None:
    """The same to a file."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    write_file(path, f"{text}\n".encode(errors="backslashreplace"))


_WIDEST_COLUMN = 200


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]], right: str = "") -> None:
    """Columns under their headings; `right` names those set flush right, separated by commas.

    A cell that is wider than any screen moves what follows in its own row only.
    """
    flush_right = set(right.split(",")) if right else set()
    written = [[on_one_line(str(cell)) for cell in row] for row in rows]
    columns = zip(headings, *written, strict=True)
    widths = [min(max(map(len, column)), _WIDEST_COLUMN) for column in columns]
    for row in ([*headings], *written):
        cells = [
            cell.rjust(width) if heading in flush_right else cell.ljust(width)
            for heading, cell, width in zip(headings, row, widths, strict=True)
        ]
        print("  ".join(cells).rstrip())


def print_notes(notes: Sequence[str]) -> None:
    """What a reader has to know before the figures."""
    for note in notes:
        print(f"Note: {note}")


class Limit(Protocol):
    """The stage that set the rate of a pass over images."""

    @property
    def sentence(self) -> str: ...
    def to_json(self) -> dict[str, Any]: ...


def limit_words(limit: Limit | None) -> dict[str, Any] | None:
    """A limit for JSON; None where nothing ran."""
    return None if limit is None else limit.to_json()


def print_limit(limit: Limit | None) -> None:
    """The stage that set the rate of a pass over images, as a last line."""
    if limit is not None:
        print(limit.sentence)


_MOST_SKIPPED = 20


def print_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    """The images that were left out, each with its reason; the first of many."""
    for path, reason in skipped[:_MOST_SKIPPED]:
        print(f"Left out: {path}: {reason}")
    if len(skipped) > _MOST_SKIPPED:
        print(f"and {len(skipped) - _MOST_SKIPPED:,} more")


def shape_text(shape: Sequence[int] | None) -> str:
    """ "1 x 3 x 224 x 224", or "?" where only running the net can tell."""
    return "?" if shape is None else " x ".join(map(str, shape)) or "scalar"


def counted(n: int, singular: str, plural: str = "") -> str:
    """ "1 layer", "3 layers", "1,000 images"."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def scaled(n: int) -> str:
    """138357544 as "138.36 M"."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if n >= size:
            return f"{n / size:.2f} {unit}"
    return str(n)


def byte_text(n: int) -> str:
    """Bytes in the unit a file manager shows, 1 MB being 10^6."""
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} bytes"


def _plain(value: object) -> object:
    """Paths and NumPy scalars as JSON knows them."""
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")
