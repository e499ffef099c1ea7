"""Reading a table of labels: a CSV file as any program writes it, or a list file of Caffe."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.csv_table import plain_cell
from core.errors import GalleryError, ImageError
from core.images.box import Box, parse_box
from core.images.formats import is_image_name
from core.reading import read_file

_MAX_BYTES = 128 << 20
"""A row of 100 bytes for each of a million images."""

_MOST_ROWS = 2_000_000
_MOST_CELLS = 12_000_000
_MOST_CHARACTERS = 1 << 20
"""Of a line, all of whose values are held at once."""

_FILE_COLUMNS = (
    "file", "filename", "path", "filepath", "image", "imagefile", "imagename", "imagepath", "img",
    "name",
)  # fmt: skip
_LABEL_COLUMNS = ("label", "labelname", "class", "classname", "category", "categoryname")
_BOX_COLUMNS = ("box", "querybox", "bbox", "x1y1x2y2")
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
_LINE_END = re.compile(r'("(?:[^"]|"")*")|\r\n?')
"""A line end of any system, or a cell in quotes, whose line ends are part of a name."""
_EXCEL_SEPARATOR = re.compile(r'^"?sep=(?P<delimiter>[,;\t|:])"?\s*$', re.IGNORECASE)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HINT = "A table of labels has a line 'file,label' and then one line for each image."


@dataclass(frozen=True)
class LabelRow:
    """One row: its line in the file, the image as it is named there, its label or None.

    box: the part of the image to search with where it is a query, None for all of it.
    """

    line: int
    file: str
    label: str | None
    box: Box | None = None


@dataclass(frozen=True)
class LabelTable:
    """A table as read; notes say what its reader should know of how it was read."""

    path: Path
    rows: tuple[LabelRow, ...]
    notes: tuple[str, ...] = ()


def read_label_table(path: Path) -> LabelTable:
    """Read a table of labels.

    Columns are separated by commas, semicolons or tabs under a header, of which file (filename,
    image, path, name) and label (class, category) are read, in any case; and box (query box, bbox)
    with four numbers, where there is one. Without a header every
    line is a path and a label, as Caffe's ImageData layers read them. UTF-8, UTF-16 or Latin-1.
    Cells that a CSV of ours guards against spreadsheets are read as what they stand for.
    Raises GalleryError, with the line or the columns found, for a file that is none of these.
    """
    text, notes = _read_text(path)
    _check_size(path, text)
    lines = text.split("\n")  # not splitlines, which breaks names at rarer characters too
    if max(map(len, lines)) > _MOST_CHARACTERS:
        raise GalleryError(f"'{path.name}' has a line too long for a table.", hint=_HINT)
    separator = _EXCEL_SEPARATOR.match(lines[0])
    n_skipped = 1 if separator else 0
    delimiters = (separator["delimiter"],) if separator else tuple(_DELIMITERS)
    body = "\n".join(lines[n_skipped:])
    if not body.strip():
        raise GalleryError(f"'{path.name}' has no rows.", hint=_HINT)
    for delimiter in delimiters:
        columns = _find_columns(_first_row(body, delimiter))
        if columns is not None:
            rows = _read_columns(path, body, delimiter, columns, n_skipped)
            return LabelTable(path, rows, (*notes, *_columns_note(body, delimiter, columns)))
    rows = _read_without_header(body, n_skipped) or _read_list(body, n_skipped)
    if rows:
        return LabelTable(path, rows, notes)
    raise _no_columns(path, body, delimiters)


def _read_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """The file's text, and a note where its encoding was guessed."""
    data = read_file(
        path,
        _MAX_BYTES,
        what="The labels",
        hint="Labels come from folders, from prefix, or from a file.",
        error=GalleryError,
    )
    if data.startswith(_WORKBOOKS):
        raise GalleryError(
            f"'{path.name}' is a workbook, not a table of text.", hint="Save it as CSV."
        )
    text, note = _decode(data)
    if "\0" in text:
        raise GalleryError(f"'{path.name}' can't be read: it is no text.", hint=_HINT)
    lines = _LINE_END.sub(lambda found: found[1] or "\n", text)
    return lines, (note,) if note else ()


def _check_size(path: Path, text: str) -> None:
    """Raise GalleryError for more than memory is for; each row and cell costs far more than its
    bytes."""
    n_cells = sum(map(text.count, ("\n", *_DELIMITERS)))
    if text.count("\n") > _MOST_ROWS or n_cells > _MOST_CELLS:
        raise GalleryError(
            f"'{path.name}' has more than {_MOST_ROWS:,} rows or {_MOST_CELLS:,} values.",
            hint="Leave out the columns but the file and the label, or divide it.",
        )


