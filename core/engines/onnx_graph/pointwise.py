"""Layers that treat each value, or each channel, on its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from core.engines.onnx_graph.layer_writer import LayerWriter, Writers
from core.layers.normalisation import has_scale_and_bias, uses_batch_statistics
from core.layers.reshaping import drops_at_random


def _plain(kind: str, at: LayerWriter) -> None:
    at.top(kind, at.bottoms[:1])


def _relu(at: LayerWriter) -> None:
    slope = at.layer.param("relu_param").number("negative_slope")
    if slope:
        at.top("LeakyRelu", at.bottoms[:1], alpha=slope)
    else:
        at.top("Relu", at.bottoms[:1])


def _prelu(at: LayerWriter) -> None:
    n_slopes = at.array(0).size
    shape = (n_slopes, *(1,) * (at.n_axes - 2)) if n_slopes > 1 else (1,)
    at.top("PRelu", [at.bottoms[0], at.learned(0, shape)])


def _elu(at: LayerWriter) -> None:
    alpha = at.layer.param("elu_param").number("alpha", 1.0)
    at.top("Elu", at.bottoms[:1], alpha=alpha)


def _power(at: LayerWriter) -> None:
    param = at.layer.param("power_param")
    power, scale = param.number("power", 1.0), param.number("scale", 1.0)
    shift = param.number("shift")
    at.need(when=power * scale != 0.0, why="it gives a constant")
    value = at.bottoms[0]
    if scale != 1.0:
        value = at.node("Mul", [value, at.graph.number(scale)])
    if shift:
        value = at.node("Add", [value, at.graph.number(shift)])
    if power == 1.0:
        at.top("Identity", [value])
    elif power == 2.0:
        at.top("Mul", [value, value])
    else:
        at.top("Pow", [value, at.graph.number(power)])


def _exp(at: LayerWriter) -> None:
    param = at.layer.param("exp_param")
    base, shift = param.number("base", -1.0), param.number("shift")
    log_base = 1.0 if base == -1.0 else math.log(base)
    scale = log_base * param.number("scale", 1.0)
    value = at.node("Exp", [at.node("Mul", [at.bottoms[0], at.graph.number(scale)])])
    at.top("Mul", [value, at.graph.number(math.exp(log_base * shift))])


def _log(at: LayerWriter) -> None:
    param = at.layer.param("log_param")
    base = param.number("base", -1.0)
    value = at.node("Mul", [at.bottoms[0], at.graph.number(param.number("scale", 1.0))])
    value = at.node("Log", [at.node("Add", [value, at.graph.number(param.number("shift"))])])
    factor = 1.0 if base == -1.0 else 1.0 / math.log(base)
    at.top("Mul", [value, at.graph.number(factor)])


def _bnll(at: LayerWriter) -> None:
    at.top("Softplus", at.bottoms[:1])


def _clip(at: LayerWriter) -> None:
    param = at.layer.param("clip_param")
    _between(at, param.number("min"), param.number("max"))


def _relu6(at: LayerWriter) -> None:
    _between(at, 0.0, 6.0)


def _between(at: LayerWriter, least: float, greatest: float) -> None:
    below = at.node("Min", [at.bottoms[0], at.graph.number(greatest)])
    at.top("Max", [below, at.graph.number(least)])


def _swish(at: LayerWriter) -> None:
    beta = at.layer.param("swish_param").number("beta", 1.0)
    gate = at.node("Sigmoid", [at.node("Mul", [at.bottoms[0], at.graph.number(beta)])])
    at.top("Mul", [at.bottoms[0], gate])


def _dropout(at: LayerWriter) -> None:
    at.need(when=not drops_at_random(at.layer, at.phase), why="it drops at random")
    param = at.layer.param("dropout_param")
    if param.boolean("scale_train", True):
        at.top("Identity", at.bottoms[:1])
    else:
        kept = 1.0 - param.number("dropout_ratio", 0.5)
        at.top("Mul", [at.bottoms[0], at.graph.number(kept)])


def _batch_norm(at: LayerWriter) -> None:
    param = at.layer.param("batch_norm_param")
    at.need(
        when=not uses_batch_statistics(at.layer, at.phase), why="it takes the batch's statistics"
    )
    at.need(when=param.integer("axis", 1) == 1 and at.n_axes >= 2, why="its channels aren't axis 1")
    total = float(at.array(2).reshape(-1)[0])
    factor = 0.0 if total == 0.0 else 1.0 / total
    mean, var = (at.array(i).reshape(-1) * np.float32(factor) for i in (0, 1))
    scale, bias = np.ones_like(mean), np.zeros_like(mean)
    if has_scale_and_bias(at.layer):
        scale, bias = at.array(3).reshape(-1), at.array(4).reshape(-1)
    words = [at.graph.constant(array.astype(np.float32)) for array in (scale, bias, mean, var)]
    at.top("BatchNormalization", [at.bottoms[0], *words], epsilon=param.number("eps", 1e-5))


def _scale(at: LayerWriter) -> None:
    param = at.layer.param("scale_param")
    axis = at.axis(param.integer("axis", 1))
    factor = _spanning(at, axis, 0)
    if not param.boolean("bias_term"):
        at.top("Mul", [at.bottoms[0], factor])
        return
    index = at.n_arrays - 1
    bias = at.learned(index, _spanned(at, axis, at.array(index).shape))
    at.top("Add", [at.node("Mul", [at.bottoms[0], factor]), bias])


def _bias(at: LayerWriter) -> None:
    axis = at.axis(at.layer.param("bias_param").integer("axis", 1))
    at.top("Add", [at.bottoms[0], _spanning(at, axis, 0)])


def _spanning(at: LayerWriter, axis: int, index: int) -> str:
    """A learned array, or the second bottom, with axes around it so that it broadcasts."""
    if len(at.bottoms) == 1:
        return at.learned(index, _spanned(at, axis, at.array(index).shape))
    shape = _spanned(at, axis, at.bottom_shapes[1])
    return at.node("Reshape", [at.bottoms[1], at.graph.integers(shape)])


def _spanned(at: LayerWriter, axis: int, shape: Sequence[int]) -> tuple[int, ...]:
    if not shape:
        return (1,)
    after = at.n_axes - axis - len(shape)
    return (*(1,) * axis, *shape, *(1,) * after)


WRITERS: Writers = {
    "ReLU": _relu,
    "PReLU": _prelu,
    "ELU": _elu,
    "Sigmoid": partial(_plain, "Sigmoid"),
    "TanH": partial(_plain, "Tanh"),
    "AbsVal": partial(_plain, "Abs"),
    "Power": _power,
    "Exp": _exp,
    "Log": _log,
    "BNLL": _bnll,
    "Clip": _clip,
    "ReLU6": _relu6,
    "Swish": _swish,
    "Dropout": _dropout,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "Bias": _bias,
}
