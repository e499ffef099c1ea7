"""Shortens the names of a list so that what tells neighbours apart stays to be read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain, pairwise
from typing import NamedTuple

ELLIPSIS = "…"
Measure = Callable[[str], float]
"""The width of a text, in the unit of the room; a longer text is never narrower by much."""
_JOINT = re.compile(r"[/_\-]| · ")
_WORD = re.compile(r"[^\W\d_]+")
_LAST_PART = re.compile(r"[^\W\d_]*(@\d+)?$")
_VALUE = re.compile(r"(.+) · .+?(@\d+)((?:, .*)?)")
"""Layer, the version of the blob that it writes, and what more there is to say of it."""
_LEAST_WORD = 3
"""Letters; a shorter word gains nothing from losing its end."""


def elide_names(
    names: Sequence[str], room: float | Sequence[float], measure: Measure
) -> tuple[str, ...]:
    """What to write for each name of a list, in at most `room`; different names read different.

    names: in the order shown, since a name is compared with those above and below it.
    room: one width for all, or one for each name. A name that fits stays whole. Else the
    blob's name goes before the layer's (`relu7 · @1`), then the parts that a neighbour begins
    with as well (`…3x3_reduce`), then the ends of words, shared and long ones first
    (`res2a_b…2a@0`). The last part, digits and @n stay while there is another way.
    A name that no way makes fit is longer than its room: it is not told apart by less.
    """
    rooms: dict[str, float] = {}
    for name, one in zip(names, _each(room, len(names)), strict=True):
        rooms[name] = min(one, rooms.get(name, one))
    shown = _tell_apart(
        _surroundings(names), lambda name, around: _fitting(name, around, rooms[name], measure)
    )
    return tuple(shown[name] for name in names)


def elide_name(name: str, room: float, measure: Measure, near: Sequence[str] = ()) -> str:
    """One name among those near it, as `elide_names` writes it; the near ones are whole.

    near: in their order, with as many before the name as after it.
    """
    if measure(name) <= room:
        return name
    half = len(near) // 2
    rooms = [measure(other) for other in near]
    names, widths = [*near[:half], name, *near[half:]], [*rooms[:half], room, *rooms[half:]]
    return elide_names(names, widths, measure)[half]


def least_rooms(names: Sequence[str], measure: Measure) -> tuple[float, float]:
    """The room in which every name can be told apart without losing a digit.

    First without losing letters of its last part either, then in any way.
    """
    around = _surroundings(names)
    shown = [
        _tell_apart(around, partial(_narrowest, measure=measure, is_last_whole=is_whole))
        for is_whole in (True, False)
    ]
    at_ease, at_all = (max(map(measure, those.values()), default=0.0) for those in shown)
    return at_ease, at_all


class _Around(NamedTuple):
    """What a name is told from: those above and below; and its endings that no other name has."""

    near: tuple[str, ...]
    endings: tuple[str, ...]


def _surroundings(names: Sequence[str]) -> dict[str, _Around]:
    """What each name is told from."""
    near = _neighbours(names)
    endings = {name: _endings(name, near[name]) for name in near}
    n_alike = Counter(ending for those in endings.values() for ending in those)
    return {
        name: _Around(tuple(near[name]), tuple(one for one in those if n_alike[one] == 1))
        for name, those in endings.items()
    }


def _tell_apart(
    around: Mapping[str, _Around], ways_of: Callable[[str, _Around], Iterator[str]]
) -> dict[str, str]:
    """The first way of each name that is no other's; the last way of each is the name itself."""
    ways = {name: ways_of(name, those) for name, those in around.items()}
    shown = {name: next(way) for name, way in ways.items()}
    taken: set[str] = set()
    while clashes := _clashes(shown):
        taken.update(clashes)
        for text, those in clashes.items():
            for name in those:
                if text != name:
                    shown[name] = next(t for t in ways[name] if t not in taken or t == name)
    return shown


def _each(room: float | Sequence[float], n: int) -> Sequence[float]:
    return room if isinstance(room, Sequence) else [room] * n


def _neighbours(names: Sequence[str]) -> dict[str, list[str]]:
    near: dict[str, list[str]] = {name: [] for name in names}
    for above, below in pairwise(names):
        if above != below:
            near[above].append(below)
            near[below].append(above)
    return near


def _clashes(shown: dict[str, str]) -> dict[str, list[str]]:
    """Texts that stand for more than one name, with those names."""
    readers: dict[str, list[str]] = defaultdict(list)
    for name, text in shown.items():
        readers[text].append(name)
    return {text: those for text, those in readers.items() if len(those) > 1}