def _decode(data: bytes) -> tuple[str, str]:
    """Text by its byte order mark, else UTF-8, UTF-16 as its zero bytes stand, or Latin-1."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), ""
    for zeros, encoding in ((data[1::2], "utf-16-le"), (data[::2], "utf-16-be")):
        if len(data) > 3 and zeros.count(0) > len(zeros) // 2:
            return data.decode(encoding, errors="replace"), ""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return data.decode("latin-1"), "The table of labels is not UTF-8; it is read as Latin-1."


def _first_row(body: str, delimiter: str) -> list[str]:
    rows = csv.reader(io.StringIO(body), delimiter=delimiter, skipinitialspace=True)
    try:
        return next((row for row in rows if any(cell.strip() for cell in row)), [])
    except csv.Error:  # a field beyond the reader's limit
        return []


def _find_columns(header: Sequence[str]) -> tuple[int, ...] | None:
    """Which columns are file, label and, if there is one, box, each by the first known name."""
    names = [re.sub(r"[\s_.-]", "", cell.strip().strip('"').casefold()) for cell in header]
    found = [
        next((names.index(known) for known in wanted if known in names), None)
        for wanted in (_FILE_COLUMNS, _LABEL_COLUMNS, _BOX_COLUMNS)
    ]
    file, label, box = found
    if file is None or label is None:
        return None
    return (file, label) if box is None else (file, label, box)


def _columns_note(body: str, delimiter: str, columns: tuple[int, ...]) -> tuple[str, ...]:
    header = _first_row(body, delimiter)
    names = [header[column].strip() for column in columns]
    if [name.casefold() for name in names] == ["file", "label", "box"][: len(header)]:
        return ()
    *others, last = (f"'{name}'" for name in names)
    return (f"The table's columns {', '.join(others)} and {last} are read.",)


def _read_columns(
    path: Path, body: str, delimiter: str, columns: tuple[int, ...], n_skipped: int
) -> tuple[LabelRow, ...]:
    """The rows under the header. Raises GalleryError for one that has too few or many values."""
    reader = csv.reader(io.StringIO(body), delimiter=delimiter, skipinitialspace=True)
    n_columns, rows = 0, []
    try:
        for cells in reader:
            line = reader.line_num + n_skipped
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if not n_columns:
                n_columns = len(values)
                continue
            rows.append(_row(path, line, values, n_columns, columns))
    except csv.Error as error:
        raise GalleryError(
            f"'{path.name}', line {reader.line_num + n_skipped}, can't be read: {error}.",
            hint=_HINT,
        ) from error
    return tuple(rows)


def _row(
    path: Path, line: int, values: list[str], n_columns: int, columns: tuple[int, ...]
) -> LabelRow:
    if len(values) > n_columns and any(values[n_columns:]):
        raise GalleryError(
            f"'{path.name}', line {line}, has {len(values)} values under {n_columns} columns.",
            hint="A name with the separator in it stands in double quotes.",
        )
    if max(columns[:2]) >= len(values) or not values[columns[0]]:
        raise GalleryError(f"'{path.name}', line {line}: a value is missing.")
    file, label = (plain_cell(values[column]) for column in columns[:2])
    written = values[columns[2]] if len(columns) > 2 and columns[2] < len(values) else ""
    return LabelRow(line, file, _label(label), _box(path, line, plain_cell(written)))


def _box(path: Path, line: int, written: str) -> Box | None:
    """The box of a cell, None for a blank. Raises GalleryError for anything else."""
    try:
        return parse_box(written) if written else None
    except ImageError as error:
        raise GalleryError(
            f"'{path.name}', line {line}: {error.sentence}", hint=error.hint
        ) from error


def _label(written: str) -> str | None:
    """A label in one Unicode form, for two forms of a letter look alike; None for a blank."""
    return unicodedata.normalize("NFC", written) or None


def _read_list(body: str, n_skipped: int) -> tuple[LabelRow, ...]:
    """Lines "path label" as Caffe's list files have them; () if any line is none."""
    rows: list[LabelRow] = []
    for number, line in enumerate(body.split("\n"), start=1 + n_skipped):
        if not line.strip():
            continue
        file, *labels = line.strip().rsplit(maxsplit=1)
        if not labels:
            return ()
        if not rows and _find_columns((file, labels[0])):
            continue
        if not (labels[0].isdecimal() or is_image_name(Path(file))):
            return ()
        rows.append(LabelRow(number, file, _label(labels[0])))
    return tuple(rows)


def _read_without_header(body: str, n_skipped: int) -> tuple[LabelRow, ...]:
    """Two columns of which the first names images from the first line on; () for anything else."""
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(body), delimiter=delimiter, skipinitialspace=True)
        rows: list[LabelRow] = []
        try:
            for cells in reader:
                values = [cell.strip() for cell in cells]
                if not any(values):
                    continue
                if len(values) != 2 or not is_image_name(Path(values[0])):
                    rows = []
                    break
                file, label = map(plain_cell, values)
                rows.append(LabelRow(reader.line_num + n_skipped, file, _label(label)))
        except csv.Error:  # a field beyond the reader's limit
            continue
        if rows:
            return tuple(rows)
    return ()


def _no_columns(path: Path, body: str, delimiters: Sequence[str]) -> GalleryError:
    """What was found in the place of the header."""
    best = max(delimiters, key=lambda delimiter: len(_first_row(body, delimiter)))
    header = [cell.strip() for cell in _first_row(body, best)]
    shown = ", ".join(f"'{name[:40]}'" for name in header[:8])
    by = f", separated by {_DELIMITERS.get(best, best)}" if len(header) > 1 else ""
    return GalleryError(
        f"'{path.name}' needs the columns 'file' and 'label'; it has {shown}{by}.",
        hint="A file column is called file, filename, image, path or name, a label column label, "
        "class or category.",
    )
