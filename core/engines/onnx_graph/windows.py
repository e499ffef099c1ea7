"""Convolution and pooling windows as ONNX has them.

Sizes are fixed when the graph is written, so every pad is explicit and no rounding is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.engines.onnx_graph.layer_writer import LayerWriter, Writers
from core.layers.convolution import Windows, read_windows, rectified_slope
from core.layers.pooling import pooling_method, read_pooling_window

_MOST_SPATIAL_AXES = 3


def _convolution(at: LayerWriter) -> None:
    _convolve(at, at.layer.param("convolution_param").integer("group", 1))


def _depthwise(at: LayerWriter) -> None:
    _convolve(at, at.bottom_shapes[0][1])


def _convolve(at: LayerWriter, group: int) -> None:
    for index in range(len(at.bottoms)):
        windows = _windows(at, index)
        inputs = [at.bottoms[index], *(at.learned(i) for i in range(at.n_arrays))]
        slope = rectified_slope(at.layer)
        settings = _settings(windows, group)
        if slope is None:
            at.graph.add("Conv", inputs, at.tops[index], **settings)
            continue
        top = at.node("Conv", inputs, **settings)
        kind = {"alpha": slope} if slope else {}
        at.graph.add("LeakyRelu" if slope else "Relu", [top], at.tops[index], **kind)


def _deconvolution(at: LayerWriter) -> None:
    group = at.layer.param("convolution_param").integer("group", 1)
    for index in range(len(at.bottoms)):
        windows = _windows(at, index)
        inputs = [at.bottoms[index], *(at.learned(i) for i in range(at.n_arrays))]
        at.graph.add("ConvTranspose", inputs, at.tops[index], **_settings(windows, group))


def _windows(at: LayerWriter, index: int) -> Windows:
    windows = read_windows(at.layer.param("convolution_param"), at.bottom_shapes[index])
    is_plain = windows.channel_axis == 1 and 0 not in windows.dilation
    at.need(when=is_plain, why="its channels are not axis 1, or its dilation is 0")
    has_axes = 1 <= len(windows.kernel) <= _MOST_SPATIAL_AXES
    at.need(when=has_axes, why=f"it has {len(windows.kernel)} spatial axes")
    at.need(when=not at.layer.is_in_place, why="it runs in place")
    return windows


def _settings(windows: Windows, group: int) -> dict[str, Any]:
    return {
        "kernel_shape": windows.kernel,
        "strides": windows.stride,
        "pads": windows.pad * 2,
        "dilations": windows.dilation,
        "group": group,
    }


def _pooling(at: LayerWriter) -> None:
    param = at.layer.param("pooling_param")
    at.need(when=at.n_axes == 4, why=f"its bottom has {at.n_axes} axes")
    at.need(when=len(at.tops) == 1, why="it has a mask")
    size, output = at.bottom_shapes[0][2:], at.top_shapes[0][2:]
    at.need(when=0 not in output, why="its input is too small")
    kernel, stride, pad = read_pooling_window(param, (size[0], size[1]))
    overhang = [
        (n - 1) * s + k - length - 2 * p
        for n, s, k, length, p in zip(output, stride, kernel, size, pad, strict=True)
    ]
    method = pooling_method(param)
    if method == "MAX":
        ends = [p + over for p, over in zip(pad, overhang, strict=True)]
        bottom, ends = _cut(at, at.bottoms[0], size, ends)
        pads = [*pad, *ends]
        fits = all(end < k for end, k in zip(ends, kernel, strict=True))
        at.need(when=fits, why="its last window lies outside of the input")
        at.top("MaxPool", [bottom], kernel_shape=kernel, strides=stride, pads=pads)
    elif method == "AVE":
        # Caffe counts its own pads, but not what a window hangs over beyond them
        padded = at.bottoms[0]
        if any(pad):
            around = at.graph.integers((0, 0, *pad, 0, 0, *pad))
            padded = at.node("Pad", [padded, around, at.graph.number(0.0)])
        ends = list(overhang)
        whole = [length + 2 * p for length, p in zip(size, pad, strict=True)]
        padded, ends = _cut(at, padded, whole, ends)
        fits = all(end < k for end, k in zip(ends, kernel, strict=True))
        at.need(when=fits, why="its last window lies outside of the input")
        at.top(
            "AveragePool", [padded], kernel_shape=kernel, strides=stride, pads=[0, 0, *ends],
            count_include_pad=0,
        )  # fmt: skip
    else:
        at.need(when=False, why=f"its method is {method}")


def _cut(
    at: LayerWriter, bottom: str, size: Sequence[int], ends: Sequence[int]
) -> tuple[str, list[int]]:
    """Without the rows and columns that no window reaches, which a negative end stands for."""
    if min(ends) >= 0:
        return bottom, list(ends)
    kept = [length + min(end, 0) for length, end in zip(size, ends, strict=True)]
    words = [at.graph.integers(values) for values in ((0, 0), kept, (2, 3))]
    return at.node("Slice", [bottom, *words]), [max(end, 0) for end in ends]


def _inner_product(at: LayerWriter) -> None:
    param = at.layer.param("inner_product_param")
    at.need(when=not param.boolean("normalize"), why="it normalises its weights")
    axis = at.axis(param.integer("axis", 1))
    n_inputs = int(np.prod(at.bottom_shapes[0][axis:], dtype=np.int64))
    rows = at.bottoms[0]
    if at.n_axes != 2 or axis != 1:
        rows = at.node("Reshape", [rows, at.graph.integers((-1, n_inputs))])
    is_transposed = param.boolean("transpose")
    shape = at.array(0).shape[-2:]
    inputs = [rows, at.learned(0, shape)]
    if at.n_arrays > 1:
        inputs.append(at.learned(1, (at.array(1).size,)))
    trans = 0 if is_transposed else 1
    if axis == 1:
        at.top("Gemm", inputs, transB=trans)
        return
    top = at.node("Gemm", inputs, transB=trans)
    at.top("Reshape", [top, at.graph.integers(at.top_shapes[0])])


WRITERS: Writers = {
    "Convolution": _convolution,
    "DepthwiseConvolution": _convolution,
    "ConvolutionDepthwise": _depthwise,
    "Deconvolution": _deconvolution,
    "Pooling": _pooling,
    "InnerProduct": _inner_product,
}
