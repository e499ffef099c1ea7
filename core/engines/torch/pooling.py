"""Pooling windows.

After BVLC/caffe src/caffe/layers/pooling_layer.cpp and spp_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from core.engines.torch.compiling import CompiledCalls
from core.engines.torch.operation import MakeOperation, Operation
from core.layers.layer_type import ShapeRefused
from core.layers.pooling import pooled_size, pooling_method, read_pooling_window, rounds_up_sizes

LEAST = torch.finfo(torch.float32).min
"""What Caffe starts a maximum with, so what a window without a number gives."""

Pair = tuple[int, int]


@dataclass(frozen=True)
class PoolingWindow:
    """Kernel, stride and pad as (height, width), and the output size they give."""

    kernel: Pair
    stride: Pair
    pad: Pair
    output: Pair

    def overhang(self, size: Sequence[int]) -> Pair:
        """How far the last windows reach beyond the padded input's end; negative if short of it."""
        rows = zip(self.output, self.stride, self.kernel, size, self.pad, strict=True)
        height, width = ((n - 1) * s + k - size_ - 2 * p for n, s, k, size_, p in rows)
        return height, width

    def is_native(self, size: Sequence[int]) -> bool:
        """Whether torch's own rule gives the same windows."""
        return all(
            2 * pad <= kernel and _torch_size(length, kernel, stride, pad) == output
            for length, kernel, stride, pad, output in zip(
                size, self.kernel, self.stride, self.pad, self.output, strict=True
            )
        )


