"""Names in rooms that no elision of theirs fits: their number, and as much of their end as fits."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from core.net.elision import Measure

_ELLIPSIS = "…"
_NUMBER = re.compile(r"\d+(?:_\d+)*")
_JOINT = re.compile(r"[/_]")
_LEAST_END = 2


def squeeze_name(name: str, room: float, measure: Measure, taken: Collection[str] = ()) -> str:
    """A name in at most `room`, unlike any text in `taken` where any way is left.

    "conv14_2_mbox_loc_*" becomes "14_2…loc_*": the number says which row of a net it is, the end
    which branch. One way that fits is returned even where all are taken; "" where none fits.
    """
    first = ""
    for text in _ways(name):
        if measure(text) > room:
            continue
        if text not in taken:
            return text
        first = first or text
    return first


def keeps_number(text: str, name: str) -> bool:
    """Whether a shortened name still has the first number of the whole one."""
    number = _NUMBER.search(name)
    return number is None or number.group() in text


def _ways(name: str) -> Iterator[str]:
    """The most telling first: whole parts at the end, then letters, then any two ends."""
    yield name
    number = _NUMBER.search(name)
    if number is not None:
        yield _ELLIPSIS + name[number.start() :]
        if number.end() == len(_stem(name)):
            yield _ELLIPSIS + number.group()
        for end in _ends(name, number.end()):
            yield f"{number.group()}{_ELLIPSIS}{end}"
    for n_letters in range(len(name) - 1, 1, -1):
        for n_end in sorted(range(1, n_letters + 1), key=lambda n: abs(2 * n - n_letters)):
            yield f"{name[: n_letters - n_end]}{_ELLIPSIS}{name[-n_end:]}"


def _ends(name: str, after: int) -> Iterator[str]:
    """What follows a joint behind `after`, the longest first; then letters, without a fold's *."""
    stem = _stem(name)
    for text in (name, stem):
        for joint in _JOINT.finditer(text, after):
            if len(text) - joint.end() >= _LEAST_END:
                yield text[joint.end() :]
    for start in range(after + 1, len(stem)):
        yield stem[start:]


def _stem(name: str) -> str:
    return name.removesuffix("*").rstrip("/_")
