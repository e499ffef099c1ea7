"""JSON documents with values that no reader expects at places by chance."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

HOLE = "@@hole@@"
"""Where text comes in that json.dumps would not write."""

RAW = (
    "NaN", "-Infinity", "1e999", "-0", "1" * 5000, "[" * 100_000, '{"a":' * 50_000,
    "[" * 70 + "]" * 70,
    '"\\ud800"', '"\\u0000"', "01", "'a'", "", '{"a": 1, "a": 2}', '"' + "x" * 70_000 + '"',
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 255, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64,
    -(2**63), 10**400, 0.5, 1e-320, 1e308, -1e308, 3.0, "", "x", "\0", "\ud800", "é", "1", "null",
    "..", "/", "/dev/zero", "/proc/self/mem", "../../../../etc/passwd", "a" * 300, "a/" * 3000,
    "\x1b[2J", [], {}, [[]], [None], [1, 2, 3], ["a", "b"], {"a": {"b": []}}, {"": 0}, HOLE, HOLE,
)  # fmt: skip

Path = tuple[Any, ...]


def places(value: Any, at: Path = ()) -> list[Path]:
    """Where each value of a document stands, the document itself first."""
    found = [at]
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for key, one in inner:
        found += places(one, (*at, key))
    return found


def put(document: Any, at: Path, value: Any) -> Any:
    """The document with another value at a place."""
    if not at:
        return value
    holder = document
    for key in at[:-1]:
        holder = holder[key]
    holder[at[-1]] = value
    return document


def get(document: Any, at: Path) -> Any:
    """The value at a place."""
    for key in at:
        document = document[key]
    return document


def changed(document: Any, rng: random.Random) -> Any:
    """A copy after one change: a value swapped, taken out, repeated, or put in another's place."""
    document = copy.deepcopy(document)
    found = places(document)
    at = rng.choice(found)
    kind = rng.choice(("odd", "odd", "odd", "near", "drop", "repeat", "swap", "add"))
    value = get(document, at)
    if kind == "near" and isinstance(value, int | float) and not isinstance(value, bool):
        half = value * 0.5 if abs(value) < 1e9 else 0
        return put(document, at, rng.choice((value + 1, -value, value * 1000, half, "7", [value])))
    if kind == "drop" and at:
        del get(document, at[:-1])[at[-1]]
        return document
    if kind == "repeat" and isinstance(value, list):
        return put(document, at, value * rng.choice((2, 50, 1000)))
    if kind == "swap":
        return put(document, at, copy.deepcopy(get(document, rng.choice(found))))
    if kind == "add" and isinstance(value, dict):
        value[rng.choice(("", "x", "schema", "\0", "a" * 300))] = rng.choice(ODD)
        return document
    return put(document, at, rng.choice(ODD))


def text_of(document: Any, rng: random.Random) -> str:
    """The document as JSON, with odd text in its holes."""
    text = json.dumps(document)
    while f'"{HOLE}"' in text:
        text = text.replace(f'"{HOLE}"', rng.choice(RAW), 1)
    return text


def damaged(raw: bytes, rng: random.Random) -> bytes:
    """The bytes after a flip, a cut, a repeat, or in another encoding."""
    if not raw:
        return raw
    at = rng.randrange(len(raw))
    end = min(len(raw), at + rng.choice((1, 2, 8, 64)))
    kind = rng.choice(("bit", "cut", "repeat", "end", "any", "utf-16", "mark"))
    if kind == "bit":
        return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]
    if kind == "utf-16":
        return raw.decode("utf-8", "replace").encode("utf-16", "replace")
    if kind == "mark":
        return b"\xef\xbb\xbf" + raw
    middle = {"cut": b"", "repeat": raw[at:end] * rng.choice((2, 30)), "any": rng.randbytes(4)}
    return raw[:at] + middle.get(kind, b"") + (b"" if kind == "end" else raw[end:])


def mutated(document: Any, rng: random.Random) -> bytes:
    """The text of a document after some changes of its values, of its bytes, or of both."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        document = changed(document, rng)
    raw = text_of(document, rng).encode("utf-8", "surrogatepass")
    return damaged(raw, rng) if rng.random() < 0.2 else raw


@st.composite
def json_bytes(draw: st.DrawFn, bases: Callable[[], Sequence[Any]]) -> bytes:
    """One of the documents, mutated."""
    rng = draw(st.randoms(use_true_random=True))
    return mutated(rng.choice(bases()), rng)