def _n_shared(name: str, other: str) -> int:
    """With how many letters both begin."""
    for n, (one, two) in enumerate(zip(name, other, strict=False)):
        if one != two:
            return n
    return min(len(name), len(other))


def _endings(name: str, near: Sequence[str]) -> list[str]:
    """What stays without the leading parts that a neighbour begins with, the longest first."""
    shared = max((_n_shared(name, other) for other in near), default=0)
    ends = (joint.end() for joint in _JOINT.finditer(name, 0, shared))
    return [name[end:] for end in ends if end < len(name)]


def without_blob(name: str) -> str:
    """ "relu7 · fc7@1" as "relu7 · @1"; another name as it is."""
    value = _VALUE.fullmatch(name)
    return f"{value[1]} · {value[2]}{value[3]}" if value else name


def _fitting(name: str, around: _Around, room: float, measure: Measure) -> Iterator[str]:
    """Ever less welcome texts: the last part whole, shortened, cut anywhere; those too long."""
    if measure(name) <= room:
        yield name
    bare = without_blob(name)
    if bare != name:
        yield from (text for text in _bare(bare, name, around) if measure(text) <= room)
    for is_last_whole in (True, False):
        texts = _shorter(name, around, is_last_whole=is_last_whole)
        yield from (text for text in texts if measure(text) <= room)
    yield from _cut(name, around.near, room, measure)
    yield from _narrowest(name, around, measure, is_last_whole=False)


def _bare(bare: str, name: str, around: _Around) -> tuple[str, ...]:
    """Ever shorter texts of a value without its blob's name."""
    gone = (len(name) - len(ending) for ending in around.endings)
    endings = tuple(bare[n:] for n in gone if n < bare.index(" · "))
    near = tuple(without_blob(other) for other in around.near)
    return (bare, *_shorter(bare, _Around(near, endings), is_last_whole=True))


def _narrowest(
    name: str, around: _Around, measure: Measure, *, is_last_whole: bool
) -> Iterator[str]:
    texts = {name, *_shorter(name, around, is_last_whole=is_last_whole)}
    yield from (text for _, text in sorted((measure(text), text) for text in texts))
    yield name


@lru_cache(maxsize=8192)  # a table asks for the same names again at each width of each column
def _shorter(name: str, around: _Around, *, is_last_whole: bool) -> tuple[str, ...]:
    """Without leading parts, then with shortened words."""
    known = {word for other in around.near for word in _WORD.findall(other)}
    last = _LAST_PART.search(name)
    end = last.start() if last and is_last_whole else len(name)
    short = (
        _with_short_words(name, len(name) - len(ending), end, known)
        for ending in (name, *around.endings)
    )
    return (*(ELLIPSIS + ending for ending in around.endings), *chain.from_iterable(short))


def _with_short_words(name: str, cut: int, end: int, known: set[str]) -> Iterator[str]:
    """Words between `cut` and `end` lose their ends, one after the other."""
    words = [w for w in _WORD.finditer(name, cut, end) if len(w[0]) >= _LEAST_WORD]
    words.sort(key=lambda word: (word[0] not in known, -len(word[0])))
    kept: dict[int, int] = {}
    for word in words:
        for n_letters in range(len(word[0]) - 2, 0, -1):
            kept[word.start()] = n_letters
            text = _WORD.sub(
                lambda w: w[0][: kept[w.start()]] + ELLIPSIS if w.start() in kept else w[0], name
            )
            yield ELLIPSIS + text[cut:] if cut else text


def _cut(name: str, near: Sequence[str], room: float, measure: Measure) -> Iterator[str]:
    """As many letters as fit: both ends, the end, the beginning, around what differs."""
    places = sorted({_n_shared(name, other) for other in near})
    pieces: list[Callable[[int], str]] = [
        lambda n: name[: (n + 1) // 2] + ELLIPSIS + name[len(name) - n // 2 :],
        lambda n: ELLIPSIS + name[len(name) - n :],
        lambda n: name[:n] + ELLIPSIS,
    ]
    pieces += [partial(_piece_around, name, place) for place in places]
    for piece in pieces:
        fewest, most = 0, len(name) - 1
        while fewest < most:
            middle = (fewest + most + 1) // 2
            if measure(piece(middle)) <= room:
                fewest = middle
            else:
                most = middle - 1
        if fewest:
            yield piece(fewest)


def _piece_around(name: str, place: int, n_letters: int) -> str:
    left, right = max(0, place - n_letters // 2), place + (n_letters + 1) // 2
    return ELLIPSIS + name[left:right] + ELLIPSIS