def _torch_size(length: int, kernel: int, stride: int, pad: int) -> int:
    """Output size under torch's ceil_mode: the last window starts inside the input or left pad."""
    windows = -(-(length + 2 * pad - kernel) // stride) + 1
    return windows - 1 if (windows - 1) * stride >= length + pad else windows


def pool_max(x: Tensor, window: PoolingWindow) -> Tensor:
    """The greatest value of each window; NaN never wins. x: (n, channels, height, width)."""
    if x.is_cuda or x.device.type == "mps":
        # asking whether a NaN came out would wait for the device
        return _max_of_numbers(_without_nan(x), window)
    top = _max_of_numbers(x, window)
    return _max_of_numbers(_without_nan(x.float()), window) if bool(torch.isnan(top.sum())) else top


def _without_nan(x: Tensor) -> Tensor:
    return torch.where(torch.isnan(x), torch.full_like(x, LEAST), x)


def _max_of_numbers(x: Tensor, window: PoolingWindow) -> Tensor:
    if window.is_native(x.shape[2:]):
        return functional.max_pool2d(x, window.kernel, window.stride, window.pad, ceil_mode=True)
    padded = _padded(x.float(), window, LEAST)
    return functional.max_pool2d(padded, window.kernel, window.stride)


def pool_average(x: Tensor, window: PoolingWindow) -> Tensor:
    """The mean of each window over its part of the padded input. x: (n, channels, h, w)."""
    if window.is_native(x.shape[2:]):
        return functional.avg_pool2d(x, window.kernel, window.stride, window.pad, ceil_mode=True)
    sums = functional.avg_pool2d(
        _padded(x, window, 0.0), window.kernel, window.stride, divisor_override=1
    )
    ends = [size + pad for size, pad in zip(x.shape[2:], window.pad, strict=True)]
    heights, widths = (
        torch.tensor(
            [min(i * s - p + k, end) - (i * s - p) for i in range(n)],
            dtype=x.dtype,
            device=x.device,
        )
        for n, s, p, k, end in zip(
            window.output, window.stride, window.pad, window.kernel, ends, strict=True
        )
    )
    return sums / (heights[:, None] * widths[None, :])


def pool_max_with_mask(x: Tensor, window: PoolingWindow) -> tuple[Tensor, Tensor]:
    """The greatest values and, as floats, where in the map they stood: row * width + column.

    The first of equals counts. A window without a number points at -1.
    """
    if window.is_native(x.shape[2:]):
        best, index = functional.max_pool2d(
            _without_nan(x), window.kernel, window.stride, window.pad,
            ceil_mode=True, return_indices=True,
        )  # fmt: skip
        mask = index.to(x.dtype)
    else:
        best, mask = _max_of_windows(x, window)
    return best, torch.where(best <= LEAST, torch.full_like(mask, -1.0), mask)


def _max_of_windows(x: Tensor, window: PoolingWindow) -> tuple[Tensor, Tensor]:
    height, width = x.shape[2:]
    places = torch.arange(height * width, dtype=x.dtype, device=x.device).reshape(height, width)
    values = _windows(_without_nan(x), window, LEAST)
    index = _windows(places.expand(1, 1, height, width), window, -1.0).expand(values.shape)
    best = values.amax(-1)
    first = (values == best[..., None]).to(torch.uint8).argmax(-1)
    return best, torch.gather(index, -1, first[..., None])[..., 0]


def _windows(x: Tensor, window: PoolingWindow, filling: float) -> Tensor:
    """(n, channels, rows, columns, kernel area): every window's values in reading order."""
    padded = _padded(x, window, filling)
    cut = padded.unfold(2, window.kernel[0], window.stride[0])
    cut = cut.unfold(3, window.kernel[1], window.stride[1])
    return cut.reshape(*cut.shape[:4], -1)


def _padded(x: Tensor, window: PoolingWindow, filling: float) -> Tensor:
    """Pad so that exactly the wanted windows fit; what no window reaches is cut off."""
    bottom, right = window.overhang(x.shape[2:])
    top, left = window.pad
    return functional.pad(x, (left, left + right, top, top + bottom), value=filling)


class Pooling(Operation):
    """MAX, with an optional mask, or AVE."""

    takes_bfloat16 = True

    @cached_property
    def _method(self) -> str:
        return pooling_method(self.layer.param("pooling_param"))

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Pool every map."""
        window, method = self._window(bottoms[0]), self._method
        if method == "AVE":
            return [pool_average(bottoms[0], window)]
        if method != "MAX":
            raise self.refused(f"can't run at TEST with method {method}")
        if 0 in window.output:
            height, width = bottoms[0].shape[2:]
            raise self.refused(f"has no room in {height} x {width} values: the input is too small")
        if len(self.layer.tops) > 1:
            return pool_max_with_mask(bottoms[0].float(), window)
        return [self._pool_max(bottoms[0], window)]

    def _pool_max(self, x: Tensor, window: PoolingWindow) -> Tensor:
        can_compile = self.place.compiles and window.is_native(x.shape[2:])
        if not can_compile or not x.is_contiguous(memory_format=torch.channels_last):
            return pool_max(x, window)

        def plain(x: Tensor) -> Tensor:
            return pool_max(x, window)

        def formula(x: Tensor) -> Tensor:
            return functional.max_pool2d(
                x, window.kernel, window.stride, window.pad, ceil_mode=True
            )

        return self._calls.run(None, (x,), plain, lambda: formula)

    @cached_property
    def _calls(self) -> CompiledCalls:
        return CompiledCalls()

    _known_window: tuple[Pair, PoolingWindow] | None = None

    def _window(self, bottom: Tensor) -> PoolingWindow:
        """Read from the layer once for a size."""
        size = (int(bottom.shape[2]), int(bottom.shape[3]))
        if self._known_window is None or self._known_window[0] != size:
            self._known_window = (size, self._read_window(size))
        return self._known_window[1]

    def _read_window(self, size: Pair) -> PoolingWindow:
        param = self.layer.param("pooling_param")
        try:
            kernel, stride, pad = read_pooling_window(param, size)
            rows = zip(size, kernel, stride, pad, strict=True)
            height, width = (pooled_size(*row, rounds_up_sizes(param), any(pad)) for row in rows)
        except ShapeRefused as error:
            raise self.refused(str(error)) from error
        return PoolingWindow(kernel, stride, pad, (height, width))


class SPP(Operation):
    """Spatial pyramid: 1, 4, 16... bins a channel, one after the other."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """(n, values of all levels); a single level keeps its axes."""
        param, bottom = self.layer.param("spp_param"), bottoms[0]
        levels = [self._level(bottom, 2**i) for i in range(param.integer("pyramid_height"))]
        if len(levels) == 1:
            return levels
        return [torch.cat([level.flatten(1) for level in levels], 1)]

    def _level(self, bottom: Tensor, bins: int) -> Tensor:
        size = (int(bottom.shape[2]), int(bottom.shape[3]))
        kernel = (-(-size[0] // bins), -(-size[1] // bins))
        pad = ((kernel[0] * bins - size[0] + 1) // 2, (kernel[1] * bins - size[1] + 1) // 2)
        rows = zip(size, kernel, kernel, pad, strict=True)
        height, width = (pooled_size(*row, True, any(pad)) for row in rows)
        window = PoolingWindow(kernel, kernel, pad, (height, width))
        method = pooling_method(self.layer.param("spp_param"))
        if method not in ("MAX", "AVE"):
            raise self.refused(f"can't run at TEST with method {method}")
        return pool_average(bottom, window) if method == "AVE" else pool_max(bottom, window)


OPERATIONS: dict[str, MakeOperation] = {"Pooling": Pooling, "SPP": SPP}
