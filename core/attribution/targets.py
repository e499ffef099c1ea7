"""What is explained: a class's score, a channel, or the similarity to another image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.engines.values import Value
from core.errors import RequestError
from core.measures.measure import Pool

OfScore = Literal["before", "after"]
GAP = Pool("gap")
How = Literal["sum", "max", "place"]


@dataclass(frozen=True)
class ClassTarget:
    """The score of a class, or by how much it is above that of another one.

    number: None for the best. minus: the class whose score is taken away. of: before the Softmax
    that makes probabilities, or after it; the same in a net without one.
    """

    number: int | None = None
    minus: int | None = None
    of: OfScore = "before"


@dataclass(frozen=True)
class ChannelTarget:
    """A channel of a value: the sum over its places, its maximum, or one place (row, column)."""

    value: Value
    channel: int
    how: How = "sum"
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class MatchTarget:
    """The cosine of the pooled descriptors of the picture and of another one."""

    image: Path
    value: Value
    pool: Pool = GAP


Target = ClassTarget | ChannelTarget | MatchTarget
_CLASS = re.compile(r"(\d+)(?:-(\d+))?\Z")
_HOW = re.compile(r"(sum|max|(\d+),(\d+))\Z")


@dataclass(frozen=True)
class TargetWord:
    """A target in words, its layer not yet looked for: kind, layer, and what else it says."""

    kind: Literal["class", "channel", "match"]
    layer: str = ""
    rest: str = ""
    how: str = "sum"


def split_target(word: str) -> TargetWord:
    """ "top", "class:497", "class:497-663", "channel:LAYER:17[:max|:sum|:3,4]" or
    "match:OTHER.jpg@LAYER". Raises RequestError.
    """
    kind, _, rest = word.partition(":")
    if word == "top" or (kind == "class" and (rest == "top" or _CLASS.match(rest))):
        return TargetWord("class", rest="" if rest == "top" else rest)
    if kind == "match" and "@" in rest:
        image, _, layer = rest.rpartition("@")
        if image and layer:
            return TargetWord("match", layer, image)
    if kind == "channel":
        parts = rest.split(":")
        how = parts.pop() if len(parts) > 2 and _HOW.match(parts[-1]) else "sum"
        if len(parts) > 1 and parts[-1].isdecimal():
            return TargetWord("channel", ":".join(parts[:-1]), parts[-1], how)
    raise RequestError(
        f"'{word}' is no target.",
        hint="Write top, class:497, class:497-663, channel:LAYER:17, channel:LAYER:17:max, "
        "channel:LAYER:17:3,4 or match:OTHER.jpg@LAYER.",
    )


def class_target(rest: str, of: OfScore) -> ClassTarget:
    """ "497", "497-663" or "" for the best."""
    found = _CLASS.match(rest)
    if found is None:
        return ClassTarget(of=of)
    minus = None if found[2] is None else int(found[2])
    return ClassTarget(int(found[1]), minus, of)


def channel_target(value: Value, channel: str, how: str) -> ChannelTarget:
    """how: "sum", "max" or "3,4"."""
    if how in ("sum", "max"):
        return ChannelTarget(value, int(channel), "sum" if how == "sum" else "max")
    row, _, column = how.partition(",")
    return ChannelTarget(value, int(channel), "place", (int(row), int(column)))
