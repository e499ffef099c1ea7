"""Fully connected layers and table look-ups.

After BVLC/caffe src/caffe/layers/inner_product_layer.cpp and embed_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from core.engines.torch import packing
from core.engines.torch.operation import MakeOperation, Operation, Tail, canonical
from core.net.message import Message

_LEAST_ENERGY = 1e-6
_ANY_BATCH = ()
"""One layout serves every number of rows as well as one of its own."""
_OUTPUTS_OF_A_THREAD = 64


@contextmanager
def _in_whole_blocks(n_outputs: int) -> Iterator[None]:
    """With no more threads than there are blocks of outputs.

    oneDNN would share the inputs of a block among several, and their sums have other bits.
    """
    n_threads, n_blocks = torch.get_num_threads(), math.ceil(n_outputs / _OUTPUTS_OF_A_THREAD)
    if n_threads <= n_blocks:
        yield
        return
    torch.set_num_threads(n_blocks)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


class InnerProduct(Operation):
    """All axes from `axis` on against every output; on a CPU with oneDNN from packed weights."""

    can_fuse_relu = True
    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Axes before `axis` are batch."""
        return [self._multiply(bottoms[0], with_relu=False)]

    def run_fused(self, bottoms: list[Tensor], tail: Tail) -> Tensor:
        """Multiply and rectify in one go where oneDNN can."""
        return self._multiply(bottoms[0], with_relu=tail.with_relu)

    def _multiply(self, bottom: Tensor, *, with_relu: bool) -> Tensor:
        axis = canonical(self._param.integer("axis", 1), bottom.dim())
        rows = bottom.reshape(-1, math.prod(bottom.shape[axis:]))
        if self.place.packs_weights and rows.numel():
            top = self._multiply_packed(rows, with_relu)
        else:
            weight, bias = self._laid_out
            top = functional.linear(rows.to(weight.dtype), weight, bias)
            top = torch.relu_(top) if with_relu else top
        return top.reshape(*bottom.shape[:axis], top.shape[1])

    def _multiply_packed(self, rows: Tensor, with_relu: bool) -> Tensor:
        weight = self._packed.get(_ANY_BATCH, None)
        fuses = with_relu and self._packed.is_finite
        with _in_whole_blocks(self._param.integer("num_output")):
            top = packing.multiply(rows, weight, self._bias, with_relu=fuses)
        return torch.relu_(top) if with_relu and not fuses else top

    @property
    def _param(self) -> Message:
        return self.layer.param("inner_product_param")

    @cached_property
    def _packed(self) -> packing.PackedWeights:
        return packing.PackedWeights(lambda: self._load_weight().contiguous(), self.place.precision)

    @cached_property
    def _laid_out(self) -> tuple[Tensor, Tensor | None]:
        """Weight and bias in the precision of the place, without packing."""
        precision, bias = self.place.precision, self._bias
        weight = self._load_weight().to(precision)
        return weight, None if bias is None else bias.to(precision)

    @cached_property
    def _bias(self) -> Tensor | None:
        return self.parameters.get(1).reshape(-1) if self.parameters.count > 1 else None

    def _load_weight(self) -> Tensor:
        """(num_output, inputs)."""
        weight = self.parameters.load(0)
        if self._param.boolean("normalize"):
            # AMSoftmax's: stretches of memory, which are the rows unless they are transposed too
            rows = weight.reshape(self._param.integer("num_output"), -1)
            energy = (rows * rows).sum(1, keepdim=True) + _LEAST_ENERGY
            weight = (rows / energy.sqrt()).reshape(weight.shape)
        weight = weight.reshape(weight.shape[-2:])
        return weight.t() if self._param.boolean("transpose") else weight


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
