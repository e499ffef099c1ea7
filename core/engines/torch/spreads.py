"""How values spread, found where they live; core.measures.spread has the formulas.

Moments read each value three times, in whole kernels: a walk in small parts would wake torch's
other threads for each of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from core.engines.torch.edge_counts import count_between
from core.measures.measure import CellCounts, ChannelRange, Histogram, Measure, Moments
from core.measures.spread import CELL_BITS

_VALUES_AT_ONCE = 1 << 19
"""What is made of them stays in the cache that cores share."""
_N_CELLS = 1 << CELL_BITS
_MIDDLE = _N_CELLS // 2


class Spread:
    """One activation (n_images, channels, ...) float32, each of whose ends is looked for once."""

    def __init__(self, activation: Tensor) -> None:
        # float64 is unknown to Metal
        self._maps = activation.cpu() if activation.device.type == "mps" else activation
        self._ends: Tensor | None = None

    def of(self, measure: Measure) -> Tensor:
        """What a measure of how values spread makes of it."""
        if isinstance(measure, Histogram):
            return count_between(measure.edges, self._parts(), self._maps.device)
        if not self._maps.numel() or not self._is_finite:
            found = measure.of(self._maps.cpu().contiguous().numpy())
            return torch.from_numpy(np.ascontiguousarray(found))
        if isinstance(measure, Moments):
            return self._moments()
        if isinstance(measure, ChannelRange):
            return self._channel_ends
        if isinstance(measure, CellCounts):
            return self._cell_counts()
        raise TypeError(f"{type(measure).__name__} is no measure of a spread")

    @property
    def _channel_ends(self) -> Tensor:
        """(2, channels): NaN and Inf among the values are NaN and Inf here."""
        if self._ends is None:
            self._ends = _ends_by_channel(self._maps)
        return self._ends

    @property
    def _is_finite(self) -> bool:
        return bool(torch.isfinite(self._channel_ends).all())

    def _moments(self) -> Tensor:
        least, greatest = float(self._channel_ends[0].min()), float(self._channel_ends[1].max())
        # away from 0, squares would drown their deviations
        shift = 0.0 if least <= 0 <= greatest else (least + greatest) / 2
        sums = torch.zeros(4, dtype=torch.float64, device=self._maps.device)
        for part in self._parts():
            exact = part.double()
            if shift:
                exact -= shift
            sums[0] += exact.sum()
            sums[1] += torch.dot(exact, exact)
            signs = torch.sign(part)
            sums[2] += signs.sum()
            sums[3] += torch.dot(signs, signs)
        total, of_squares, balance, n_other = sums.tolist()
        n_values = self._maps.numel()
        mean = least if least == greatest else shift + total / n_values
        squares = 0.0 if least == greatest else max(0.0, of_squares - total * total / n_values)
        counts = (n_values, 0, 0, n_values - n_other, (n_other - balance) / 2)
        return torch.tensor([*counts, least, greatest, mean, squares], dtype=torch.float64)

    def _cell_counts(self) -> Tensor:
        """As core.measures.spread.cell_counts; of what has no negatives without their half."""
        has_negatives = bool((self._channel_ends[0] < 0).any())
        total = torch.zeros(_N_CELLS, dtype=torch.int64, device=self._maps.device)
        for part in self._parts():
            bits = part.view(torch.int32)
            cells = torch.bitwise_and(bits, 0x7FFFFFFF)
            if has_negatives:
                sign = torch.bitwise_right_shift(bits, 31)
                cells.bitwise_xor_(sign).sub_(sign)  # minus the size, where it is negative
            cells.bitwise_right_shift_(CELL_BITS).add_(_MIDDLE if has_negatives else 0)
            found = torch.bincount(cells)
            start = 0 if has_negatives else _MIDDLE
            total[start : start + len(found)] += found
        places = total.nonzero()[:, 0]
        return torch.stack([places - _MIDDLE, total[places]], 1)

    def _parts(self) -> Iterator[Tensor]:
        """All values once, in the order in which they lie in memory."""
        maps = self._maps
        if maps.ndim == 4 and maps.is_contiguous(memory_format=torch.channels_last):
            maps = maps.permute(0, 2, 3, 1)
        yield from torch.split(maps.reshape(-1), _VALUES_AT_ONCE)


def _ends_by_channel(maps: Tensor) -> Tensor:
    if maps.ndim < 2 or not maps.numel():
        flat = maps.reshape(-1)
        ends = flat.aminmax() if flat.numel() else (flat.new_zeros(()), flat.new_zeros(()))
        return torch.stack([end.reshape(1) for end in ends])
    if maps.ndim == 4 and maps.is_contiguous(memory_format=torch.channels_last):
        rows = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
        return torch.stack([rows.amin(0), rows.amax(0)])
    places = maps.reshape(maps.shape[0], maps.shape[1], math.prod(maps.shape[2:]))
    return torch.stack([places.amin((0, 2)), places.amax((0, 2))])
