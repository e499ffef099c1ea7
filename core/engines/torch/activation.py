"""Activations: each value on its own.

After BVLC/caffe src/caffe/layers/*_layer.cpp of the same names.
"""

from __future__ import annotations

import math
import zlib
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.engines.torch.operation import MakeOperation, Operation, Place
from core.layers.reshaping import drops_at_random
from core.layers.spellings import first_message


class Activation(Operation):
    """One bottom, one top of the same shape."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Apply the function, in the bottom's memory where allowed."""
        return [self.apply(bottoms[0], may_overwrite)]

    @abstractmethod
    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """The function of every value of x."""


class _OnlyRising(torch.autograd.Function):
    """The same values; on the way back what is below 0 becomes 0."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient.clamp(min=0)


def guided(rectified: Tensor, place: Place) -> Tensor:
    """What a ReLU wrote, guided on the way back where the pass is (Springenberg et al., 2015)."""
    if not place.is_guided:
        return rectified
    found: Tensor = _OnlyRising.apply(rectified)  # type: ignore[no-untyped-call]
    return found


class ReLU(Activation):
    """max(x, 0) + negative_slope * min(x, 0); NaN stays NaN."""

    takes_bfloat16 = True

    @property
    def slope(self) -> float:
        """0 for the plain ReLU."""
        return self.layer.param("relu_param").number("negative_slope")

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Rectify."""
        if self.slope:
            rectified = functional.leaky_relu(x, self.slope, inplace=may_overwrite)
        else:
            rectified = torch.relu_(x) if may_overwrite else torch.relu(x)
        return guided(rectified, self.place)


class PReLU(Activation):
    """A learned slope a channel, or one for all."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Rectify with the learned slopes."""
        return functional.prelu(x, self.parameters.get(0).reshape(-1))


class ELU(Activation):
    """x, or alpha (exp(x) - 1) below 0."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Apply the unit."""
        alpha = self.layer.param("elu_param").number("alpha", 1.0)
        return functional.elu(x, alpha, inplace=may_overwrite)


class Sigmoid(Activation):
    """1 / (1 + exp(-x))."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Apply the logistic function."""
        return torch.sigmoid_(x) if may_overwrite else torch.sigmoid(x)


class TanH(Activation):
    """The hyperbolic tangent."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Apply tanh."""
        return torch.tanh_(x) if may_overwrite else torch.tanh(x)


class AbsVal(Activation):
    """The absolute value."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Drop the signs."""
        return torch.abs(x)


class Power(Activation):
    """(shift + scale x) ^ power."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Scale, shift, raise; a power or scale of 0 gives a constant, NaN or not."""
        param = self.layer.param("power_param")
        power, scale = param.number("power", 1.0), param.number("scale", 1.0)
        shift = param.number("shift")
        if power * scale == 0.0:
            return torch.pow(torch.full_like(x, shift), power)
        y = x if scale == 1.0 else x * scale
        y = y if shift == 0.0 else y + shift
        return y if power == 1.0 else torch.pow(y, power)


class Exp(Activation):
    """base ^ (shift + scale x), base e by default."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """The outer factor base^shift is taken apart, as Caffe does."""
        param = self.layer.param("exp_param")
        base, shift = param.number("base", -1.0), param.number("shift")
        log_base = 1.0 if base == -1.0 else math.log(base)
        y = torch.exp(x * (log_base * param.number("scale", 1.0)))
        return y if shift == 0.0 else y * math.exp(log_base * shift)


class Log(Activation):
    """The logarithm of shift + scale x, base e by default."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Negative values give NaN, zeros minus infinity."""
        param = self.layer.param("log_param")
        base = param.number("base", -1.0)
        y = torch.log(x * param.number("scale", 1.0) + param.number("shift"))
        return y if base == -1.0 else y * (1.0 / math.log(base))


class BNLL(Activation):
    """log(1 + exp(x)), without overflow."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Apply the binomial normal log likelihood."""
        return torch.clamp_min(x, 0) + torch.log1p(torch.exp(-torch.abs(x)))


class Threshold(Activation):
    """1 above the threshold, else 0."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Compare."""
        return (x > self.layer.param("threshold_param").number("threshold")).to(x.dtype)


class Clip(Activation):
    """Between `min` and `max`."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Cut off on both sides; `min` wins where the two cross."""
        param = self.layer.param("clip_param")
        return torch.clamp_min(torch.clamp_max(x, param.number("max")), param.number("min"))


class ReLU6(Activation):
    """Between 0 and 6; of forks for mobile nets."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Cut off on both sides."""
        cut = torch.clamp_(x, 0.0, 6.0) if may_overwrite else torch.clamp(x, 0.0, 6.0)
        return guided(cut, self.place)


class Swish(Activation):
    """x sigmoid(beta x)."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Apply the unit."""
        return x * torch.sigmoid(x * self.layer.param("swish_param").number("beta", 1.0))


class Mish(Activation):
    """x tanh(log(1 + exp(x))) (Misra, 2019)."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Apply the unit."""
        return functional.mish(x, inplace=may_overwrite)


class HardSwish(Activation):
    """x clamp(x + 3, 0, 6) / 6 (Howard et al., 2019)."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Apply the unit."""
        return functional.hardswish(x, inplace=may_overwrite)


class HardSigmoid(Activation):
    """alpha x + beta between 0 and 1."""

    def apply(self, x: Tensor, may_overwrite: bool) -> Tensor:
        """Cut off on both sides."""
        param = first_message(self.layer, "hard_sigmoid_param", "hardsigmoid_param")
        return torch.clamp(x * param.number("alpha", 0.2) + param.number("beta", 0.5), 0.0, 1.0)


class Dropout(Operation):
    """A copy at TEST, so the same tensor: the executor never overwrites one that is shared.

    In training each value is kept with probability 1 - ratio, and then divided by it; where
    `scale_train` is false (Fast R-CNN's Caffe) the scale is made good for at TEST instead.
    """

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """The same values are dropped in every pass of a seed."""
        x, param = bottoms[0], self.layer.param("dropout_param")
        kept = 1.0 - param.number("dropout_ratio", 0.5)
        scales_at_once = param.boolean("scale_train", True)
        if not drops_at_random(self.layer, self.layer.phase_in(self.place.state)):
            return [x if scales_at_once else x * kept]
        generator = torch.Generator().manual_seed(self._seed)
        mask = torch.rand(x.shape, generator=generator).to(x.device) < kept
        return [x * mask / kept if scales_at_once else x * mask]

    @property
    def _seed(self) -> int:
        """Of the net's and the layer's name, in 32 bits: torch takes no more of it."""
        sequence = np.random.SeedSequence([self.place.seed, zlib.crc32(self.layer.name.encode())])
        return int(sequence.generate_state(1)[0])


OPERATIONS: dict[str, MakeOperation] = {
    "ReLU": ReLU,
    "PReLU": PReLU,
    "ELU": ELU,
    "Sigmoid": Sigmoid,
    "TanH": TanH,
    "AbsVal": AbsVal,
    "Power": Power,
    "Exp": Exp,
    "Log": Log,
    "BNLL": BNLL,
    "Threshold": Threshold,
    "Clip": Clip,
    "ReLU6": ReLU6,
    "Swish": Swish,
    "Mish": Mish,
    "HSwish": HardSwish,
    "HardSwish": HardSwish,
    "HardSigmoid": HardSigmoid,
    "Dropout": Dropout,
}
