"""What the activations panel shows: values after a pass, with their channels in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.activations.channel_stack import ChannelStack, channel_stack
from core.activations.channels import ChannelOrder
from core.activations.tile_grid import has_negative, highest, highest_of_each
from core.activations.tiles import RangeScope


@dataclass(frozen=True)
class ShownValue:
    """One value to show: (layer, top), its one spelling, and its layer's type."""

    layer: str
    top: str
    words: str
    type: str = ""


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
    (n_channels,) the magnitude at the end of its scale. is_diverging: whether colours go both ways.
    """

    cards: tuple[ShownCard, ...] = ()
    leader: int = 0
    orders: tuple[tuple[int, ...], ...] = ()
    highs: tuple[np.ndarray, ...] = ()
    is_diverging: bool = False
    is_shared: bool = True


def cards_of(
    request: ActivationRequest,
    arrays: Mapping[tuple[str, str], np.ndarray],
    at: Mapping[int, int] | None = None,
) -> tuple[ShownCard, ...]:
    """A card for each value that was asked for; at: the index of each open axis."""
    read = ((one, arrays[one.layer, one.top]) for one in request.values)
    return tuple(ShownCard(one, array, channel_stack(array, at)) for one, array in read)


def drawing_of(
    cards: Sequence[ShownCard], leader: int, order: ChannelOrder, scope: RangeScope
) -> Drawing:
    """How to draw `cards`: sorted by the leader, with one scale for all or one for each channel."""
    if not cards:
        return Drawing()
    maps = [card.stack.maps for card in cards]
    leading = cards[leader].stack.order(order)
    orders = tuple(leading if len(one) == len(leading) else tuple(range(len(one))) for one in maps)
    if scope == "layer":
        high = highest(maps)
        highs = tuple(np.full(len(one), high) for one in maps)
    else:
        highs = tuple(highest_of_each(one) for one in maps)
    is_shared = scope == "layer"
    return Drawing(tuple(cards), leader, orders, highs, has_negative(maps), is_shared)
