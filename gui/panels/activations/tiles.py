"""What the activations panel draws: one card for each value, every channel in one mosaic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.activations.channels import ChannelMaps, ChannelOrder
from core.activations.tiles import DrawnChannels, Mosaic, RangeScope
from core.words import value_text


@dataclass(frozen=True)
class ShownValue:
    """One value to show: (layer, top), and the words over its card."""

    layer: str
    top: str
    title: str
    subtitle: str


@dataclass(frozen=True)
class ShowChoice:
    """One entry of Show: "relu7" with one value, "whole chain of fc7" with several."""

    text: str
    kind: str
    values: tuple[ShownValue, ...]


@dataclass(frozen=True)
class ActivationRequest:
    """What to read and how to draw it; `aspect` is the width over height of a card's room."""

    values: tuple[ShownValue, ...]
    order: ChannelOrder = "index"
    scope: RangeScope = "layer"
    aspect: float = 1.6


@dataclass(frozen=True, eq=False)
class TileCard:
    """One value as drawn: its array (n_images, ...), its maps and their mosaic."""

    value: ShownValue
    array: np.ndarray
    channels: ChannelMaps
    mosaic: Mosaic
    caption: str

    def value_at(self, map_index: int, y: int, x: int) -> float | None:
        """The value in one cell; None where this card has no such cell."""
        n_maps, height, width = self.channels.maps.shape
        if not (map_index < n_maps and y < height and x < width):
            return None
        if self.channels.is_vector and self.channels.vector_index(y, x) is None:
            return None
        return float(self.channels.maps[map_index, y, x])

    def place(self, map_index: int, y: int, x: int) -> str:
        """Where a cell stands: "channel 12, row 3, column 5" or "value 812"."""
        if self.channels.is_vector:
            return f"value {self.channels.vector_index(y, x)}"
        name = self.channels.name(map_index)
        return f"channel {name}, row {y}, column {x}"


def build_cards(request: ActivationRequest, drawn: Sequence[DrawnChannels]) -> tuple[TileCard, ...]:
    """The cards of `request`, from its values as drawn."""
    cards: list[TileCard] = []
    for value, one in zip(request.values, drawn, strict=True):
        caption = _caption(one.array, cards)
        cards.append(TileCard(value, one.array, one.channels, one.mosaic, caption))
    return tuple(cards)


def _caption(array: np.ndarray, earlier: Sequence[TileCard]) -> str:
    for card in reversed(earlier):
        if np.array_equal(card.array, array):
            return f"equal to {card.value.title} at TEST"
    finite = array[np.isfinite(array)]
    if not finite.size:
        return "no finite value"
    ends = f"{value_text(float(finite.min()))} ... {value_text(float(finite.max()))}"
    n_lost = array.size - finite.size
    return f"{ends}, {n_lost:,} NaN or Inf" if n_lost else ends
