"""Normalisation in other branches.

Normalize after SSD's and NormFace's, L2Normalization after retrieval branches, BN after SegNet's
and, with running statistics, after those of PSPNet and temporal segment networks.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.engines.torch.operation import MakeOperation, Operation
from core.layers.axes import legacy_shape
from core.layers.fork_normalisation import (
    has_running_statistics,
    is_unlearned,
    takes_batch_moments,
)
from core.net.message import Message

SEGNET_EPS = 1e-9


def _by_channel(values: Tensor, x: Tensor) -> Tensor:
    """(channels,) or one value, shaped to multiply x (n, channels, ...)."""
    return values.reshape(-1, *(1,) * (x.dim() - 2))


class Normalize(Operation):
    """L2 norm 1 over the channels of each place (or of the whole image), times a learned scale."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """eps joins the sum of squares; NormFace's has no scale and can give the norms."""
        x = bottoms[0]
        if is_unlearned(self.layer):
            norm_type = self.layer.param("normalize_param").word("normalize_type", "L2")
            if norm_type not in ("L2", "0"):
                raise self.refused(f"takes L2 norms only, not {norm_type}")
            norms = (x * x).sum(1, keepdim=True).sqrt()
            return [x / norms.clamp_min(1e-12), norms][: len(self.layer.tops)]
        param = self.layer.param("norm_param")
        across_image = param.boolean("across_spatial", True)
        axes = tuple(range(1, x.dim())) if across_image else (1,)
        energy = (x * x).sum(axes, keepdim=True) + param.number("eps", 1e-10)
        return [x / energy.sqrt() * _by_channel(self.parameters.get(0), x)]


class L2Normalization(Operation):
    """L2 norm 1 over an axis, the channels by default, or over the whole image."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Without parameters, a vector of zeros stays 0 instead of becoming NaN."""
        x, param = bottoms[0], self.layer.param("l2n_param")
        is_global = self.layer.message.has("l2n_param") and param.boolean("is_global", True)
        axes = tuple(range(1, x.dim())) if is_global else (param.integer("axis", 1),)
        energy = (x * x).sum(axes, keepdim=True) + param.number("eps", 0.0)
        return [x / energy.sqrt().clamp_min(torch.finfo(x.dtype).tiny)]


class UnclearNormalization(L2Normalization):
    """Types of several branches under one name, which agree on vectors only."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Refuses maps: over the channels or over the image, the name does not say."""
        if any(size != 1 for size in bottoms[0].shape[2:]):
            raise self.refused("runs on vectors only: branches differ in what it does with maps")
        return super().run(bottoms, may_overwrite)


class BN(Operation):
    """A learned scale and shift for each channel, after normalisation where the mode says so."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """SegNet's LEARN takes mean and variance of the batch and can give them as tops."""
        shape = self.top_shapes(bottoms)[0]
        x = bottoms[0].reshape(legacy_shape(bottoms[0].shape))
        scale, shift = (_by_channel(self.parameters.get(i).reshape(-1), x) for i in (0, 1))
        if self._is_plain:
            if len(self.layer.tops) > 1:
                raise self.refused("gives no statistics with bn_mode: INFERENCE")
            out = x if may_overwrite else None
            return [torch.addcmul(shift, x, scale, out=out).reshape(shape)]
        mean, variance = self._statistics(x)
        factor = scale / (_by_channel(variance, x) + self._eps).sqrt()
        top = ((x - _by_channel(mean, x)) * factor + shift).reshape(shape)
        rows = [values.reshape(1, -1, 1, 1) for values in (mean, variance)]
        return [top, *rows][: len(self.layer.tops)]

    @property
    def _param(self) -> Message:
        return self.layer.param("bn_param")

    @property
    def _is_plain(self) -> bool:
        """Without any normalisation: folded into scale and shift after training."""
        is_inference = self._param.word("bn_mode") in ("INFERENCE", "1")
        return is_inference and not has_running_statistics(self._param)

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if takes_batch_moments(self.layer, self.layer.phase_in(self.place.state)):
            return x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        mean, variance = (self.parameters.get(i).reshape(-1) for i in (2, 3))
        return mean, variance

    @property
    def _eps(self) -> float:
        if not has_running_statistics(self._param):
            return SEGNET_EPS
        is_averaged = self._param.boolean("moving_average", True)
        usual = self._param.number("eps", 1e-5) if is_averaged else 1e-10
        return self._param.number("var_eps", usual)


OPERATIONS: dict[str, MakeOperation] = {
    "Normalize": Normalize,
    "L2Normalization": L2Normalization,
    "L2Normalize": UnclearNormalization,
    "NormalizeL2": UnclearNormalization,
    "BN": BN,
}
