"""What stands out among the values of a net, in sentences: NaN, constant layers, dead channels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from core.activations.spreads import ValueSpread
from core.engines.values import Value
from core.net.definition import Net
from core.words import plural

Kind = Literal["nan", "inf", "zero", "constant", "exploding", "dead"]
_GREAT_RMS = 1e6
_GREAT_GAIN = 1000.0
_MOST_NAMED = 3


@dataclass(frozen=True)
class Anomaly:
    """One thing that stands out: of which value, and in a sentence of its own."""

    kind: Kind
    value: Value
    sentence: str


@dataclass(frozen=True)
class Findings:
    """All anomalies; sentence: the gravest, rest: what there is none of."""

    anomalies: tuple[Anomaly, ...]
    sentence: str
    rest: str


def find_anomalies(net: Net, spreads: Mapping[Value, ValueSpread], n_images: int) -> Findings:
    """What stands out, in the order of the net; spreads: of any values, over n_images images.

    Each is told where it begins: what a layer only passes on is not told again. What comes from no
    layer, such as labels, counts for NaN and Inf alone.
    """
    search = _Search(net, spreads, n_images)
    found = [one for value in spreads for one in search.of(value)]
    said = " ".join(
        sentence
        for kind in _GRAVEST_FIRST
        for sentence in _told(search, [one for one in found if one.kind == kind])
    )
    kinds = {one.kind for one in found}
    without = [words for kind, words in _WITHOUT.items() if not kinds & set(kind)]
    rest = ", ".join(without)
    return Findings(tuple(found), said, f"{rest[:1].upper()}{rest[1:]}." if rest else "")


_GRAVEST_FIRST: tuple[Kind, ...] = ("nan", "inf", "zero", "constant", "exploding", "dead")
_WITHOUT: dict[tuple[Kind, ...], str] = {
    ("nan",): "no NaN",
    ("inf",): "no Inf",
    ("zero", "constant"): "no constant layer",
    ("dead",): "no dead channel",
}


class _Search:
    """Looks at one value after the other; what they read is looked at before them."""

    def __init__(self, net: Net, spreads: Mapping[Value, ValueSpread], n_images: int) -> None:
        self._net, self._spreads = net, spreads
        self.over = "for this image" if n_images == 1 else f"over {plural(n_images, 'image')}"

    def of(self, value: Value) -> Iterable[Anomaly]:
        """The anomalies of one value that it does not just pass on."""
        spread = self._spreads[value]
        before = [self._spreads[one] for one in self._read(value) if one in self._spreads]
        name = self.name(value)
        for kind, word, count in (("nan", "NaN", spread.n_nan), ("inf", "Inf", spread.n_inf)):
            if count and not any(getattr(one, f"n_{kind}") for one in before):
                share = f"{count:,} of {plural(spread.n_values, 'value')}"
                said = f"{name} holds {word}, {share} {self.over}."
                yield Anomaly("nan" if kind == "nan" else "inf", value, said)
        if not self._net.layer(value.layer).bottoms:
            return
        if spread.is_constant and not any(one.is_constant for one in before):
            kind_of: Kind = "constant" if spread.maximum else "zero"
            yield Anomaly(kind_of, value, f"{name} is {spread.maximum:.4g} everywhere {self.over}.")
        elif not spread.is_constant:
            yield from self._scale(value, spread, before)
            yield from self._dead(value, spread, before)

    def _scale(
        self, value: Value, spread: ValueSpread, before: Sequence[ValueSpread]
    ) -> Iterable[Anomaly]:
        rms, read = _rms(spread), max((_rms(one) for one in before), default=math.nan)
        name = self.name(value)
        if rms > _GREAT_RMS and not read > _GREAT_RMS:
            yield Anomaly("exploding", value, f"{name} has a root mean square of {rms:.2g}.")
        elif read > 0 and rms > 1 and rms > _GREAT_GAIN * read:
            words = f"{name} has a root mean square of {rms:.2g}, {rms / read:,.0f} times what it"
            yield Anomaly("exploding", value, f"{words} reads.")

    def _dead(
        self, value: Value, spread: ValueSpread, before: Sequence[ValueSpread]
    ) -> Iterable[Anomaly]:
        if not spread.dead or spread.dead in _dead_as_read(before):
            return
        yield Anomaly(
            "dead", value, f"{self.dead_share(value)} {self.dead_verb(value)} {self.over}."
        )

    def dead_share(self, value: Value) -> str:
        """ "31 of 512 channels of relu5_3"."""
        spread = self._spreads[value]
        of = plural(spread.n_channels, "channel")
        return f"{len(spread.dead):,} of {of} of {self.name(value)}"

    def dead_verb(self, value: Value) -> str:
        """What dead channels do; those of values that never lie below 0 could fire."""
        is_one = len(self._spreads[value].dead) == 1
        if self._spreads[value].minimum >= 0:
            return "never fires" if is_one else "never fire"
        return "is always 0" if is_one else "are always 0"

    def short_share(self, value: Value) -> str:
        """ "118 of 4,096 of relu6"."""
        spread = self._spreads[value]
        return f"{len(spread.dead):,} of {spread.n_channels:,} of {self.name(value)}"

    def name(self, value: Value) -> str:
        """The layer, with the top where it writes several."""
        is_alone = len(self._net.layer(value.layer).tops) == 1
        return value.layer if is_alone else f"{value.layer}:{value.top}"

    def _read(self, value: Value) -> Iterable[Value]:
        versions = self._net.read(value.layer)
        return (Value(one.layer, one.blob) for one in versions if one is not None)


def _dead_as_read(before: Sequence[ValueSpread]) -> Iterable[tuple[int, ...]]:
    """Which channels are dead in a layer that only passes on, joins or combines what it reads."""
    yield from (one.dead for one in before)
    starts = accumulate((one.n_channels for one in before), initial=0)
    yield tuple(
        start + channel for start, one in zip(starts, before, strict=False) for channel in one.dead
    )
    if before:
        yield tuple(sorted(set.intersection(*(set(one.dead) for one in before))))


def _told(search: _Search, found: Sequence[Anomaly]) -> Iterable[str]:
    """A few of one kind; dead channels, most first, in one sentence."""
    if not found:
        return
    if found[0].kind != "dead":
        yield from (one.sentence for one in found[:_MOST_NAMED])
        if len(found) > _MOST_NAMED:
            yield f"So {_are(len(found) - _MOST_NAMED)} more."
        return
    values = sorted((one.value for one in found), key=lambda v: -len(search._spreads[v].dead))
    first, *others = values
    words = [f"{search.dead_share(first)} {search.dead_verb(first)} {search.over}"]
    words += [search.short_share(value) for value in others[: _MOST_NAMED - 1]]
    left = len(others) - (_MOST_NAMED - 1)
    yield ", ".join(words) + (f", and some of {plural(left, 'layer')} more." if left > 0 else ".")


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count:,}"


def _rms(spread: ValueSpread) -> float:
    return spread.l2 / math.sqrt(spread.n_finite) if spread.n_finite else math.nan
