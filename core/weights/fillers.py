"""The values Caffe starts training from, for nets without weights: same formulas, our own numbers.

After BVLC/caffe include/caffe/filler.hpp. The stream of numbers depends on the seed, the layer's
name and the parameter's index alone, so renaming a blob changes no value.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable

import numpy as np

from core.layers.layer_type import Shape
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import Layer, Net
from core.net.message import Message

Fill = Callable[[np.random.Generator, Shape, Message], np.ndarray]

_WEIGHT_AND_BIAS = ("weight_filler", "bias_filler")
_FILLER_FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Convolution": ("convolution_param", _WEIGHT_AND_BIAS),
    "Deconvolution": ("convolution_param", _WEIGHT_AND_BIAS),
    "ConvolutionDepthwise": ("convolution_param", _WEIGHT_AND_BIAS),
    "DepthwiseConvolution": ("convolution_param", _WEIGHT_AND_BIAS),
    "InnerProduct": ("inner_product_param", _WEIGHT_AND_BIAS),
    "Embed": ("embed_param", _WEIGHT_AND_BIAS),
    "MarginInnerProduct": ("margin_inner_product_param", ("weight_filler",)),
    "Bias": ("bias_param", ("filler",)),
    "PReLU": ("prelu_param", ("filler",)),
    "Normalize": ("norm_param", ("scale_filler",)),
    "BN": ("bn_param", ("scale_filler", "shift_filler")),
}
_UNWRITTEN = {"PReLU": (0.25,), "Scale": (1.0, 0.0), "Normalize": (1.0,), "BN": (1.0, 0.0)}
"""What a type fills in when the prototxt names no filler; 0 everywhere else."""


FillArray = Callable[[LayerShapes, int, int], np.ndarray]
"""Parameter number `index` of a layer that holds it itself, from a seed: float32."""


def filler_array(row: LayerShapes, index: int, seed: int) -> np.ndarray:
    """What the layer's fillers ask for, as Caffe leaves an array that no weights file gives."""
    return _array(row, index, seed, _written_fill)


def random_array(row: LayerShapes, index: int, seed: int) -> np.ndarray:
    """A value that keeps activations alive, for nets without any weights."""
    return _array(row, index, seed, _random_fill)


def filler_weights(net: Net, shapes: NetShapes, seed: int = 0) -> dict[str, tuple[np.ndarray, ...]]:
    """Arrays for every layer with parameters of known shape, float32, as its fillers ask.

    A layer that shares a parameter by name gets its owner's array. A deploy prototxt names no
    fillers, and Caffe then fills with zeros: see `random_weights` for values that tell more.
    """
    return _fill_net(shapes, seed, filler_array)


def random_weights(net: Net, shapes: NetShapes, seed: int = 0) -> dict[str, tuple[np.ndarray, ...]]:
    """Arrays that keep activations alive through a deep net, whatever fillers are written.

    Weights: Gaussian scaled by fan-in (He et al., 2015); biases small; BatchNorm: statistics near
    mean 0 and variance 1; Scale near 1. Two nets that differ anywhere then differ at the outputs.
    """
    return _fill_net(shapes, seed, random_array)


def _fill_net(shapes: NetShapes, seed: int, fill: FillArray) -> dict[str, tuple[np.ndarray, ...]]:
    held: dict[tuple[str, int], np.ndarray] = {}
    for row in shapes.layers:
        for index, owner in enumerate(row.owners):
            if owner not in held:
                held[owner] = fill(row, index, seed)
    return {row.layer.name: _held_arrays(row, held) for row in shapes.layers if row.parameters}


def _array(
    row: LayerShapes,
    index: int,
    seed: int,
    fill: Callable[[np.random.Generator, Layer, int, Shape], np.ndarray],
) -> np.ndarray:
    rng = np.random.default_rng([seed, zlib.crc32(row.layer.name.encode()), index])
    return fill(rng, row.layer, index, row.parameters[index]).astype(np.float32)


def _held_arrays(
    row: LayerShapes, held: dict[tuple[str, int], np.ndarray]
) -> tuple[np.ndarray, ...]:
    pairs = zip(row.owners, row.parameters, strict=True)
    return tuple(held[owner].reshape(shape) for owner, shape in pairs)


def _written_fill(rng: np.random.Generator, layer: Layer, index: int, shape: Shape) -> np.ndarray:
    filler = _filler_of(layer, index, shape)
    if filler is None:
        unwritten = _UNWRITTEN.get(layer.type, ())
        return np.full(shape, unwritten[index] if index < len(unwritten) else 0.0)
    return fill_array(rng, shape, filler)


