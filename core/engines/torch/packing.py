"""Convolutions and inner products through oneDNN, with weights in its own layout.

These are the operators that torch's own compiler calls. Asked for once with the shape they will
meet, oneDNN lays the weights out for its fastest kernel and applies a ReLU while the result is
still in registers; plain eager calls pay for both in every pass.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.engines.torch.operation import PLAIN, Tail

MAX_LAYOUTS = 2
"""Layouts kept for a layer: full batches and the last, smaller one."""

_PROBES = ((1, 64), (3, 48), (1, 20), (3, 512))
"""Kernel sizes and channels that lead to different code in oneDNN."""

_OPERATORS = (
    "_reorder_convolution_weight",
    "_reorder_linear_weight",
    "_convolution_pointwise",
    "_convolution_pointwise_",
    "_linear_pointwise",
)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Frame:
    """How a window moves over (height, width)."""

    pad: Shape
    stride: Shape
    dilation: Shape
    group: int


class PackedWeights:
    """The weights of one layer in the layouts last used, by input shape."""

    def __init__(self, load: Callable[[], Tensor], precision: torch.dtype = torch.float32) -> None:
        self._load, self._precision = load, precision
        self._layouts: OrderedDict[Shape, Tensor] = OrderedDict()
        self.is_finite = True

    def get(self, input_shape: Shape, frame: Frame | None) -> Tensor:
        """The layout for this input; frame None packs for an inner product."""
        found = self._layouts.get(input_shape)
        if found is None:
            found = self._pack(input_shape, frame)
            # A layout is a copy of the weights, 400 MB for VGG16's fc6, so few are kept.
            while len(self._layouts) > MAX_LAYOUTS:
                self._layouts.popitem(last=False)
        self._layouts.move_to_end(input_shape)
        return found

    def forget(self, input_shape: Shape) -> None:
        """Let go of the layout for this input."""
        self._layouts.pop(input_shape, None)

    def _pack(self, input_shape: Shape, frame: Frame | None) -> Tensor:
        weight = self._load().to(self._precision)
        self.is_finite = bool(torch.isfinite(weight).all())
        if frame is None:
            packed = _operators()._reorder_linear_weight(weight, None)
        else:
            packed = _operators()._reorder_convolution_weight(
                weight, frame.pad, frame.stride, frame.dilation, frame.group, input_shape
            )
        self._layouts[input_shape] = packed
        result: Tensor = packed
        return result


def convolve(
    x: Tensor, weight: Tensor, bias: Tensor | None, frame: Frame, tail: Tail = PLAIN
) -> Tensor:
    """Convolve x, (n, channels, height, width), in the precision of the weights.

    The result is channels-last.
    """
    x = x.to(weight.dtype).contiguous(memory_format=torch.channels_last)
    if bias is not None and tail.added is not None:
        bias = bias.to(weight.dtype)  # this operator asks for one precision
    operands = (weight, bias, frame.pad, frame.stride, frame.dilation, frame.group)
    operators = _operators()
    result: Tensor
    if tail.added is None:
        relu = "relu" if tail.with_relu else "none"
        result = operators._convolution_pointwise.default(x, *operands, relu, [], "")
        return result
    added = tail.added.to(weight.dtype).contiguous(memory_format=torch.channels_last)
    ending: tuple[object, ...] = ("add", None, "relu" if tail.with_relu else None, [], "")
    if tail.may_overwrite:
        result = operators._convolution_pointwise_.binary(added, x, *operands, *ending)
    else:
        result = operators._convolution_pointwise.binary(x, added, *operands, *ending)
    return result


def multiply(rows: Tensor, weight: Tensor, bias: Tensor | None, *, with_relu: bool) -> Tensor:
    """rows (n, inputs) times packed weights of (outputs, inputs), plus a bias."""
    activation = "relu" if with_relu else "none"
    rows = rows.to(weight.dtype)
    result: Tensor = _operators()._linear_pointwise.default(rows, weight, bias, activation, [], "")
    return result


def why_unavailable() -> str:
    """Why these operators can't be used here; "" where they exist and compute right."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return "this torch was built without oneDNN"
    # No public name of torch reaches these operators, so that any new torch may drop or change one.
    missing = [name for name in _OPERATORS if not hasattr(_operators(), name)]
    if missing:
        return f"torch {torch.__version__} has no operator mkldnn.{missing[0]}"
    try:
        is_right = _computes_right()
    except (RuntimeError, AttributeError, NotImplementedError, TypeError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        return f"torch {torch.__version__} refuses them: {said[0]}"
    return "" if is_right else f"torch {torch.__version__} computes something else in them"


def _computes_right() -> bool:
    """Whether a convolution and a product agree with those of plain calls."""
    x = torch.arange(-24.0, 24.0).reshape(1, 3, 4, 4)
    weight = torch.arange(-54.0, 54.0).reshape(4, 3, 3, 3)
    frame = Frame((1, 1), (1, 1), (1, 1), 1)
    packed = PackedWeights(lambda: weight).get((1, 3, 4, 4), frame)
    found = convolve(x, packed, None, frame, Tail(with_relu=True))
    wanted = torch.relu(torch.nn.functional.conv2d(x, weight, padding=1))
    rows, matrix = x.reshape(2, 24), weight.reshape(-1)[:72].reshape(3, 24)
    product = multiply(rows, PackedWeights(lambda: matrix).get((), None), None, with_relu=True)
    return bool(
        torch.allclose(found, wanted, rtol=1e-5)
        and torch.allclose(product, torch.relu(rows @ matrix.t()), rtol=1e-5)
    )


def has_bfloat16() -> bool:
    """Whether oneDNN computes in bfloat16 on this processor."""
    try:
        return bool(_operators()._is_mkldnn_bf16_supported())
    except (RuntimeError, AttributeError):
        return False


def sums_exactly() -> bool:
    """Whether a sum fused into a convolution has the bits of the sum made afterwards."""
    return all(_sums_exactly(kernel, channels) for kernel, channels in _PROBES)


def _sums_exactly(kernel: int, channels: int) -> bool:
    # oneDNN may add inside its sum of products, in another order: then a value would have other
    # bits when the sum after it is not wanted, and Verify would call equal nets different.
    generator = torch.Generator().manual_seed(1)
    shape = (2, channels, 9, 9)
    x, added, weight = (
        torch.randn(size, generator=generator)
        for size in (shape, shape, (channels, channels, kernel, kernel))
    )
    frame = Frame((kernel // 2,) * 2, (1, 1), (1, 1), 1)
    packed = PackedWeights(lambda: weight).get(shape, frame)
    wanted = torch.relu(convolve(x, packed, None, frame) + added)
    beside = convolve(x, packed, None, frame, Tail(True, added))
    within = convolve(x, packed, None, frame, Tail(True, added.clone(), may_overwrite=True))
    return torch.equal(beside, wanted) and torch.equal(within, wanted)


def _operators() -> Any:
    return torch.ops.mkldnn
