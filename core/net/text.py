"""Prototxt files as text and back, byte for byte."""

from __future__ import annotations

from pathlib import Path

from core.errors import NetError
from core.file_kinds import HEAD_BYTES, file_kind
from core.files import write_file
from core.reading import read_file

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Real files stay under 2 MB; the bound keeps a wrong file from hanging us."""

_STAND_IN = 0xF700
"""A byte that is no UTF-8, as in a Latin-1 comment, is held as the private character U+F700 + byte:
unlike a lone surrogate it can be shown, hashed and sent to any child."""

_NO_TEXT = "Is it a caffemodel? Open the prototxt that describes it."
_TO_SURROGATE = {_STAND_IN + byte: 0xDC00 + byte for byte in range(0x80, 0x100)}
_TO_STAND_IN: dict[int, int | str] = {
    **{surrogate: stand_in for stand_in, surrogate in _TO_SURROGATE.items()},
    # a file that has such a character itself: its bytes are held one by one
    **{c: "".join(chr(_STAND_IN + byte) for byte in chr(c).encode()) for c in _TO_SURROGATE},
}


def decode_prototxt(content: bytes) -> str:
    """The text of any file; `encode_prototxt` gives the same bytes again, order mark included."""
    text = content.decode("utf-8", "surrogateescape")
    return text if text.isascii() else text.translate(_TO_STAND_IN)


def encode_prototxt(text: str) -> bytes:
    """The bytes to save for a text that `decode_prototxt` gave, edited or not."""
    if text.isascii():
        return text.encode("ascii")
    return text.translate(_TO_SURROGATE).encode("utf-8", "surrogateescape")


def read_prototxt(path: Path) -> str:
    """The text of a prototxt file, line ends as written; NetError when it is not one."""
    content = read_file(path, MAX_FILE_BYTES, error=NetError)
    kind = file_kind(content[:HEAD_BYTES])
    if kind is not None:
        raise NetError(f"{path.name} is {kind.words}, not a prototxt.", hint=kind.hint)
    if b"\0" in content:
        raise NetError(f"{path.name} is not a text file.", hint=_NO_TEXT)
    return decode_prototxt(content)


def write_prototxt(path: Path, text: str) -> None:
    """Save a text; one that was not edited gives the bytes it was read from.

    Raises AppError when the disk refuses.
    """
    write_file(path, encode_prototxt(text))
