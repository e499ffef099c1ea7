"""Convolution and its relatives: windows of weights moved over the spatial axes.

After BVLC/caffe src/caffe/layers/{base_conv,conv,deconv,im2col}_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.layers.axes import canonical_axis, divide, show_shape, unsigned
from core.layers.layer_type import ONE, Arity, Geometry, LayerType, Shape, ShapeRefused, defaults
from core.layers.reach import Link, Reading
from core.layers.reach_rules import WHOLE, at_most_everything
from core.layers.row_rules import rows_unless_axis_0
from core.layers.spans import SAME, AxisMap, Grouped, Spread, Table, Window
from core.net.definition import Layer
from core.net.message import Message


@dataclass(frozen=True)
class Windows:
    """The window of a layer, one entry for each spatial axis."""

    channel_axis: int
    kernel: Shape
    stride: Shape
    pad: Shape
    dilation: Shape

    @property
    def extents(self) -> Shape:
        """The stretch of input under one dilated window."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def convolve(self, spatial: Sequence[int]) -> Shape:
        """Output sizes: whole windows only (rounded down)."""
        rows = zip(spatial, self.pad, self.extents, self.stride, strict=True)
        return tuple(divide(size + 2 * pad - extent, step) + 1 for size, pad, extent, step in rows)

    def deconvolve(self, spatial: Sequence[int]) -> Shape:
        """Output sizes of the transposed convolution."""
        rows = zip(spatial, self.pad, self.extents, self.stride, strict=True)
        return tuple(step * (size - 1) + extent - 2 * pad for size, pad, extent, step in rows)


def read_windows(param: Message, bottom: Sequence[int]) -> Windows:
    """The windows a `convolution_param` asks for over a bottom of this shape.

    Raises ShapeRefused for a missing kernel or values that do not match the spatial axes.
    """
    channel_axis = canonical_axis(param.integer("axis", 1), len(bottom))
    n_spatial = len(bottom) - channel_axis - 1
    kernel = _per_axis(param, "kernel_size", ("kernel_h", "kernel_w"), n_spatial, None)
    stride = _per_axis(param, "stride", ("stride_h", "stride_w"), n_spatial, 1)
    pad = _per_axis(param, "pad", ("pad_h", "pad_w"), n_spatial, 0)
    dilation = _dilation(param, n_spatial)
    if any(size < 1 for size in (*kernel, *stride)):
        raise ShapeRefused("Kernel and stride must be at least 1.")
    return Windows(channel_axis, kernel, stride, pad, dilation)


def rectified_slope(layer: Layer) -> float | None:
    """The slope of the ReLU that Intel's Caffe makes part of a convolution; None without one."""
    param = layer.param("convolution_param")
    return param.number("negative_slope") if param.boolean("relu") else None


_HOLES = ("hole", "hole_h", "hole_w")
"""DeepLab's names for dilation."""


def _dilation(param: Message, n_spatial: int) -> Shape:
    if not any(param.has(name) for name in _HOLES):
        return _per_axis(param, "dilation", (), n_spatial, 1)
    if param.has("dilation"):
        raise ShapeRefused("hole and dilation mean the same: only one of them may be given.")
    both = unsigned(param, "hole", 1)
    if n_spatial != len(_HOLES) - 1:
        return (both,) * n_spatial
    return unsigned(param, "hole_h", both), unsigned(param, "hole_w", both)


def _per_axis(
    param: Message, name: str, pair: tuple[str, ...], n_spatial: int, default: int | None
) -> Shape:
    if any(param.has(side) for side in pair):
        if n_spatial != 2:
            raise ShapeRefused(f"{pair[0]} and {pair[1]} need two spatial axes, not {n_spatial}.")
        if param.has(name):
            raise ShapeRefused(f"{name} can't stand beside {pair[0]} and {pair[1]}.")
        return tuple(unsigned(param, side) for side in pair)
    values = param.integers(name)
    if any(value < 0 for value in values):
        raise ShapeRefused(f"{name} can't be negative.")
    if not values and default is not None:
        return (default,) * n_spatial
    if len(values) == 1:
        return values * n_spatial
    if len(values) != n_spatial or (not values and n_spatial):
        raise ShapeRefused(
            f"{name} must be given once or once for each of {n_spatial} spatial axes; "
            f"it is given {len(values)} times."
        )
    return values


