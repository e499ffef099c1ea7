"""Normalisation and per-channel scaling.

After BVLC/caffe src/caffe/layers/{batch_norm,scale,bias,lrn,mvn}_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import axis_size, canonical_axis, need_axes, show_shape
from core.layers.layer_type import (
    ONE,
    Arity,
    Geometry,
    LayerType,
    RowRule,
    Shape,
    ShapeRefused,
    defaults,
)
from core.layers.reach import Link, ReachRule, Reading
from core.layers.reach_rules import own_axes, same_place, whole_axes
from core.layers.row_rules import rows_alone
from core.layers.spans import SAME, Window
from core.net.definition import Layer
from core.net.message import Message

_ONE_OR_TWO = Arity(1, 2)


def _infer_batch_norm(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Mean and variance of each channel, and the factor both are divided by."""
    bottom = bottoms[0]
    channels = axis_size(bottom, layer.param("batch_norm_param").integer("axis", 1))
    parameters: tuple[Shape, ...] = ((channels,), (channels,), (1,))
    if has_scale_and_bias(layer):
        return Geometry((bottom,), (*parameters, *((channels,),) * 2), macs=2 * math.prod(bottom))
    params = layer.message.messages("param")
    if len(params) != 3 and any(param.number("lr_mult", 1.0) for param in params):
        raise ShapeRefused("The statistics are not learned: their lr_mult must be 0.")
    return Geometry((bottom,), parameters, macs=math.prod(bottom))


