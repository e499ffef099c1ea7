"""The channels of a value with any number of axes: which axes need an index, and what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.activations.channels import ChannelOrder, channel_scores, order_channels
from core.activations.tile_grid import highest_of_each
from core.activations.tiles import percentile_ends


@dataclass(frozen=True)
class OpenAxis:
    """An axis that is shown one index at a time: 0 of a batch or sequence, or one in between."""

    axis: int
    size: int
    index: int = 0


@dataclass(frozen=True, eq=False)
class ChannelStack:
    """What is shown of a value: one map for each channel.

    maps: (n_channels, height, width) float32 or float64; each value of a vector is a channel of
    one cell. axes: those that have an index of their own. shape: of the value, without the axes
    that have an index, and without a batch of one.
    """

    maps: np.ndarray
    axes: tuple[OpenAxis, ...] = ()
    shape: tuple[int, ...] = ()

    @property
    def is_vector(self) -> bool:
        """Whether each channel is a single value."""
        return self.maps.shape[1:] == (1, 1)

    def order(self, by: ChannelOrder) -> tuple[int, ...]:
        """The channels in display order, greatest first; equal ones by number."""
        return tuple(order_channels(self.maps, by).tolist())

    @cached_property
    def highs(self) -> np.ndarray:
        """The greatest finite magnitude of each channel, (n_channels,) float64."""
        return highest_of_each(self.maps)

    @cached_property
    def percentiles(self) -> tuple[float, float]:
        """The 1st and 99th percentile of all finite values."""
        return percentile_ends(self.maps)

    @cached_property
    def is_signed(self) -> bool:
        """Whether any value lies below zero."""
        return bool((self.maps < 0).any())

    @cached_property
    def zero_channels(self) -> tuple[int, ...]:
        """The channels that are 0 at every place."""
        return tuple(np.flatnonzero(~self.maps.any(axis=(1, 2))).tolist())

    @cached_property
    def maxima(self) -> np.ndarray:
        """The greatest finite value of each channel, (n_channels,) float64, else -infinity."""
        found: np.ndarray = np.nan_to_num(channel_scores(self.maps)[1], nan=-np.inf)
        return found

    def rank_by_maximum(self, channel: int) -> int:
        """How many channels have a greater maximum, plus 1."""
        return int((self.maxima > self.maxima[channel]).sum()) + 1

    def measure(self) -> ChannelStack:
        """Measure now what is drawn from, so that a window need not; returns itself."""
        _ = self.highs, self.is_signed, self.zero_channels, self.maxima
        return self


def open_axes(shape: tuple[int, ...]) -> tuple[OpenAxis, ...]:
    """The axes of a value that are shown one index at a time.

    shape: (n, channels, height, width), (n, values) and so on. Axis 0 is one of them where it is
    longer than 1: a sequence, or regions; all between the channels and the last two are, where
    longer than 1.
    """
    inner = range(2, len(shape) - 2)
    outer = [0] if len(shape) > 1 else []
    return tuple(OpenAxis(axis, shape[axis]) for axis in (*outer, *inner) if shape[axis] > 1)


def channel_stack(array: np.ndarray, at: Mapping[int, int] | None = None) -> ChannelStack:
    """The channels of a value at one index of each open axis.

    array: any number of axes and any real type. at: the index of an axis, 0 where none is named,
    the last one where it lies beyond.
    """
    whole = np.asarray(array)
    if not whole.size:
        return ChannelStack(np.zeros((0, 1, 1), np.float32), (), whole.shape)
    axes = tuple(
        OpenAxis(one.axis, one.size, min(max((at or {}).get(one.axis, 0), 0), one.size - 1))
        for one in open_axes(whole.shape)
    )
    fixed = dict.fromkeys((0, *range(2, whole.ndim - 2)) if whole.ndim > 1 else (), 0)
    fixed |= {one.axis: one.index for one in axes}
    left = whole[tuple(fixed.get(axis, slice(None)) for axis in range(whole.ndim))]
    return ChannelStack(_as_maps(left), axes, left.shape)


def _as_maps(left: np.ndarray) -> np.ndarray:
    """(channels, height, width) of what has at most three axes left."""
    floats = left if left.dtype in (np.float32, np.float64) else left.astype(np.float32)
    if floats.ndim <= 1 or (floats.ndim == 2 and 1 in floats.shape):
        return floats.reshape(-1, 1, 1)
    return floats[None] if floats.ndim == 2 else floats
