"""Fully connected layers and table look-ups.

After BVLC/caffe src/caffe/layers/inner_product_layer.cpp and embed_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from core.engines.torch.operation import MakeOperation, Operation, canonical


class InnerProduct(Operation):
    """All axes from `axis` on against every output."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Axes before `axis` are batch."""
        param, bottom = self.layer.param("inner_product_param"), bottoms[0]
        axis = canonical(param.integer("axis", 1), bottom.dim())
        weight = self.parameters.get(0)
        weight = weight.t() if param.boolean("transpose") else weight
        n_input = math.prod(bottom.shape[axis:])
        if weight.shape[1] != n_input:
            raise self.refused(
                f"takes {weight.shape[1]:,} inputs but gets {n_input:,}: "
                "an inner product fixes the size of the input image"
            )
        bias = self.parameters.get(1) if self.parameters.count > 1 else None
        top = functional.linear(bottom.reshape(-1, n_input), weight, bias)
        return [top.reshape(*bottom.shape[:axis], weight.shape[0])]


class Embed(Operation):
    """A row of the table for each index."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Indices come as floats; one outside the table is refused (Caffe reads beyond it)."""
        index, table = bottoms[0].long(), self.parameters.get(0)
        if index.numel() and (int(index.min()) < 0 or int(index.max()) >= table.shape[0]):
            raise self.refused(f"gets an index outside its table of {table.shape[0]} rows")
        top = table[index]
        return [top + self.parameters.get(1) if self.parameters.count > 1 else top]


OPERATIONS: dict[str, MakeOperation] = {"InnerProduct": InnerProduct, "Embed": Embed}
