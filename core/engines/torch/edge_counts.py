"""Counting float32 values between edges, as core.measures.spread.edge_counts does, by a table.

The first 16 bits of a float32 say between which edges it lies but where edges are among the values
that share them; those are told apart in as many steps as it takes to halve the most such edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

_FEW_BOUNDS = 4
"""So many are compared with every value in less time than the table takes."""
_N_CELLS = 1 << 16
_MIDDLE = _N_CELLS // 2
_TABLES = 32
"""Of 256 KB each."""


def count_between(
    edges: tuple[float, ...], parts: Iterable[Tensor], device: torch.device
) -> Tensor:
    """How many values of (n,) float32 parts lie between edges, (len(edges) - 1,) int64.

    NaN and infinity are in no bin.
    """
    bounds = float32_bounds(edges)
    if len(bounds) <= _FEW_BOUNDS:
        return _count_by_comparing(bounds, parts, device)
    table = _table_of(edges).on(device)
    n_places = len(bounds) + 1
    total = torch.zeros(n_places, dtype=torch.int64, device=device)
    for part in parts:
        total += torch.bincount(table.places_of(part), minlength=n_places)
    return total[1:-1].clone()


def float32_bounds(edges: tuple[float, ...]) -> np.ndarray:
    """The least float32 at or above each edge; above the last one, which its bin includes.

    So a float32 is at or above an edge where it is at or above the edge's bound.
    """
    exact, up, down = np.asarray(edges, np.float64), np.float32(np.inf), np.float32(-np.inf)
    with np.errstate(over="ignore", under="ignore"):
        near = exact.astype(np.float32)
        bounds: np.ndarray = np.where(near < exact, np.nextafter(near, up), near)
        last = near[-1] if near[-1] <= exact[-1] else np.nextafter(near[-1], down)
        bounds[-1] = np.nextafter(last, up)
    return bounds


@dataclass(frozen=True, eq=False)
class _Table:
    """Places among bounds: how many of the bounds are at or below a value.

    first: (65536,) int32, the place of the least value of each cell, those with the same first 16
    bits, from bits 0x8000 on; NaN is before all bounds or behind them. steps: sizes to step on by,
    each with the bounds that a value must reach for it, NaN behind the last of them.
    """

    first: Tensor
    steps: tuple[tuple[int, Tensor], ...]

    def on(self, device: torch.device) -> _Table:
        """The same where the values are."""
        steps = tuple((size, bounds.to(device)) for size, bounds in self.steps)
        return _Table(self.first.to(device), steps)

    def places_of(self, part: Tensor) -> Tensor:
        """(n,) int32 of (n,) float32 values."""
        cells = torch.bitwise_right_shift(part.view(torch.int32), 16).add_(_MIDDLE)
        places = torch.index_select(self.first, 0, cells)
        for size, bounds in self.steps:
            reached = torch.ge(part, torch.index_select(bounds, 0, places))
            places.add_(reached, alpha=size)
        return places


@lru_cache(_TABLES)
def _table_of(edges: tuple[float, ...]) -> _Table:
    bounds = float32_bounds(edges)
    # Zero counts as the lower of both zeros, which compare as equal.
    bits = np.where(bounds == 0, np.float32(-0.0), bounds).view(np.int32)
    # The cells by rising value: those below zero come first, the largest of them at 0.
    rising = np.where(bits < 0, _MIDDLE - 1 - ((bits >> 16) & 0x7FFF), (bits >> 16) + _MIDDLE)
    least = _least_of_cells()[rising]
    is_inside = bounds > least
    first = np.cumsum(np.bincount(rising + is_inside, minlength=_N_CELLS + 1))[:_N_CELLS]
    most_inside = int(np.bincount(rising[is_inside], minlength=1).max(initial=0))
    padded = np.concatenate([bounds, np.full(2 * len(bounds), np.nan, np.float32)])
    n_places = len(bounds) + 1
    steps = []
    for exponent in reversed(range(most_inside.bit_length())):
        size = 1 << exponent
        steps.append((size, torch.from_numpy(padded[size - 1 : size - 1 + n_places].copy())))
    places = np.concatenate([first[_MIDDLE - 1 :: -1], first[_MIDDLE:]]).astype(np.int32)
    return _Table(torch.from_numpy(places), tuple(steps))


@lru_cache(1)
def _least_of_cells() -> np.ndarray:
    """The least value of each cell by rising value, (65536,) float32."""
    tops = np.arange(_MIDDLE, dtype=np.uint32) << np.uint32(16)
    below = (tops | np.uint32(0x8000FFFF))[::-1]
    return np.concatenate([below, tops]).view(np.float32)


def _count_by_comparing(
    bounds: np.ndarray, parts: Iterable[Tensor], device: torch.device
) -> Tensor:
    """Of what is at or above two bounds the same is too large for both: infinity."""
    reached = torch.zeros(len(bounds), dtype=torch.int64, device=device)
    for part in parts:
        for number, bound in enumerate(bounds.tolist()):
            reached[number] += torch.count_nonzero(part >= bound)
    return reached[:-1] - reached[1:]
