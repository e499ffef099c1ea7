"""What is written over a value right after its layer, before anybody reads it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from core.engines.values import Value
from core.errors import EngineError

How = Literal["multiply", "put", "elsewhere", "array"]


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One change of one value, (n_images, channels, ...).

    how: "multiply" channels by the number, "put" it there, put it "elsewhere", which is in all
    other channels, or put an "array" of the value's shape there. channels: () for all of the value.
    row: of the one image that it is for, -1 for all.
    """

    value: Value
    how: How
    channels: tuple[int, ...] = ()
    number: float = 0.0
    row: int = -1

    @property
    def plain(self) -> list[object]:
        """As core.engines.overwriting takes it."""
        return [self.how, list(self.channels), self.row, self.number]


@dataclass(frozen=True, eq=False)
class Writing:
    """A change with the array that it puts, None for the others."""

    change: Change
    array: np.ndarray | None = None


@dataclass(frozen=True)
class Moved:
    """A value that a pass with changes gives other bits than the pass before it.

    cosine: between both; largest: the largest difference of a value, infinite for another shape.
    """

    value: Value
    cosine: float
    largest: float


def join_writings(changes: Sequence[Change], arrays: Sequence[np.ndarray]) -> tuple[Writing, ...]:
    """Changes with their arrays, which come in the order of the changes that want one."""
    n_wanted = sum(change.how == "array" for change in changes)
    if n_wanted != len(arrays):
        raise EngineError(f"{len(arrays)} arrays are given for {n_wanted} changes.")
    rest = iter(arrays)
    return tuple(Writing(one, next(rest) if one.how == "array" else None) for one in changes)


def check_writing(writing: Writing, shape: Sequence[int]) -> None:
    """EngineError where a change does not fit the shape of its value."""
    change, array = writing.change, writing.array
    where = f"'{change.value.top}' of layer '{change.value.layer}'"
    if change.channels or change.how == "elsewhere":
        n_channels = shape[1] if len(shape) > 1 else 0
        wrong = [one for one in change.channels if not 0 <= one < n_channels]
        if wrong or not n_channels:
            known = f"has channels 0 to {n_channels - 1}" if n_channels else "has no channels"
            raise EngineError(f"{where} {known}, so there is no channel {(*wrong, 0)[0]}.")
    if change.row >= (shape[0] if shape else 0):
        raise EngineError(f"{where} has no image {change.row}.")
    if array is None:
        if not math.isfinite(change.number):
            raise EngineError(f"{change.number} is no number to change {where} by.")
        return
    fits = array.ndim == len(shape) and tuple(array.shape[1:]) == tuple(shape[1:])
    if not fits or len(array) not in (1, shape[0]):
        raise EngineError(
            f"Values of shape {tuple(array.shape)} can't stand in for {where}, which is "
            f"{tuple(shape)}.",
            hint="Take an image of the same prepared size, or a layer of the same shape.",
        )


def by_value(writings: Iterable[Writing]) -> dict[Value, list[Writing]]:
    """The changes of each value, in their order."""
    found: dict[Value, list[Writing]] = {}
    for one in writings:
        found.setdefault(Value(*one.change.value), []).append(one)
    return found
