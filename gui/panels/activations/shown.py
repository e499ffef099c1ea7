"""What the activations panel shows: values after a pass, with their channels in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.activations.channel_stack import ChannelStack, channel_stack
from core.activations.channels import ChannelOrder
from core.activations.statistics import split_finite
from core.activations.tiles import RangeScope, clipped_range
from core.words import share_text, value_text


@dataclass(frozen=True)
class ShownValue:
    """One value to show: (layer, top), its one spelling, and which top of its layer it is."""

    layer: str
    top: str
    words: str
    top_index: int = 0


@dataclass(frozen=True)
class Pin:
    """A channel that stays in view: the layer, which of its tops, and the channel's number."""

    layer: str
    top_index: int
    channel: int


@dataclass(frozen=True)
class PinnedValue:
    """A pin with the value that it is a channel of, as the net has it now."""

    pin: Pin
    value: ShownValue

    @property
    def words(self) -> str:
        """The layer and the channel: "relu5_3 #445"."""
        return f"{self.value.layer} #{self.pin.channel}"


@dataclass(frozen=True)
class ActivationRequest:
    """What to read: the values shown side by side, and those that pins are channels of."""

    values: tuple[ShownValue, ...]
    pins: tuple[PinnedValue, ...] = ()
    at: tuple[tuple[int, int], ...] = ()
    """The index of each open axis, as (axis, index)."""

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """(layer, top) of all there is to read, each once."""
        shown = ((one.layer, one.top) for one in self.values)
        pinned = ((one.value.layer, one.value.top) for one in self.pins)
        return tuple(dict.fromkeys((*shown, *pinned)))


@dataclass(frozen=True, eq=False)
class ShownCard:
    """One value: its array with all axes, and the channels at the chosen indices."""

    value: ShownValue
    array: np.ndarray
    stack: ChannelStack

    @cached_property
    def numbers(self) -> str:
        """ "−2.097 to 1.973, mean −0.0970, 58.2 % zeros" of all values of the array."""
        finite, n_nan, n_inf = split_finite(self.array.reshape(-1))
        n_lost = f", {n_nan:,} NaN, {n_inf:,} Inf" if n_nan + n_inf else ""
        if not finite.size:
            return f"no finite value{n_lost}"
        zeros = share_text(int(finite.size - np.count_nonzero(finite)), self.array.size)
        mean = value_text(float(finite.mean(dtype=np.float64)))
        low, high = value_text(float(finite.min())), value_text(float(finite.max()))
        return f"{low} to {high}, mean {mean}, {zeros} zeros{n_lost}"

    def measure(self) -> ShownCard:
        """Measure now what is shown of it, on a thread that may take its time; returns itself."""
        self.stack.measure()
        _ = self.numbers
        return self

    def value_at(self, channel: int, y: int, x: int) -> float | None:
        """The value in one cell; None where there is no such cell."""
        n_channels, height, width = self.stack.maps.shape
        if not (0 <= channel < n_channels and 0 <= y < height and 0 <= x < width):
            return None
        return float(self.stack.maps[channel, y, x])


@dataclass(frozen=True, eq=False)
class Drawing:
    """How cards are drawn, so that they compare.

    orders: the channels of each card in display order; cards with as many channels as the leader
    have its order, so that a channel stands at the same place in all of them. highs: of each card,
    (n_channels,) the magnitude at the end of its scale; low: the value at its beginning where it
    does not go both ways. is_diverging: whether colours go both ways. scope: whose range it is.
    is_clipped: whether values lie beyond it. enlarged: the card of which a channel is enlarged.
    """

    cards: tuple[ShownCard, ...] = ()
    leader: int = 0
    enlarged: int = 0
    orders: tuple[tuple[int, ...], ...] = ()
    highs: tuple[np.ndarray, ...] = ()
    is_diverging: bool = False
    scope: RangeScope = "layer"
    low: float = 0.0
    is_clipped: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether every channel of every card has the same scale."""
        return self.scope != "channel"


def cards_of(
    request: ActivationRequest,
    arrays: Mapping[tuple[str, str], np.ndarray],
    at: Mapping[int, int] | None = None,
) -> tuple[ShownCard, ...]:
    """A card for each value that was asked for; at: the index of each open axis."""
    read = ((one, arrays[one.layer, one.top]) for one in request.values)
    return tuple(ShownCard(one, array, channel_stack(array, at)) for one, array in read)


def drawing_of(
    cards: Sequence[ShownCard],
    leader: int,
    order: ChannelOrder,
    scope: RangeScope,
    enlarged: int | None = None,
) -> Drawing:
    """How to draw `cards`: sorted by the leader, with one scale for all or one for each channel.

    Of "percentile" the scale holds the 1st to the 99th percentile of each card; where that is
    nothing, as of a layer that is nearly all 0, it is the whole range.
    """
    if not cards:
        return Drawing()
    maps = [card.stack.maps for card in cards]
    leading = cards[leader].stack.order(order)
    orders = tuple(leading if len(one) == len(leading) else tuple(range(len(one))) for one in maps)
    highs = [card.stack.highs for card in cards]
    is_diverging = any(card.stack.is_signed for card in cards)
    low, most, is_clipped = 0.0, max(float(one.max(initial=0.0)) for one in highs), False
    if scope == "percentile":
        clipped = clipped_range((c.stack.percentiles for c in cards), is_diverging=is_diverging)
        is_clipped = clipped is not None
        low, most = (low, most) if clipped is None else clipped
    if scope != "channel":
        highs = [np.full(len(one), most) for one in highs]
    ends = tuple(np.where(one == 0, 1.0, one) for one in highs)  # of all zeros, to divide by
    shown = leader if enlarged is None else enlarged
    return Drawing(tuple(cards), leader, shown, orders, ends, is_diverging, scope, low, is_clipped)
