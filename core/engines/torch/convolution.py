"""Convolution and its relatives.

After BVLC/caffe src/caffe/layers/{base_conv,conv,deconv,im2col}_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from core.engines.torch import gathering, packing
from core.engines.torch.activation import guided
from core.engines.torch.compiling import CompiledCalls, Formula
from core.engines.torch.operation import PLAIN, MakeOperation, Operation, Tail
from core.engines.unforeseen import spoilt_in_place
from core.layers.convolution import Windows, read_windows, rectified_slope
from core.layers.layer_type import ShapeRefused

_CONVOLVE: dict[int, Callable[..., Tensor]] = {
    1: functional.conv1d,
    2: functional.conv2d,
    3: functional.conv3d,
}
_DECONVOLVE: dict[int, Callable[..., Tensor]] = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


class Windowed(Operation):
    """A layer with convolution_param."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Every bottom goes through the same weights to the top of its index."""
        return [self._one(bottom, self._windows(bottom)) for bottom in bottoms]

    def _one(self, bottom: Tensor, windows: Windows) -> Tensor:
        """Axes before the channels are all batch."""
        batch = bottom.shape[: windows.channel_axis]
        flat = bottom if len(batch) == 1 else bottom.reshape(-1, *bottom.shape[len(batch) :])
        top = self.convolve(flat, windows)
        return top if len(batch) == 1 else top.reshape(*batch, *top.shape[1:])

    def convolve(self, x: Tensor, windows: Windows) -> Tensor:
        """x: (n, channels, spatial...)."""
        raise NotImplementedError

    def bias(self) -> Tensor | None:
        """(num_output,), None where the layer has none."""
        return self.parameters.get(1) if self.parameters.count > 1 else None

    @cached_property
    def group(self) -> int:
        """In how many groups the channels are divided."""
        return self.layer.param("convolution_param").integer("group", 1)

    _known_windows: tuple[tuple[int, ...], Windows] | None = None

    def _windows(self, bottom: Tensor) -> Windows:
        """Read from the layer once for a shape."""
        shape = tuple(bottom.shape)
        if self._known_windows is None or self._known_windows[0] != shape:
            self._known_windows = (shape, self._read_windows(shape))
        return self._known_windows[1]

    def _read_windows(self, shape: tuple[int, ...]) -> Windows:
        try:
            windows = read_windows(self.layer.param("convolution_param"), shape)
        except ShapeRefused as error:
            raise self.refused(str(error)) from error
        if self.layer.is_in_place and set(windows.kernel) == {1}:
            # larger windows are copied out first
            raise spoilt_in_place(self.layer)
        return windows


def _is_native(x: Tensor, windows: Windows) -> bool:
    """Whether torch takes these windows: up to three axes, and none larger than its input."""
    rows = zip(x.shape[2:], windows.pad, windows.extents, strict=True)
    return (
        1 <= len(windows.kernel) <= 3
        and 0 not in windows.dilation
        and all(extent <= size + 2 * pad for size, pad, extent in rows)
    )


