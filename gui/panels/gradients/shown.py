"""The plain values that the Gradients view shows."""

from __future__ import annotations

from dataclasses import dataclass

from core.attribution.explanation import Explanation
from core.attribution.methods import MethodName

CLASS, CHANNEL, MATCH = "class", "channel", "match"


@dataclass(frozen=True)
class ClassChoice:
    """A class that can be the target; share: its probability, None where none is known."""

    number: int
    name: str
    share: float | None = None

    @property
    def words(self) -> str:
        """ "church, class 497, 61 %"."""
        numbered = f"{self.name}, class {self.number}" if self.name else f"class {self.number}"
        return numbered if self.share is None else f"{numbered}, {share_words(self.share)}"


@dataclass(frozen=True)
class MethodRow:
    """A method in the list: its note, what it has taken or would take, and what it has found.

    waits: whether it is dear, and runs on a wish alone.
    """

    name: MethodName
    title: str
    note: str
    time: str = ""
    found: Explanation | None = None
    waits: bool = False


@dataclass(frozen=True, eq=False)
class OtherMap:
    """Another class explained by the same method."""

    number: int
    name: str
    share: str
    found: Explanation | None = None
    is_difference: bool = False


@dataclass(frozen=True)
class TargetWish:
    """What the user wants to be explained.

    number: of the class, None for the best. how: "sum" or "max" of the channel.
    """

    kind: str = CLASS
    number: int | None = None
    is_after: bool = False
    channel: int = 0
    how: str = "sum"


@dataclass(frozen=True, eq=False)
class NormRow:
    """The gradient's norm at a value, in words and as a share of the largest."""

    layer: str
    top: str
    words: str
    family: str
    norm: float
    share: float
    is_selected: bool = False
    is_target: bool = False


def share_words(share: float) -> str:
    """ "61 %", "0.4 %", "< 0.1 %"."""
    if share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def seconds_words(seconds: float) -> str:
    """ "0.3 s", "9.8 s", "1:20"."""
    if seconds >= 60:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
    if seconds < 0.05:
        return "< 0.1 s"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
