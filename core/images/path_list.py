"""Text files that list images, one a line, with or without a label, as Caffe's ImageData reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.errors import AppError, ImageError
from core.images.formats import describe_other_kind, is_known_content
from core.reading import open_regular, read_file

_MAX_BYTES = 64 << 20
_HEAD_BYTES = 4096
_MOST_LINES = 2_000_000
_MOST_CHARACTERS = 8192
_MOST_READINGS = 32
"""Of one line: every place is looked at on the disk."""
_QUOTES = ('"', "'")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = " \t,;"


@dataclass(frozen=True)
class ListedPath:
    """What one line names: a file or folder that is there, or a problem; its label, if any."""

    path: Path
    label: str | None = None
    problem: str = ""


def is_path_list(path: Path) -> bool:
    """Whether a file may be a list of paths: text that is of no other kind that is known."""
    try:
        if describe_other_kind(path) is not None:
            return False
        with open_regular(path) as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, AppError):
        return False
    if head.startswith(_UTF_16):
        return True
    return bool(head.strip()) and b"\0" not in head and not is_known_content(head)


def read_path_list(path: Path) -> Iterator[ListedPath]:
    """What each line names; blank lines and a byte order mark are passed over.

    A path may be quoted and may hold blanks: what is there as a file decides where its label
    begins. Raises ImageError for a list that can't be read or is too large.
    """
    text = _read_text(path)
    if text.count("\n") > _MOST_LINES:
        raise ImageError(f"The list '{path}' has more than {_MOST_LINES:,} lines.")
    for number, line in enumerate(text.split("\n"), start=1):
        text = line.strip()
        if len(text) > _MOST_CHARACTERS:
            problem = f"line {number} of '{path.name}' is longer than any path"
            yield ListedPath(path.parent / f"{text[:40]}...", problem=problem)
        elif text:
            yield _read_line(text, path, number)


def _read_text(path: Path) -> str:
    raw = read_file(path, _MAX_BYTES, what="The list", error=ImageError)
    if raw.startswith(_UTF_16):
        return raw.decode("utf-16", errors="replace")
    # names are bytes to the system: what is no UTF-8 still finds its file
    return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="surrogateescape")


def _read_line(text: str, source: Path, number: int) -> ListedPath:
    for name, label in _readings(text):
        found = _find(name, source.parent)
        if found is not None and (found.is_file() or _is_one_word(label)):
            return ListedPath(found, label or None)
    name = _most_likely_name(text).encode("utf-8", "backslashreplace").decode()
    problem = f"line {number} of '{source.name}' names it, but there is no such file"
    return ListedPath(source.parent / name, problem=problem)


def _is_one_word(label: str) -> bool:
    """Whether this is a label; else a folder whose name begins like a missing file's was found."""
    return not any(character in label for character in f"{_SEPARATORS}./")


def _readings(text: str) -> Iterator[tuple[str, str]]:
    """Ways to take a line apart into path and label, the longest path first."""
    if text[0] in _QUOTES and text.find(text[0], 1) > 0:
        end = text.find(text[0], 1)
        yield text[1:end], text[end + 1 :].strip(_SEPARATORS)
    yield text, ""
    places = (at for at in range(len(text) - 1, 0, -1) if text[at] in _SEPARATORS)
    for at in islice(places, _MOST_READINGS):
        yield text[:at].rstrip(_SEPARATORS), text[at + 1 :].strip()


def _find(name: str, folder: Path) -> Path | None:
    """The file of that name beside the list, else from the current folder."""
    spellings = (name, name.replace("\\", "/")) if "\\" in name else (name,)
    for spelling in spellings:
        for candidate in (folder / spelling, Path(spelling)):
            try:
                if spelling and candidate.exists():
                    return candidate
            except (OSError, ValueError):  # a line too long for a name, or with a zero byte
                continue
    return None


def _most_likely_name(text: str) -> str:
    """The path of a line whose file is missing: all but a number at its end."""
    head, _, tail = text.rpartition(" ") if " " in text else text.rpartition("\t")
    return head.strip() if head and tail.lstrip("-").isdigit() else text
