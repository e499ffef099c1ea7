"""Sums over the places of an activation that lies channels last in a CPU's memory.

A sum of something made of each value, such as its cube, walks through a few hundred places at a
time: what is made of them stays in a core's cache. Whole activations would need new memory from the
system for every step, which takes thirty times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

_VALUES_AT_ONCE = 30_000
"""120 kB, which stay in a core's cache; from 32,768 values on torch would wake its other threads
for each step, and wait for them."""
_LEAST_VALUES = 1 << 14


def has_rows_of_places(activation: Tensor) -> bool:
    """Whether an activation lies so, and is large enough for it to matter."""
    return (
        activation.ndim == 4
        and activation.device.type == "cpu"
        and activation.dtype == torch.float32
        and activation.numel() >= _LEAST_VALUES * max(1, len(activation))
        and activation.is_contiguous(memory_format=torch.channels_last)
    )


class RowsOfPlaces:
    """An activation as (n_images, places, channels)."""

    def __init__(self, activation: Tensor) -> None:
        n_images, channels = activation.shape[:2]
        self.rows = activation.permute(0, 2, 3, 1).reshape(n_images, -1, channels)

    def mean_cube(self, floor: float) -> Tensor:
        """The mean of the cubes of each channel, clamped at a floor; (n_images, channels)."""

        def cube(rows: Tensor, made: Tensor, of: tuple[int, slice]) -> Tensor:
            torch.clamp_min(rows, floor, out=made)
            return made.pow_(3)  # which is x * x * x, in one walk

        return self._summed(cube) / self.rows.shape[1]

    def weighted_sum(self, weights: Tensor, *, is_clamped: bool = False) -> Tensor:
        """The sum of each channel; weights: (n_images, places). is_clamped: at 0 first."""

        def weigh(rows: Tensor, made: Tensor, of: tuple[int, slice]) -> Tensor:
            torch.mul(rows, weights[of[0], of[1], None], out=made)
            return made.clamp_min_(0.0) if is_clamped else made  # no weight is below 0

        return self._summed(weigh)

    def share_above_zero(self) -> Tensor:
        """Which share of the places of each channel is above 0; (n_images, channels)."""

        def count(rows: Tensor, made: Tensor, of: tuple[int, slice]) -> Tensor:
            return torch.gt(rows, 0.0, out=made)  # of NaN it is 0, as in NumPy

        return self._summed(count) / self.rows.shape[1]

    def sum_of_channels(self) -> Tensor:
        """The sum over the channels of each place, clamped at 0; (n_images, places)."""
        found = [torch.clamp_min(rows, 0.0).sum(1) for _, rows in self._parts()]
        return torch.cat(found).reshape(self.rows.shape[:2])

    def _summed(self, make: Callable[[Tensor, Tensor, tuple[int, slice]], Tensor]) -> Tensor:
        """The sum over places of what is made of a part, in memory that is used again."""
        total = self.rows.new_zeros((len(self.rows), self.rows.shape[2]))
        room = self.rows.new_empty((self._step, self.rows.shape[2]))
        for (image, places), rows in self._parts():
            total[image] += make(rows, room[: len(rows)], (image, places)).sum(0)
        return total

    @property
    def _step(self) -> int:
        return max(1, _VALUES_AT_ONCE // int(self.rows.shape[2]))

    def _parts(self) -> Iterator[tuple[tuple[int, slice], Tensor]]:
        for image, rows in enumerate(self.rows):
            for start in range(0, len(rows), self._step):
                places = slice(start, start + self._step)
                yield (image, places), rows[places]