def _filler_of(layer: Layer, index: int, shape: Shape) -> Message | None:
    if layer.type in ("LSTM", "RNN"):
        name = "weight_filler" if len(shape) == 2 else "bias_filler"
        return _written(layer.param("recurrent_param"), name)
    if layer.type == "Scale":
        # with two bottoms the only parameter is the bias
        names = ("filler", "bias_filler") if len(layer.bottoms) == 1 else ("bias_filler",)
        return _written(layer.param("scale_param"), names[index])
    message, fields = _FILLER_FIELDS.get(layer.type, ("", ()))
    return _written(layer.param(message), fields[index]) if index < len(fields) else None


def _written(param: Message, name: str) -> Message | None:
    return param.message(name) if param.has(name) else None


def fill_array(rng: np.random.Generator, shape: Shape, filler: Message) -> np.ndarray:
    """One array as a filler message asks; an unknown type fills with its `value`."""
    return _FILLS.get(filler.word("type", "constant"), _constant)(rng, shape, filler)


def _constant(rng: np.random.Generator, shape: Shape, filler: Message) -> np.ndarray:
    return np.full(shape, filler.number("value", 0.0))


def _uniform(rng: np.random.Generator, shape: Shape, filler: Message) -> np.ndarray:
    return rng.uniform(filler.number("min", 0.0), filler.number("max", 1.0), shape)


def _gaussian(rng: np.random.Generator, shape: Shape, filler: Message) -> np.ndarray:
    """With `sparse`, on average that many inputs of each output are kept."""
    values = rng.normal(filler.number("mean", 0.0), filler.number("std", 1.0), shape)
    sparse = filler.integer("sparse", -1)
    if sparse >= 0 and shape:
        values = values * (rng.random(shape) < sparse / max(1, shape[0]))
    return values


def _xavier(rng: np.random.Generator, shape: Shape, filler: Message) -> np.ndarray:
    """Uniform with variance 1 / n (Glorot and Bengio, 2010)."""
    reach = math.sqrt(3.0 / _fan(shape, filler))
    return rng.uniform(-reach, reach, shape)


def _msra(rng: np.random.Generator, shape: Shape, filler: Message) -> np.ndarray:
    """Gaussian with variance 2 / n (He et al., 2015)."""
    return rng.normal(0.0, math.sqrt(2.0 / _fan(shape, filler)), shape)


def _fan(shape: Shape, filler: Message) -> float:
    """n of the two above: fan-in unless `variance_norm` says otherwise."""
    count = math.prod(shape)
    fan_in = count / max(1, shape[0]) if shape else 1
    fan_out = count / max(1, shape[1]) if len(shape) > 1 else count
    norm = filler.word("variance_norm", "FAN_IN")
    n = {"FAN_OUT": fan_out, "1": fan_out, "AVERAGE": (fan_in + fan_out) / 2,
         "2": (fan_in + fan_out) / 2}.get(norm, fan_in)  # fmt: skip
    return max(1.0, n)


def _positive_unitball(rng: np.random.Generator, shape: Shape, filler: Message) -> np.ndarray:
    """Uniform, each output's values divided by their sum."""
    values = rng.random((shape[0] if shape else 1, math.prod(shape[1:])))
    scaled: np.ndarray = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-30)
    return scaled.reshape(shape)


def _bilinear(rng: np.random.Generator, shape: Shape, filler: Message) -> np.ndarray:
    """The kernel of bilinear upsampling in every channel (Long et al., 2015)."""
    if len(shape) != 4 or shape[2] != shape[3]:
        return np.zeros(shape)  # Caffe aborts here; the net may still be looked at
    factor = math.ceil(shape[3] / 2)
    centre = (shape[3] - 1) / (2.0 * factor)
    slope = 1 - np.abs(np.arange(shape[3]) / factor - centre)
    kernel: np.ndarray = np.broadcast_to(np.outer(slope, slope), shape)
    return kernel


_FILLS: dict[str, Fill] = {
    "constant": _constant,
    "uniform": _uniform,
    "gaussian": _gaussian,
    "xavier": _xavier,
    "msra": _msra,
    "positive_unitball": _positive_unitball,
    "bilinear": _bilinear,
}


def _random_fill(rng: np.random.Generator, layer: Layer, index: int, shape: Shape) -> np.ndarray:
    if layer.type == "BatchNorm":
        spread = rng.uniform(-0.1, 0.1, shape)
        return spread if index == 0 else np.ones(shape) + (spread if index == 1 else 0)
    if layer.type in ("Scale", "BN", "Normalize") and not _is_offset(layer, index):
        return rng.uniform(0.8, 1.2, shape)
    if layer.type == "PReLU":
        return rng.uniform(0.1, 0.4, shape)
    if len(shape) < 2 or _is_offset(layer, index):
        return rng.uniform(-0.1, 0.1, shape)
    fan_in = max(1, math.prod(shape) // max(1, shape[0]))
    return rng.normal(0.0, math.sqrt(2.0 / fan_in), shape)


def _is_offset(layer: Layer, index: int) -> bool:
    if layer.type == "Scale":
        return len(layer.bottoms) == 2 or index == 1
    return layer.type == "Bias" or (layer.type == "BN" and index == 1)
