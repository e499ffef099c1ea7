"""What an earlier Blobscope remembered in an ini file of Qt's: its plain words, read once.

Qt itself would unpickle values of such a file, which runs what they say; nothing but words and
lists of words is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from core.errors import AppError
from core.files import is_plain_file
from core.reading import read_file

_MAX_BYTES = 1 << 20
_SECTION = re.compile(r"\[(\w+)\]")
_SECTIONS = {"window", "engine", "rename", "recent", "weights", "graph", "folder"}
_TOKEN = re.compile(r'\\x([0-9a-fA-F]{1,6})|\\([0-7]{1,3})|\\(.)|(")|(,)|([^\\",]+)', re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def read_former_settings(path: Path) -> dict[str, str | tuple[str, ...]]:
    """Words and lists by "section/name"; {} without such a file, however it is damaged."""
    if not is_plain_file(path):
        return {}
    try:
        text = read_file(path, _MAX_BYTES).decode("utf-8", "replace")
    except AppError:
        return {}
    return dict(_values(text))


def _values(text: str) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    section = ""
    for line in text.splitlines():
        heading = _SECTION.fullmatch(line.strip())
        if heading is not None:
            section = heading[1]
            continue
        name, is_value, written = line.partition("=")
        if not is_value or section not in _SECTIONS or not re.fullmatch(r"\w+", name):
            continue
        with suppress(ValueError):
            words = _words(written)
            value = tuple(words) if section == "recent" else "".join(words[:1])
            yield f"{section}/{name}", value


def _words(written: str) -> list[str]:
    """The words of a value. ValueError where one is none, such as @ByteArray(...)."""
    words, is_quoted = [""], False
    for token in _TOKEN.finditer(written.strip()):
        code, octal, escaped, quote, comma, plain = token.groups()
        if quote:
            is_quoted = not is_quoted
        elif comma and not is_quoted:
            words.append("")
        elif code or octal:
            words[-1] += chr(int(code, 16) if code else int(octal, 8))
        elif escaped:
            words[-1] += _ESCAPES.get(escaped, escaped)
        elif plain and not words[-1] and not is_quoted:
            words[-1] += plain.lstrip()  # the blank after a comma
        else:
            words[-1] += comma or plain
    joined = [word.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for word in words]
    if any(word.startswith("@") and not word.startswith("@@") for word in joined):
        raise ValueError("no word")
    return [word.removeprefix("@") for word in joined]
