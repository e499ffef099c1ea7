"""MarginInnerProduct: angles to the centre of each class, after SphereFace (Liu et al., 2017)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from core.engines.torch.operation import MakeOperation, Operation, canonical

_MARGINS = {"SINGLE": 1, "0": 1, "DOUBLE": 2, "1": 2, "TRIPLE": 3, "2": 3, "QUADRUPLE": 4, "3": 4}


class MarginInnerProduct(Operation):
    """|x| cos(angle) for each class, and for the labelled one |x| psi(margin, angle), mixed in."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: features and labels; tops: (n, classes), and lambda of a first pass."""
        param = self.layer.param("margin_inner_product_param")
        axis = canonical(param.integer("axis", 1), bottoms[0].dim())
        shape = bottoms[0].shape[:axis]
        weight = torch.nn.functional.normalize(self.parameters.get(0), dim=1, eps=0.0)
        rows = bottoms[0].reshape(-1, weight.shape[1])
        labels = bottoms[1].reshape(-1, 1).long()
        top = rows @ weight.t()
        if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < top.shape[1]:
            raise self.refused(f"gets a label outside its {top.shape[1]} classes")
        margin = _MARGINS.get(param.word("type", "SINGLE"))
        if margin is None:
            raise self.refused(f"knows no margin type {param.word('type')}")
        influence = self._influence()
        if margin > 1:
            own, lengths = top.gather(1, labels), rows.norm(dim=1, keepdim=True)
            bent = lengths * bend_cosine(own / lengths, margin)
            top = top.scatter(1, labels, (bent + influence * own) / (1.0 + influence))
        second = torch.full((1,), influence, dtype=top.dtype, device=top.device)
        return [top.reshape(*shape, -1), second][: len(self.layer.tops)]

    def _influence(self) -> float:
        """Lambda, the share of the plain product; training lets it fall."""
        param = self.layer.param("margin_inner_product_param")
        step = param.number("iteration") + 1.0
        falling = 1.0 + param.number("gamma") * step
        found = param.number("base", 1.0) * math.pow(falling, -param.number("power", 1.0))
        return max(found, param.number("lambda_min"))


def bend_cosine(cosine: Tensor, margin: int) -> Tensor:
    """psi: (-1)^k cos(margin angle) - 2 k on the k-th stretch of pi / margin, so that it falls."""
    angle = torch.acos(cosine.clamp(-1.0, 1.0))
    k = torch.floor(angle * margin / math.pi).clamp(0, margin - 1)
    sign = 1.0 - 2.0 * (k % 2)
    return sign * torch.cos(margin * angle) - 2.0 * k


OPERATIONS: dict[str, MakeOperation] = {"MarginInnerProduct": MarginInnerProduct}
