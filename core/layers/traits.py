"""What a value is by its layers alone: never below 0, class posteriors, a border of bare bias."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import AppError
from core.layers.convolution import rectified_slope
from core.net.definition import Layer, Net

_NEVER_NEGATIVE = frozenset(
    "AbsVal BNLL Exp HardSigmoid ReLU6 Sigmoid Softmax SoftmaxWithLoss Threshold".split()
)
_AS_ITS_BOTTOMS = frozenset(
    "Concat Crop Dropout Flatten Interp LRN Permute Pooling Reshape ShuffleChannel Slice Split "
    "Tile Upsample".split()
)
"""Types whose tops are never below 0 where no bottom is."""
_POSTERIORS = ("Softmax", "SoftmaxWithLoss")
_CONVOLUTIONS = ("Convolution", "ConvolutionDepthwise", "DepthwiseConvolution")


@dataclass(frozen=True)
class ValueTraits:
    """What is known of a value before any pass.

    has_bare_border: whether a 1 x 1 convolution with padding wrote it, whose border is its bias
    alone, as that of SqueezeNet's last convolution is.
    """

    may_be_negative: bool = True
    is_posterior: bool = False
    has_bare_border: bool = False


def traits_of(net: Net) -> dict[tuple[str, str], ValueTraits]:
    """The traits of every value by (layer, top), in the net's order."""
    never: dict[str, bool] = {}
    bare: dict[str, bool] = {}
    found = {}
    for layer in net.layers:
        is_never = _is_never_negative(layer, [never.get(blob, False) for blob in layer.bottoms])
        has_border = _has_bare_border(layer)
        if layer.type in ("ReLU", "Dropout") and layer.bottoms:
            has_border = bare.get(layer.bottoms[0], False)
        for top in layer.tops:
            never[top], bare[top] = is_never, has_border
            is_posterior = layer.type in _POSTERIORS
            found[layer.name, top] = ValueTraits(not is_never, is_posterior, has_border)
    return found


def _is_never_negative(layer: Layer, bottoms: list[bool]) -> bool:
    if layer.type == "ReLU":
        slope = layer.param("relu_param").number("negative_slope", 0)
        return slope == 0 or (slope > 0 and all(bottoms))
    if layer.type in _NEVER_NEGATIVE:
        return True
    if layer.type in _CONVOLUTIONS:
        return rectified_slope(layer) == 0
    if not bottoms:
        return False
    if layer.type == "Eltwise":
        return _is_sum_never_negative(layer, bottoms)
    return layer.type in _AS_ITS_BOTTOMS and all(bottoms)


def _is_sum_never_negative(layer: Layer, bottoms: list[bool]) -> bool:
    param = layer.param("eltwise_param")
    operation = param.word("operation", "SUM")
    if operation == "MAX":
        return any(bottoms)
    if operation == "SUM" and any(value < 0 for value in param.numbers("coeff")):
        return False
    return all(bottoms)


def _has_bare_border(layer: Layer) -> bool:
    if layer.type not in _CONVOLUTIONS:
        return False
    param = layer.param("convolution_param")
    try:
        sides = [param.integers(name) for name in ("kernel_size", "kernel_h", "kernel_w")]
        pads = [param.integers(name) for name in ("pad", "pad_h", "pad_w")]
    except AppError:
        return False
    kernel = [size for side in sides for size in side]
    return bool(kernel) and set(kernel) == {1} and any(pad > 0 for side in pads for pad in side)
