"""Quoted strings of prototxt text, read as protobuf reads them."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|[xX](?P<hex>[0-9a-fA-F]{1,2})|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|(?P<simple>[abfnrtv\\?'\"])|(?P<unknown>.))"
)
_SIMPLE = dict(zip("abfnrtv\\?'\"", "\a\b\f\n\r\t\v\\?'\"", strict=True))


def unquote(written: str) -> str:
    """The value of a quoted string; an escape protobuf does not know stays as written.

    Escapes may spell bytes: those that are no UTF-8 are shown as ``\\xe9``.
    """
    inner = written[1:-1]
    if "\\" not in inner:
        return inner
    raw, offset = b"", 0
    for match in _ESCAPE.finditer(inner):
        raw += inner[offset : match.start()].encode() + _value(match)
        offset = match.end()
    return (raw + inner[offset:].encode()).decode("utf-8", "backslashreplace")


def unknown_escape(written: str) -> str:
    """The first escape that protobuf refuses, such as ``\\d`` in a Windows path, else ""."""
    found = (match for match in _ESCAPE.finditer(written) if match["unknown"])
    return next((match.group() for match in found), "")


def _value(match: re.Match[str]) -> bytes:
    if match["octal"]:
        return bytes([int(match["octal"], 8) & 0xFF])
    if match["hex"]:
        return bytes([int(match["hex"], 16)])
    if match["simple"]:
        return _SIMPLE[match["simple"]].encode()
    if match["unknown"]:
        return match.group().encode()
    # half of a surrogate pair is no character of its own
    return chr(int(match["short"] or match["long"], 16)).encode("utf-8", "replace")
