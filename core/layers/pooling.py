"""Pooling windows.

After BVLC/caffe src/caffe/layers/pooling_layer.cpp and spp_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from core.layers.axes import need_axes
from core.layers.layer_type import ONE, Arity, Geometry, LayerType, Shape, ShapeRefused, defaults
from core.layers.reach import Link, Reading
from core.layers.reach_rules import at_most_everything
from core.layers.row_rules import rows_alone
from core.layers.spans import SAME, Interval, Table, Window
from core.net.definition import Layer
from core.net.message import Message

_OPERATIONS = {"MAX": "comparisons", "AVE": "additions", "STOCHASTIC": "additions"}
_METHODS = {"0": "MAX", "1": "AVE", "2": "STOCHASTIC"}


def pooling_method(param: Message) -> str:
    """ "MAX", "AVE" or "STOCHASTIC", written as a word or as its number."""
    written = param.word("pool", "MAX")
    return _METHODS.get(written, written)


def _infer_pooling(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param, bottom = layer.param("pooling_param"), bottoms[0]
    need_axes(bottom, 4)
    if any(step != 1 for step in param.integers("dilation")):
        raise ShapeRefused("Pooling with dilation belongs to other branches; BVLC knows none.")
    kernel, stride, pad = read_pooling_window(param, (bottom[2], bottom[3]))
    rounds_up = rounds_up_sizes(param)
    sizes = tuple(
        pooled_size(*row, rounds_up, any(pad))
        for row in zip(bottom[2:], kernel, stride, pad, strict=True)
    )
    top = (*bottom[:2], *sizes)
    method = pooling_method(param)
    if method not in _OPERATIONS:
        raise ShapeRefused(f"pool must be MAX, AVE or STOCHASTIC, not {method}.")
    operations = math.prod(top) * math.prod(kernel)
    return Geometry((top, top), operations=operations, operation_name=_OPERATIONS[method])


def rounds_up_sizes(param: Message) -> bool:
    """Whether the last, partial window counts; forks spell it `ceil_mode`."""
    if param.has("ceil_mode"):
        return param.boolean("ceil_mode", True)
    return param.word("round_mode", "CEIL") not in ("FLOOR", "1")


def read_pooling_window(
    param: Message, size: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Kernel, stride and pad as (height, width), for an input of this height and width.

    Raises ShapeRefused for what Caffe refuses.
    """
    stride = _pair(param, "stride", 1)
    pad = _pair(param, "pad", 0)
    if param.boolean("global_pooling"):
        if stride != (1, 1) or pad != (0, 0):
            raise ShapeRefused("Global pooling takes pad 0 and stride 1 only.")
        if any(param.has(name) for name in ("kernel_size", "kernel_h", "kernel_w")):
            raise ShapeRefused("Global pooling takes no kernel size: it spans the whole input.")
        return size, stride, pad
    kernel = _pair(param, "kernel", 0, square="kernel_size")
    if min(kernel) < 1 or min(stride) < 1:
        raise ShapeRefused("Kernel and stride of a pooling layer must be above 0.")
    if any(pad) and (pad[0] >= kernel[0] or pad[1] >= kernel[1]):
        raise ShapeRefused(f"Pad {pad} must be smaller than the kernel {kernel}.")
    return kernel, stride, pad