class Convolution(Windowed):
    """On a CPU with oneDNN the weights are packed once for an input shape."""

    takes_bfloat16 = True

    @property
    def can_fuse_relu(self) -> bool:  # type: ignore[override]
        """Where it has none of its own."""
        return self.is_linear

    @property
    def can_fuse_sum(self) -> bool:  # type: ignore[override]
        """Where oneDNN adds as we do."""
        return self.is_linear and self.place.fuses_sums

    @cached_property
    def is_linear(self) -> bool:
        """Whether no ReLU is part of it, as Intel's Caffe has it."""
        return rectified_slope(self.layer) is None

    def convolve(self, x: Tensor, windows: Windows) -> Tensor:
        """x: (n, channels, spatial...)."""
        top = self._convolve(x, windows, PLAIN)
        slope = rectified_slope(self.layer)
        if slope is None:
            return top
        return guided(functional.leaky_relu(top, slope), self.place)

    def run_fused(self, bottoms: list[Tensor], tail: Tail) -> Tensor:
        """Convolve, add and rectify in one go where oneDNN can."""
        windows = self._windows(bottoms[0])
        if windows.channel_axis != 1:
            return super().run_fused(bottoms, tail)
        return self._convolve(bottoms[0], windows, tail)

    def _convolve(self, x: Tensor, windows: Windows, tail: Tail) -> Tensor:
        is_native = _is_native(x, windows)
        if is_native and self.place.packs_weights and len(windows.kernel) == 2 and x.numel():
            return self._packed(x, windows, tail)
        if not is_native:
            x, weight = x.float(), self.parameters.get(0)
            top = gathering.convolve(x, weight, self.bias(), windows, self.group_of(x))
            return tail.apply(top)
        convolve = _CONVOLVE[len(windows.kernel)]
        plain = self.place.is_plain
        weight, bias = (self.parameters.get(0), self.bias()) if plain else self._laid_out
        top = convolve(
            self.place.laid_out(x),
            weight,
            bias,
            windows.stride,
            windows.pad,
            windows.dilation,
            self.group_of(x),
        )
        return tail.apply(top)

    def _packed(self, x: Tensor, windows: Windows, tail: Tail) -> Tensor:
        frame = packing.Frame(windows.pad, windows.stride, windows.dilation, self.group_of(x))
        # alone it mostly runs for a pass that keeps every value, once, which isn't worth the memory
        is_alone = not tail.with_relu and tail.added is None
        if is_alone or not self.place.compiles or not self._weights.is_finite:
            return self._call(x, frame, tail)

        def plain(x: Tensor, *added: Tensor) -> Tensor:
            return self._call(x, frame, replace(tail, added=added[0] if added else None))

        layout = torch.channels_last
        tensors: tuple[Tensor, ...] = (x.contiguous(memory_format=layout),)
        if tail.added is not None:
            tensors = (*tensors, tail.added.contiguous(memory_format=layout))
        return self._calls.run(
            tail.with_relu, tensors, plain, lambda: self._formula(x, frame, tail.with_relu)
        )

    def _formula(self, x: Tensor, frame: packing.Frame, with_relu: bool) -> Formula:
        """The layer and what follows it, to be compiled; the packed weights are let go."""
        self._weights.forget(tuple(x.shape))
        weight, bias = self.parameters.get(0), self._bias

        def formula(x: Tensor, *added: Tensor) -> Tensor:
            top = functional.conv2d(
                x, weight, bias, frame.stride, frame.pad, frame.dilation, frame.group
            )
            for each in added:
                top = torch.add(top, each)
            return torch.relu(top) if with_relu else top

        return formula

    def _call(self, x: Tensor, frame: packing.Frame, tail: Tail) -> Tensor:
        weight = self._weights.get(tuple(x.shape), frame)
        if not self._weights.is_finite:
            return tail.apply(packing.convolve(x, weight, self._bias, frame))
        return packing.convolve(x, weight, self._bias, frame, tail)

    @cached_property
    def _calls(self) -> CompiledCalls:
        return CompiledCalls()

    @cached_property
    def _laid_out(self) -> tuple[Tensor, Tensor | None]:
        """Weights and bias in the precision and layout of the place, without packing."""
        bias = self.bias()
        weight = self.place.laid_out(self.parameters.load(0))
        return weight, None if bias is None else bias.to(self.place.precision)

    @cached_property
    def _bias(self) -> Tensor | None:
        return self.bias()

    @cached_property
    def _weights(self) -> packing.PackedWeights:
        return packing.PackedWeights(lambda: self.parameters.load(0), self.place.precision)

    def group_of(self, x: Tensor) -> int:
        """In how many groups the channels of x are divided."""
        return self.group


class DepthwiseConvolution(Convolution):
    """A fork's type: every channel is a group, whatever `group` says."""

    def group_of(self, x: Tensor) -> int:
        """As many groups as channels."""
        return int(x.shape[1])


class Deconvolution(Windowed):
    """The transposed convolution."""

    def convolve(self, x: Tensor, windows: Windows) -> Tensor:
        """x: (n, channels, spatial...)."""
        if len(windows.kernel) not in _DECONVOLVE or 0 in windows.dilation:
            weight = self.parameters.get(0)
            return gathering.deconvolve(x, weight, self.bias(), windows, self.group)
        deconvolve = _DECONVOLVE[len(windows.kernel)]
        no_extra = (0,) * len(windows.kernel)
        return deconvolve(
            x,
            self.parameters.get(0),
            self.bias(),
            windows.stride,
            windows.pad,
            no_extra,
            self.group,
            windows.dilation,
        )


class Im2col(Windowed):
    """Windows laid out as channels: (n, channels * kernel area, output...)."""

    def convolve(self, x: Tensor, windows: Windows) -> Tensor:
        """x: (n, channels, spatial...)."""
        return gathering.gather_windows(x, windows)


OPERATIONS: dict[str, MakeOperation] = {
    "Convolution": Convolution,
    "ConvolutionDepthwise": DepthwiseConvolution,
    "DepthwiseConvolution": Convolution,
    "Deconvolution": Deconvolution,
    "Im2col": Im2col,
}
