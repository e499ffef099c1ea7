"""Joining and dividing blobs.

After BVLC/caffe src/caffe/layers/{concat,slice,eltwise,split,crop,filter,batch_reindex}_layer.cpp;
Axpy after SENet.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from core.engines.torch.operation import MakeOperation, Operation, canonical


class Concat(Operation):
    """Blobs one after the other along an axis."""

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """`concat_dim` is the old name of `axis`."""
        param = self.layer.param("concat_param")
        name = "concat_dim" if param.has("concat_dim") else "axis"
        return [torch.cat(bottoms, canonical(param.integer(name, 1), bottoms[0].dim()))]


class Slice(Operation):
    """Parts of a blob along an axis, as views of it."""

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Cut at the points given, or evenly."""
        param, bottom = self.layer.param("slice_param"), bottoms[0]
        name = "slice_dim" if param.has("slice_dim") else "axis"
        axis = canonical(param.integer(name, 1), bottom.dim())
        sizes = [shape[axis] for shape in self.top_shapes(bottoms)]
        return torch.split(bottom, sizes, axis)


class Eltwise(Operation):
    """Product, sum with coefficients, or maximum of blobs of one shape."""

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Combine the blobs from the first to the last.

        In place, Caffe clears the first blob before it sums or compares: only the others count.
        """
        param = self.layer.param("eltwise_param")
        operation, factors = param.word("operation", "SUM"), param.numbers("coeff")
        if operation in ("PROD", "0"):
            return [reduce(torch.mul, bottoms)]
        if self.layer.is_in_place:
            bottoms, factors = bottoms[1:], factors[1:]
        if operation in ("MAX", "2"):
            return [reduce(_greater, bottoms)]
        may_overwrite = may_overwrite and not self.layer.is_in_place
        return [_weighted_sum(bottoms, factors, may_overwrite)]


def _greater(a: Tensor, b: Tensor) -> Tensor:
    """The greater value; the second where they can't be compared, as in C."""
    return torch.where(a > b, a, b)


def _weighted_sum(
    bottoms: list[Tensor], coefficients: tuple[float, ...], may_overwrite: bool
) -> Tensor:
    first = bottoms[0]
    if len(bottoms) == 1:
        return first * (coefficients[0] if coefficients else 1.0)
    if not any(factor != 1.0 for factor in coefficients):
        total = torch.add(first, bottoms[1], out=first if may_overwrite else None)
        for bottom in bottoms[2:]:
            total += bottom
        return total
    total = first * coefficients[0]
    for bottom, factor in zip(bottoms[1:], coefficients[1:], strict=True):
        total.add_(bottom, alpha=factor)
    return total


class Split(Operation):
    """The same values under several names."""

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """The executor never overwrites a tensor that is shared."""
        return [bottoms[0]] * len(self.layer.tops)


class Crop(Operation):
    """A part of the first blob with the sizes of the second, from `axis` on."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """A view."""
        param, source = self.layer.param("crop_param"), bottoms[0]
        offsets = param.integers("offset") or (0,)
        sizes = self.top_shapes(bottoms)[0]
        top = source
        axis = canonical(param.integer("axis", 2), source.dim())
        for i in range(axis, source.dim()):
            offset = offsets[i - axis] if len(offsets) > 1 else offsets[0]
            top = top.narrow(i, offset, sizes[i])
        return [top]


class Filter(Operation):
    """The items whose mark, the last bottom, is not 0."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Pick the same items of every other bottom."""
        marks = bottoms[-1].reshape(bottoms[-1].shape[0], -1)[:, 0]
        picked = torch.nonzero(marks).reshape(-1)
        return [bottom.index_select(0, picked) for bottom in bottoms[:-1]]


class BatchReindex(Operation):
    """Items in the order the second bottom gives, repeated or left out."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Indices come as floats; one outside the batch is refused."""
        index = bottoms[1].reshape(-1).long()
        n_items = bottoms[0].shape[0]
        if index.numel() and (int(index.min()) < 0 or int(index.max()) >= n_items):
            raise self.refused(f"gets an index outside its {n_items} items")
        return [bottoms[0].index_select(0, index)]


class Axpy(Operation):
    """a x + y with one factor for each channel: SENet's layer."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: a (n, channels, ...), x and y (n, channels, height, width)."""
        factor, x, y = bottoms
        return [torch.addcmul(y, factor.reshape(*x.shape[:2], 1, 1), x)]


OPERATIONS: dict[str, MakeOperation] = {
    "Concat": Concat,
    "Slice": Slice,
    "Eltwise": Eltwise,
    "Split": Split,
    "Crop": Crop,
    "Filter": Filter,
    "BatchReindex": BatchReindex,
    "Axpy": Axpy,
}
