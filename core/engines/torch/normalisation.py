"""Normalisation and per-channel scaling.

After BVLC/caffe src/caffe/layers/{batch_norm,scale,bias,lrn,mvn}_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from core.engines.torch.operation import ChannelAffine, MakeOperation, Operation, canonical
from core.layers.normalisation import (
    has_scale_and_bias,
    sums_within_channels,
    uses_batch_statistics,
)


class BatchNorm(Operation):
    """(x - mean) / sqrt(var + eps), statistics from training or from this batch.

    NVIDIA's learns a scale and a bias too, and may have its channels along another axis.
    """

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Axis 1 holds the channels where no other is named."""
        axis = self.layer.param("batch_norm_param").integer("axis", 1)
        x = bottoms[0].movedim(axis, 1)
        mean, var = self._trained if self.is_channel_affine else _moments(x)
        if self.place.memory is not None and not self.is_channel_affine:
            self._move_statistics(mean, var, x.numel() // x.shape[1])
        if self.place.is_differentiable and not self.is_channel_affine:
            top = self._normalise(x, mean, var)
        else:
            top = functional.batch_norm(x, mean, var, *self._scale_and_bias, eps=self._eps)
        return [top.movedim(1, axis)]

    @torch.no_grad()
    def _move_statistics(self, mean: Tensor, var: Tensor, n_values: int) -> None:
        """Sums that fade, and how many of them there are; the variance as of a sample."""
        fraction = self.layer.param("batch_norm_param").number("moving_average_fraction", 0.999)
        unbiased = var * (n_values / (n_values - 1) if n_values > 1 else 1.0)
        for index, new in enumerate((mean, unbiased, torch.ones(1, device=mean.device))):
            kept = self.parameters.get(index)
            kept.mul_(fraction).add_(new.detach().reshape(kept.shape))

    def _normalise(self, x: Tensor, mean: Tensor, var: Tensor) -> Tensor:
        """In plain operators, so that the batch's own statistics pass their gradient on."""
        top = (x - _spanning(mean, x, 1)) * _spanning(torch.rsqrt(var + self._eps), x, 1)
        scale, bias = self._scale_and_bias
        top = top if scale is None else top * _spanning(scale.reshape(-1), x, 1)
        return top if bias is None else top + _spanning(bias.reshape(-1), x, 1)

    @cached_property
    def is_channel_affine(self) -> bool:
        """With the statistics from training."""
        return not uses_batch_statistics(self.layer, self.layer.phase_in(self.place.state))

    def channel_affine(self) -> ChannelAffine:
        """The statistics as factor and shift."""
        mean, var = (moment.double() for moment in self._trained)
        scale, bias = self._scale_and_bias
        factor = torch.rsqrt(var + self._eps)
        factor = factor if scale is None else factor * scale
        shift = -mean * factor
        return ChannelAffine(factor, shift if bias is None else shift + bias)

    @property
    def _eps(self) -> float:
        return self.layer.param("batch_norm_param").number("eps", 1e-5)

    @cached_property
    def _scale_and_bias(self) -> tuple[Tensor | None, Tensor | None]:
        if not has_scale_and_bias(self.layer):
            return None, None
        return self.parameters.get(3), self.parameters.get(4)

    @cached_property
    def _trained(self) -> tuple[Tensor, Tensor]:
        """Mean and variance after the factor; a factor of 0 means both are 0."""
        factor = float(self.parameters.load(2).detach().reshape(-1)[0])
        scale = 0.0 if factor == 0.0 else 1.0 / factor
        mean, var = (self.parameters.load(i).detach().reshape(-1) * scale for i in (0, 1))
        return mean, var


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and (biased) variance of each channel."""
    axes = [axis for axis in range(x.dim()) if axis != 1]
    mean = x.mean(axes, keepdim=True)
    return mean.reshape(-1), ((x - mean) ** 2).mean(axes)


class Scale(Operation):
    """x times a factor, plus a bias; the factor is learned or comes as the second bottom."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Factor and bias span axes from `axis` on."""
        param, x = self.layer.param("scale_param"), bottoms[0]
        factor = bottoms[1] if len(bottoms) > 1 else self.parameters.get(0)
        spanned = _spanning(factor, x, param.integer("axis", 1))
        out = None
        if not self.place.is_differentiable:
            out = x if may_overwrite else torch.empty_like(x)  # in the layout of x
        if not param.boolean("bias_term"):
            return [torch.mul(x, spanned, out=out)]
        bias = self.parameters.get(self.parameters.count - 1)
        axis = param.integer("axis", 1)
        return [torch.addcmul(_spanning(bias, x, axis), x, spanned, out=out)]

    @property
    def is_channel_affine(self) -> bool:
        """With a learned factor for each channel."""
        param = self.layer.param("scale_param")
        spans_channels = param.integer("axis", 1) == 1 and param.integer("num_axes", 1) == 1
        return len(self.layer.bottoms) == 1 and spans_channels

    def channel_affine(self) -> ChannelAffine:
        """The learned factor, and the bias if there is one."""
        factor, shift = self.parameters.get(0), None
        if self.layer.param("scale_param").boolean("bias_term"):
            shift = self.parameters.get(1)
        shift = torch.zeros_like(factor) if shift is None else shift
        return ChannelAffine(factor.double(), shift.double())


class Bias(Operation):
    """x plus a bias that is learned or comes as the second bottom."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """The bias spans axes from `axis` on."""
        x = bottoms[0]
        bias = bottoms[1] if len(bottoms) > 1 else self.parameters.get(0)
        spanned = _spanning(bias, x, self.layer.param("bias_param").integer("axis", 1))
        return [torch.add(x, spanned, out=x if may_overwrite else None)]


def _spanning(factor: Tensor, x: Tensor, axis: int) -> Tensor:
    """A factor with axes of size 1 around it, so that it broadcasts over x from `axis` on."""
    if factor.dim() == 0:
        return factor
    before = canonical(axis, x.dim())
    after = x.dim() - before - factor.dim()
    return factor.reshape((1,) * before + tuple(factor.shape) + (1,) * after)


class LRN(Operation):
    """Division by the local energy, across channels or within each."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """x / (k + alpha * mean of squares)^beta; within channels, Caffe takes k as 1.

        In place and across channels, Caffe multiplies the factor with itself: x is gone by then.
        """
        param, x = self.layer.param("lrn_param"), bottoms[0]
        beta = param.number("beta", 0.75)
        size, alpha = param.integer("local_size", 5), param.number("alpha", 1.0)
        if sums_within_channels(self.layer):
            energy = functional.avg_pool2d(x * x, size, 1, (size - 1) // 2)
            return [x * torch.pow(energy * alpha + 1.0, -beta)]
        factor = lrn_factor(x, size, alpha / size, param.number("k", 1.0), beta)
        return [factor * factor if self.layer.is_in_place else x * factor]


def lrn_factor(x: Tensor, size: int, alpha: float, k: float, beta: float) -> Tensor:
    """(k + alpha * sum of the squares of `size` neighbouring channels) ** -beta.

    Caffe keeps a running sum, so that a NaN stays in it for all later channels.
    """
    channels, half = x.shape[1], (size - 1) // 2
    places = x.movedim(1, -1)
    # all places in one long row, with room around each: a neighbour is then a shift of the row
    room = x.new_zeros((*places.shape[:-1], channels + 2 * half))
    if x.requires_grad:
        room.narrow(-1, half, channels).copy_(places * places)
    else:
        torch.mul(places, places, out=room.narrow(-1, half, channels))
    row = room.reshape(-1)
    sums = row.clone()
    n_sums = row.numel() - 2 * half
    for step in range(1, 2 * half + 1):
        sums[:n_sums] += row[step : step + n_sums]
    factor = _to_negative_power(sums.mul_(alpha).add_(k), beta).reshape(room.shape)
    factor = factor.narrow(-1, 0, channels).movedim(-1, 1)
    # to ask a GPU whether there is one would wait for it
    if x.device.type != "cpu" or bool(torch.isnan(factor.sum())):
        is_late = torch.isnan(factor).to(torch.uint8).cummax(1).values.bool()
        factor = torch.where(is_late, torch.nan, factor)
    return factor


def _to_negative_power(x: Tensor, power: float) -> Tensor:
    """x ** -power, in x's memory; 3/4, what nearly all nets ask for, takes two square roots."""
    if x.requires_grad:
        return x.pow(-power)
    if power != 0.75:
        return x.pow_(-power)
    root = x.rsqrt_()
    return root.mul_(root.sqrt())


class MVN(Operation):
    """Mean 0 and, if asked, deviation 1, per channel or per image."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Caffe adds eps to the standard deviation, not to the variance."""
        param, x = self.layer.param("mvn_param"), bottoms[0]
        x = x.reshape(*x.shape, *(1,) * (4 - x.dim()))
        n_axes = 1 if param.boolean("across_channels") else 2
        flat = x.reshape(*x.shape[:n_axes], -1)
        flat = flat - flat.mean(-1, keepdim=True)
        if param.boolean("normalize_variance", True):
            deviation = (flat * flat).mean(-1, keepdim=True).sqrt()
            flat = flat / (deviation + param.number("eps", 1e-9))
        return [flat.reshape(x.shape)]


OPERATIONS: dict[str, MakeOperation] = {
    "BatchNorm": BatchNorm,
    "Scale": Scale,
    "Bias": Bias,
    "LRN": LRN,
    "MVN": MVN,
}