def _checked(sizes: Shape, bottom: Shape) -> Shape:
    if any(size < 0 for size in sizes):
        raise ShapeRefused(f"The kernel is larger than its padded input {show_shape(bottom)}.")
    return sizes


def _infer_convolution(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param = layer.param("convolution_param")
    geometry = _convolution(param, bottoms, param.integer("group", 1))
    return _keeping_shape(layer, bottoms, geometry)


def _keeping_shape(layer: Layer, bottoms: Sequence[Shape], geometry: Geometry) -> Geometry:
    """In place, Caffe builds any net, and aborts in the pass when the shape has changed."""
    if any(geometry.tops[i] != bottoms[i] for i in layer.in_place_tops()):
        raise ShapeRefused("In place, it must not change the shape of its blob.")
    return geometry


def _convolution(param: Message, bottoms: Sequence[Shape], group: int) -> Geometry:
    windows = read_windows(param, bottoms[0])
    at, channels = windows.channel_axis, bottoms[0][windows.channel_axis]
    n_output = _outputs(param, channels, group)
    tops = tuple(
        (*b[:at], n_output, *_checked(windows.convolve(b[at + 1 :]), b)) for b in _alike(bottoms)
    )
    weight = (n_output, channels // group, *windows.kernel)
    macs = sum(math.prod(top) for top in tops) * math.prod(weight[1:])
    return Geometry(tops, _with_bias(param, weight, n_output), macs=macs)


def _infer_deconvolution(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param = layer.param("convolution_param")
    windows, group = read_windows(param, bottoms[0]), param.integer("group", 1)
    at, channels = windows.channel_axis, bottoms[0][windows.channel_axis]
    n_output = _outputs(param, channels, group)
    tops = tuple(
        (*b[:at], n_output, *_checked(windows.deconvolve(b[at + 1 :]), b)) for b in _alike(bottoms)
    )
    weight = (channels, n_output // group, *windows.kernel)
    macs = sum(math.prod(b) for b in bottoms) * math.prod(weight[1:])
    geometry = Geometry(tops, _with_bias(param, weight, n_output), macs=macs)
    return _keeping_shape(layer, bottoms, geometry)


def _infer_depthwise(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """ConvolutionDepthwise: one window a channel, whatever `group` and `num_output` say."""
    param, bottom = layer.param("convolution_param"), bottoms[0]
    windows = read_windows(param, bottom)
    channels = bottom[windows.channel_axis]
    sizes = _checked(windows.convolve(bottom[windows.channel_axis + 1 :]), bottom)
    top = (*bottom[: windows.channel_axis], channels, *sizes)
    weight = (channels, 1, *windows.kernel)
    macs = math.prod(top) * math.prod(windows.kernel)
    return Geometry((top,), _with_bias(param, weight, channels), macs=macs)


def _infer_im2col(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    windows = read_windows(layer.param("convolution_param"), bottoms[0])
    at, bottom = windows.channel_axis, bottoms[0]
    if not windows.kernel:
        raise ShapeRefused(f"No spatial axes follow axis {at} of {show_shape(bottom)}.")
    columns = bottom[at] * math.prod(windows.kernel)
    top = (*bottom[:at], columns, *_checked(windows.convolve(bottom[at + 1 :]), bottom))
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


def _outputs(param: Message, channels: int, group: int) -> int:
    n_output = param.integer("num_output")
    if n_output < 1:
        raise ShapeRefused("num_output must be given and above 0.")
    if group < 1 or channels % group or n_output % group:
        raise ShapeRefused(
            f"{channels} input and {n_output} output channels can't be divided into {group} groups."
        )
    return n_output


def _alike(bottoms: Sequence[Shape]) -> Sequence[Shape]:
    if any(bottom != bottoms[0] for bottom in bottoms):
        raise ShapeRefused("All bottoms of a convolution must have the same shape.")
    return bottoms


def _with_bias(param: Message, weight: Shape, n_output: int) -> tuple[Shape, ...]:
    return (weight, (n_output,)) if param.boolean("bias_term", True) else (weight,)


def _reach_convolution(reading: Reading) -> Sequence[Link]:
    """The window before the value, in the channels of its group."""
    group = reading.layer.param("convolution_param").integer("group", 1)
    return [_windowed(reading, Window, _grouped(reading, group))]


def _reach_deconvolution(reading: Reading) -> Sequence[Link]:
    """The places whose window covers the value."""
    group = reading.layer.param("convolution_param").integer("group", 1)
    return [_windowed(reading, Spread, _grouped(reading, group))]


def _reach_depthwise(reading: Reading) -> Sequence[Link]:
    windows = _windows_of(reading)
    return [_windowed(reading, Window, (windows.channel_axis, SAME))]


_MOST_TAPS = 1024


def _reach_im2col(reading: Reading) -> Sequence[Link]:
    """Channel c x area + tap of the top is channel c of the bottom, moved by that tap."""
    windows, bottom = _windows_of(reading), reading.bottoms[0]
    at, area = windows.channel_axis, math.prod(windows.kernel)
    if area > _MOST_TAPS:
        return at_most_everything(f"its window has more than {_MOST_TAPS} places")(reading)
    links = []
    for number, tap in enumerate(np.ndindex(*windows.kernel)):
        rows = np.full((bottom[at] * area, 1), -1, np.intp)
        rows[number::area, 0] = np.arange(bottom[at])
        moved = [
            (at + 1 + i, Window(1, windows.stride[i], windows.pad[i] - step * windows.dilation[i]))
            for i, step in enumerate(tap)
        ]
        kept = tuple((axis, SAME) for axis in range(at))
        links.append(Link(0, (*kept, (at, Table(rows)), *moved)))
    return links


def _windows_of(reading: Reading) -> Windows:
    return read_windows(reading.layer.param("convolution_param"), reading.bottoms[0])


def _windowed(
    reading: Reading, kind: type[Window] | type[Spread], channels: tuple[int | None, AxisMap]
) -> Link:
    windows = _windows_of(reading)
    at = windows.channel_axis
    rows = zip(windows.kernel, windows.stride, windows.pad, windows.dilation, strict=True)
    moved = tuple((at + 1 + i, kind(*row)) for i, row in enumerate(rows))
    kept = tuple((axis, SAME) for axis in range(at))
    return Link(reading.top_index, (*kept, channels, *moved))


def _grouped(reading: Reading, group: int) -> tuple[int | None, AxisMap]:
    at = _windows_of(reading).channel_axis
    return WHOLE if group == 1 else (at, Grouped(group))


_ROWS = rows_unless_axis_0("takes for channels", "convolution_param")


_DEFAULTS = defaults(
    "convolution_param",
    bias_term=True,
    pad=0,
    stride=1,
    dilation=1,
    group=1,
    axis=1,
    force_nd_im2col=False,
    engine="DEFAULT",
)

TYPES = (
    LayerType("Convolution", "convolution", _infer_convolution, Arity(1), Arity(1),
              defaults=_DEFAULTS,
              rows=_ROWS,
              reach=_reach_convolution),
    LayerType("Deconvolution", "convolution", _infer_deconvolution, Arity(1), Arity(1),
              defaults=_DEFAULTS,
              rows=_ROWS,
              reach=_reach_deconvolution),
    LayerType("Im2col", "convolution", _infer_im2col, ONE, ONE, refuses_in_place=True,
              defaults=_DEFAULTS,
              rows=_ROWS,
              reach=_reach_im2col),
    LayerType("ConvolutionDepthwise", "convolution", _infer_depthwise, ONE, ONE,
              defaults=_DEFAULTS, origin="fork",
              rows=_ROWS,
              reach=_reach_depthwise),
    LayerType("DepthwiseConvolution", "convolution", _infer_convolution, Arity(1), Arity(1),
              defaults=_DEFAULTS, origin="fork",
              rows=_ROWS,
              reach=_reach_convolution),
)  # fmt: skip
