"""Windows gathered value by value: for any number of axes, and for windows torch refuses.

Caffe's im2col reads zeros beyond the input, so a window larger than its padded input still counts,
and a dilation of 0 reads one value for the whole kernel.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from core.layers.convolution import Windows


def gather_windows(x: Tensor, windows: Windows) -> Tensor:
    """The windows of x, (n, channels, size...), as channels: (n, channels * area, output...)."""
    n_axes = len(windows.kernel)
    sizes = windows.convolve(tuple(x.shape[2:]))
    for axis in range(n_axes):
        places = _places(windows, axis, sizes[axis]).to(x.device)
        length = x.shape[2 + 2 * axis]
        last = max(int(places.max()), length - 1) if places.numel() else length - 1
        before, after = windows.pad[axis], last - (length - 1)
        x = _pad_axis(x, 2 + 2 * axis, before, after)
        picked = x.index_select(2 + 2 * axis, (places + before).reshape(-1))
        shape = (
            *x.shape[: 2 + 2 * axis],
            windows.kernel[axis],
            sizes[axis],
            *x.shape[3 + 2 * axis :],
        )
        x = picked.reshape(shape)
    order = (0, 1, *range(2, 2 + 2 * n_axes, 2), *range(3, 3 + 2 * n_axes, 2))
    columns = x.permute(order)
    return columns.reshape(x.shape[0], x.shape[1] * math.prod(windows.kernel), *sizes)


def convolve(
    x: Tensor, weight: Tensor, bias: Tensor | None, windows: Windows, group: int
) -> Tensor:
    """A convolution over gathered windows; x is (n, channels, size...)."""
    columns = gather_windows(x, windows)
    n_output = weight.shape[0]
    rows = columns.reshape(x.shape[0], group, -1, math.prod(columns.shape[2:]))
    top = weight.reshape(group, n_output // group, -1) @ rows
    return _plus(top.reshape(x.shape[0], n_output, *columns.shape[2:]), bias)


def deconvolve(
    x: Tensor, weight: Tensor, bias: Tensor | None, windows: Windows, group: int
) -> Tensor:
    """The transposed convolution: every value is spread over its window; x as in convolve()."""
    n, channels, *sizes = x.shape
    n_output = weight.shape[1] * group
    rows = x.reshape(n, group, channels // group, math.prod(sizes))
    spread = weight.reshape(group, channels // group, -1).transpose(1, 2) @ rows
    spread = spread.reshape(n, n_output, *windows.kernel, *sizes)
    lengths = windows.deconvolve(sizes)
    for axis in range(len(sizes)):
        # each round takes one axis of the kernel and one of the input, and adds one at the end
        spread = spread.movedim(2 + len(sizes) - axis, 3).flatten(2, 3).movedim(2, -1)
        places = _places(windows, axis, sizes[axis]).to(x.device).reshape(-1)
        is_inside = (places >= 0) & (places < lengths[axis])
        top = spread.new_zeros(*spread.shape[:-1], lengths[axis])
        top.index_add_(-1, places[is_inside], spread[..., is_inside])
        spread = top
    return _plus(spread, bias)


def _places(windows: Windows, axis: int, count: int) -> Tensor:
    """(kernel, count): where on the other side's axis each tap of each window lies."""
    taps = torch.arange(windows.kernel[axis])[:, None] * windows.dilation[axis]
    return taps + torch.arange(count)[None, :] * windows.stride[axis] - windows.pad[axis]


def _pad_axis(x: Tensor, axis: int, before: int, after: int) -> Tensor:
    padding = [0] * (2 * (x.dim() - axis - 1)) + [before, after]
    return functional.pad(x, padding)


def _plus(top: Tensor, bias: Tensor | None) -> Tensor:
    return top if bias is None else top + bias.reshape(-1, *(1,) * (top.dim() - 2))