def pooled_size(
    size: int, kernel: int, stride: int, pad: int, rounds_up: bool, is_padded: bool
) -> int:
    """Windows along one axis; when padded, the last must start before the second pad."""
    reach = size + 2 * pad - kernel
    windows = (-(-reach // stride) if rounds_up else reach // stride) + 1
    if is_padded and (windows - 1) * stride >= size + pad:
        windows -= 1
    if windows < 0:
        raise ShapeRefused(f"The pooling kernel {kernel} is larger than its padded input {size}.")
    return windows


def _pair(param: Message, name: str, default: int, square: str = "") -> tuple[int, int]:
    sides = [param.has(f"{name}_{side}") for side in "hw"]
    if any(sides):
        if not all(sides) or param.has(square or name):
            raise ShapeRefused(
                f"Pooling takes {square or name}, or both {name}_h and {name}_w, not a mixture."
            )
        return param.integer(f"{name}_h"), param.integer(f"{name}_w")
    value = param.integer(square or name, default)
    return value, value


def _infer_spp(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Pyramids of 1, 4, 16... bins; a single level is plain global pooling."""
    param, bottom = layer.param("spp_param"), bottoms[0]
    need_axes(bottom, 4)
    levels = param.integer("pyramid_height")
    if not 0 < levels < 16:
        raise ShapeRefused("pyramid_height must be given and above 0.")
    n_values = 0
    for level in range(levels):
        sizes = [_spp_bins(size, 2**level) for size in bottom[2:]]
        n_values += bottom[1] * math.prod(sizes)
    top = (*bottom[:2], 1, 1) if levels == 1 else (bottom[0], n_values)
    operations = math.prod(bottom) * levels
    return Geometry((top,), operations=operations, operation_name="comparisons")


def _spp_bins(size: int, bins: int) -> int:
    kernel = -(-size // bins)
    pad = (kernel * bins - size + 1) // 2
    if pad >= kernel:
        raise ShapeRefused(
            f"SPP can't cut {size} values into {bins} bins: the pad {pad} reaches it."
        )
    return pooled_size(size, kernel, kernel, pad, True, pad > 0)


def _pooling_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    is_random = phase == "TRAIN" and pooling_method(layer.param("pooling_param")) == "STOCHASTIC"
    return "draws at random for the batch as a whole" if is_random else ""


def _reach_pooling(reading: Reading) -> Sequence[Link]:
    """The window, also of the mask; what of it lies beyond the map is read by nobody."""
    bottom = reading.bottoms[0]
    size = (bottom[2], bottom[3])
    rows = zip(*read_pooling_window(reading.layer.param("pooling_param"), size), strict=True)
    moved = tuple((2 + i, Window(*row)) for i, row in enumerate(rows))
    return [Link(0, ((0, SAME), (1, SAME), *moved))]


_MOST_BINS = 1024


def _reach_spp(reading: Reading) -> Sequence[Link]:
    """The bin that the value was taken from; each level holds the bins of channel after channel."""
    levels, bottom = reading.layer.param("spp_param").integer("pyramid_height"), reading.bottoms[0]
    if 4 ** (levels - 1) > _MOST_BINS:
        return at_most_everything(f"it has more than {_MOST_BINS} bins")(reading)
    return list(_spp_links(bottom, levels))


def _spp_links(bottom: Shape, levels: int) -> Iterator[Link]:
    n_values = 0
    for level in range(levels):
        rows, columns = (list(_spp_intervals(size, 2**level)) for size in bottom[2:])
        area = len(rows) * len(columns)
        for number, (row, column) in enumerate(product(rows, columns)):
            places = np.full((_spp_count(bottom, levels), 1), -1, np.intp)
            channels = np.arange(bottom[1])
            places[n_values + channels * area + number, 0] = channels
            yield Link(0, ((0, SAME), (1, Table(places)), (None, row), (None, column)))
        n_values += bottom[1] * area


def _spp_count(bottom: Shape, levels: int) -> int:
    sizes = ([_spp_bins(size, 2**level) for size in bottom[2:]] for level in range(levels))
    return bottom[1] * sum(math.prod(bins) for bins in sizes)


def _spp_intervals(size: int, bins: int) -> Iterator[Interval]:
    kernel = -(-size // bins)
    pad = (kernel * bins - size + 1) // 2
    for start in range(-pad, _spp_bins(size, bins) * kernel - pad, kernel):
        yield Interval(start, start + kernel)


_DEFAULTS = defaults(
    "pooling_param",
    pool="MAX",
    pad=0,
    stride=1,
    global_pooling=False,
    round_mode="CEIL",
    engine="DEFAULT",
)

TYPES = (
    LayerType("Pooling", "pooling", _infer_pooling, ONE, Arity(1, 2), is_spoilt_in_place=True,
              defaults=_DEFAULTS,
              rows=_pooling_rows,
              reach=_reach_pooling),
    LayerType("SPP", "pooling", _infer_spp, ONE, ONE, is_spoilt_in_place=True,
              defaults=defaults("spp_param", pool="MAX", engine="DEFAULT"),
              rows=rows_alone,
              reach=_reach_spp),
)  # fmt: skip