def _infer_scale(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param = layer.param("scale_param")
    factor = bottoms[1] if len(bottoms) == 2 else _spanned_axes(param, bottoms[0])
    if len(bottoms) == 2:
        _check_fits(param, bottoms[0], factor)
    learned = (factor,) if len(bottoms) == 1 else ()
    if param.boolean("bias_term"):
        canonical_axis(param.integer("axis", 1), len(bottoms[0]))
        learned = (*learned, factor)
    return Geometry((bottoms[0],), learned, macs=math.prod(bottoms[0]))


def _infer_bias(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param, count = layer.param("bias_param"), math.prod(bottoms[0])
    if len(bottoms) == 2:
        _check_fits(param, bottoms[0], bottoms[1])
        return Geometry((bottoms[0],), operations=count, operation_name="additions")
    learned = (_spanned_axes(param, bottoms[0]),)
    return Geometry((bottoms[0],), learned, operations=count, operation_name="additions")


def _spanned_axes(param: Message, bottom: Shape) -> Shape:
    """The axes a learned scale or bias covers: `num_axes` from `axis` on, -1 for all."""
    n_axes = param.integer("num_axes", 1)
    axis = canonical_axis(param.integer("axis", 1), len(bottom))
    axis = axis if n_axes else 0
    if n_axes < -1 or axis + n_axes > len(bottom):
        raise ShapeRefused(f"{n_axes} axes from axis {axis} reach beyond {show_shape(bottom)}.")
    return bottom[axis:] if n_axes == -1 else bottom[axis : axis + n_axes]


def _check_fits(param: Message, bottom: Shape, factor: Shape) -> None:
    axis = canonical_axis(param.integer("axis", 1), len(bottom)) if factor else 0
    if bottom[axis : axis + len(factor)] != factor:
        raise ShapeRefused(
            f"The second bottom, {show_shape(factor)}, does not match the first, "
            f"{show_shape(bottom)}, from axis {axis} on."
        )


def _infer_mvn(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """The top always has four axes, the missing ones of size 1."""
    bottom = bottoms[0]
    if len(bottom) > 4:
        raise ShapeRefused(f"MVN takes blobs of up to four axes, not {len(bottom)}.")
    top = (*bottom, *(1,) * (4 - len(bottom)))
    return Geometry((top,), operations=3 * math.prod(bottom), operation_name="operations")


def _batch_norm_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    """Alone with the statistics from training."""
    if uses_batch_statistics(layer, phase):
        return "takes mean and variance over the whole batch"
    axis = layer.param("batch_norm_param").integer("axis", 1)
    return "" if canonical_axis(axis, len(bottoms[0])) else "takes axis 0 for channels"


def has_scale_and_bias(layer: Layer) -> bool:
    """Whether a BatchNorm learns scale and bias too, as NVIDIA's does; their fillers say so too."""
    param = layer.param("batch_norm_param")
    return param.boolean("scale_bias") or param.has("scale_filler") or param.has("bias_filler")


def uses_batch_statistics(layer: Layer, phase: str) -> bool:
    """Whether a BatchNorm takes mean and variance of its bottom, not the learned ones."""
    return not layer.param("batch_norm_param").boolean("use_global_stats", phase == "TEST")


def _spanning_rows(message: str) -> RowRule:
    """The rule of Scale and Bias: a factor over axis 0 has to come from the images themselves."""

    def rule(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
        param = layer.param(message)
        axis = canonical_axis(param.integer("axis", 1), len(bottoms[0]))
        if len(bottoms) == 2 and (axis > 0 or not bottoms[1]):
            return "gives every image the whole of its second bottom"
        if len(bottoms) == 2 and not param.boolean("bias_term"):
            return ""
        spans_images = axis == 0 and param.integer("num_axes", 1) != 0
        return "has learned another factor for each row of a batch" if spans_images else ""

    return rule


def sums_within_channels(layer: Layer) -> bool:
    """Whether an LRN takes squares of places around each one, not of neighbouring channels."""
    return layer.param("lrn_param").word("norm_region") in ("WITHIN_CHANNEL", "1")


def _infer_lrn(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param, bottom = layer.param("lrn_param"), bottoms[0]
    need_axes(bottom, 4)
    size = param.integer("local_size", 5)
    if size % 2 == 0:
        raise ShapeRefused(f"LRN takes odd local_size only, not {size}.")
    window = size * size if sums_within_channels(layer) else size
    return Geometry((bottom,), macs=math.prod(bottom) * window)


def _reach_batch_norm(reading: Reading) -> Sequence[Link]:
    """Its own place, or the whole channel where mean and variance come from the batch."""
    if not uses_batch_statistics(reading.layer, reading.phase):
        return same_place(reading)
    n_axes = len(reading.bottoms[0])
    axis = canonical_axis(reading.layer.param("batch_norm_param").integer("axis", 1), n_axes)
    return [whole_axes(reading, [other for other in range(n_axes) if other != axis])]


def _reach_spanning(message: str) -> ReachRule:
    """Scale and Bias: the value, and the factor of the second bottom that falls on it."""

    def rule(reading: Reading) -> Sequence[Link]:
        links = [Link(0, own_axes(len(reading.bottoms[0])))]
        if len(reading.bottoms) == 2:
            axis = reading.layer.param(message).integer("axis", 1)
            n_factor = len(reading.bottoms[1])
            start = canonical_axis(axis, len(reading.bottoms[0])) if n_factor else 0
            links.append(Link(1, tuple((start + i, SAME) for i in range(n_factor))))
        return links

    return rule


def _reach_lrn(reading: Reading) -> Sequence[Link]:
    """Neighbouring channels of the place, or the places around it in its channel."""
    size = reading.layer.param("lrn_param").integer("local_size", 5)
    window = Window(size, 1, (size - 1) // 2)
    if sums_within_channels(reading.layer):
        return [Link(0, ((0, SAME), (1, SAME), (2, window), (3, window)))]
    return [Link(0, ((0, SAME), (1, window), (2, SAME), (3, SAME)))]


def _reach_mvn(reading: Reading) -> Sequence[Link]:
    """The whole channel, or the whole image."""
    across = reading.layer.param("mvn_param").boolean("across_channels")
    return [whole_axes(reading, range(1 if across else 2, len(reading.bottoms[0])))]


TYPES = (
    LayerType("BatchNorm", "normalisation", _infer_batch_norm, ONE, ONE, True,
              defaults=defaults("batch_norm_param", use_global_stats="true at TEST",
                                moving_average_fraction=0.999, eps="1e-05"),
              rows=_batch_norm_rows,
              reach=_reach_batch_norm),
    LayerType("Scale", "normalisation", _infer_scale, _ONE_OR_TWO, ONE, True,
              defaults=defaults("scale_param", axis=1, num_axes=1, bias_term=False),
              rows=_spanning_rows("scale_param"),
              reach=_reach_spanning("scale_param")),
    LayerType("Bias", "normalisation", _infer_bias, _ONE_OR_TWO, ONE, True,
              defaults=defaults("bias_param", axis=1, num_axes=1),
              rows=_spanning_rows("bias_param"),
              reach=_reach_spanning("bias_param")),
    LayerType("LRN", "normalisation", _infer_lrn, ONE, ONE,
              defaults=defaults("lrn_param", local_size=5, alpha=1, beta=0.75,
                                norm_region="ACROSS_CHANNELS", k=1, engine="DEFAULT"),
              rows=rows_alone,
              reach=_reach_lrn),
    LayerType("MVN", "normalisation", _infer_mvn, ONE, ONE, True,
              defaults=defaults("mvn_param", normalize_variance=True, across_channels=False,
                                eps="1e-09"),
              rows=rows_alone,
              reach=_reach_mvn),
)  # fmt: skip
