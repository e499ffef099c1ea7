"""Recognising well-known nets, to feed them as their publishers do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.images.preprocess import Preprocess
from core.images.presets import PRESETS
from core.net.definition import Layer, Net

_DETECTORS = ("DetectionOutput", "PriorBox", "Proposal", "ROIPooling", "Python", "RegionLoss")


@dataclass(frozen=True)
class _Kind:
    """A family of nets: the start of its preset's name, its inputs' sizes, and how to tell it.

    sides: heights and widths that its nets are published for; empty for any size.
    """

    preset: str
    n_channels: int
    sides: tuple[int, ...]
    is_one: Callable[[Net], bool]
    detects: bool = False


def find_fitting_preset(net: Net, n_channels: int | None, side: int | None) -> str | None:
    """The name of the preset of the family that a net clearly belongs to, else None.

    n_channels, side: those of its input, where known; side only of a square one. Told by layers
    that the family alone has or by the net's name, never by the input's size alone.
    """
    detects = any(layer.type in _DETECTORS for layer in net.layers)
    for kind in _KINDS:
        fits = n_channels in (None, kind.n_channels) and (
            side is None or not kind.sides or side in kind.sides
        )
        if fits and kind.detects == detects and kind.is_one(net):
            return next(name for name in PRESETS if name.startswith(kind.preset))
    return None


def rank_presets(net: Net, input_shape: Sequence[int] | None) -> dict[str, Preprocess]:
    """The presets that make the input of a net, that of its family first.

    input_shape: (n_images, channels, height, width) where it is known. A preset fits that gives so
    many channels and, of any photo, pictures of that size; what only warps is warped to it.
    """
    if input_shape is None or len(input_shape) != 4:
        own = find_fitting_preset(net, None, None)
        return {} if own is None else {own: PRESETS[own]}
    _, n_channels, height, width = input_shape
    own = find_fitting_preset(net, n_channels, height if height == width else 0)
    fitting = {
        name: preset_for_input(name, height, width)
        for name, preset in PRESETS.items()
        if preset.n_channels == n_channels
        and not preset.is_free_size
        and (preset.width, preset.height) == (width, height)
    }
    first = {} if own is None else {own: preset_for_input(own, height, width)}
    return {**first, **fitting}


def is_of_family(net: Net, preset: str) -> bool:
    """Whether a net, whatever its input's size, clearly belongs to the family of a preset."""
    kinds = (kind for kind in _KINDS if preset.startswith(kind.preset))
    return any(kind.is_one(net) for kind in kinds)


def preset_for_input(name: str, height: int, width: int) -> Preprocess:
    """A preset for an input of this size: what only warps is warped to it."""
    preset = PRESETS[name]
    if preset.size_policy == "warp":
        return replace(preset, width=width, height=height)
    return preset


def _first_convolution(net: Net) -> tuple[int, int, int]:
    """Outputs, kernel size and stride of the first convolution; zeros where there is none."""
    layer = next((layer for layer in net.layers if layer.type == "Convolution"), None)
    if layer is None:
        return 0, 0, 0
    param = layer.param("convolution_param")
    kernel, stride = param.integers("kernel_size"), param.integers("stride")
    return param.integer("num_output"), kernel[0] if kernel else 0, stride[0] if stride else 1


def _begins_with(*first: int) -> Callable[[Net], bool]:
    return lambda net: _first_convolution(net) == first


def _has_layer(*names: str) -> Callable[[Net], bool]:
    return lambda net: any(net.has_layer(name) for name in names)


def _named(pattern: str) -> Callable[[Net], bool]:
    return lambda net: re.match(pattern, net.name, re.IGNORECASE) is not None


def _is_vgg(net: Net) -> bool:
    """The stacks of 3 x 3 convolutions of Simonyan and Zisserman, cut off anywhere after them."""
    plain = {"Input", "Convolution", "ReLU", "Pooling", "InnerProduct", "Dropout", "Softmax"}
    return (
        _first_convolution(net) == (64, 3, 1)
        and net.has_layer("conv1_1")
        and net.has_layer("conv5_3")
        and all(layer.type in plain for layer in net.layers)
    )


def _n_outputs(net: Net, name: str) -> int:
    layer: Layer | None = net.layer(name) if net.has_layer(name) else None
    return 0 if layer is None else layer.param("inner_product_param").integer("num_output")


def _is_lenet(net: Net) -> bool:
    return _named("LeNet")(net) or (
        _first_convolution(net) == (20, 5, 1) and _n_outputs(net, "ip1") == 500
    )


_KINDS = (
    _Kind("LeNet", 1, (28,), _is_lenet),
    _Kind("SqueezeNet", 3, (224, 227), _has_layer("fire2/squeeze1x1", "fire2/conv1x1_1")),
    _Kind("SENet", 3, (224,), _named(r"SE-(ResN|BN-)|SENet")),
    _Kind("ResNet", 3, (224,), _has_layer("res2a_branch2a")),
    _Kind("GoogLeNet", 3, (224,), _has_layer("inception_3a/1x1")),
    _Kind("MobileNet", 3, (224,), _named(r"MOBILENET(_?V[12])?$|DENSENET_\d+$|shufflenet$")),
    _Kind("VGG", 3, (224,), _is_vgg),
    _Kind("CaffeNet", 3, (227,), _begins_with(96, 11, 4)),
    _Kind("SSD with MobileNet", 3, (), _named("MobileNet-SSD"), detects=True),
    _Kind("SSD:", 3, (), _named(r"VGG_\w+_SSD_"), detects=True),
)  # fmt: skip
