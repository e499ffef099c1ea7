"""Layers that change a blob's axes.

After BVLC/caffe src/caffe/layers/{flatten,reshape,tile,silence}_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from core.engines.torch.operation import MakeOperation, Operation, canonical


class Reshape(Operation):
    """The same values under other axes; Flatten too."""

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """A view where the layout in memory allows."""
        return [bottoms[0].reshape(self.top_shapes(bottoms)[0])]


class Tile(Operation):
    """A blob repeated along an axis."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Repeat it whole, not value by value."""
        param, bottom = self.layer.param("tile_param"), bottoms[0]
        repeats = [1] * bottom.dim()
        repeats[canonical(param.integer("axis", 1), bottom.dim())] = param.integer("tiles")
        return [bottom.repeat(repeats)]


class Silence(Operation):
    """Reads blobs so that they are no outputs."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """No tops."""
        return []


class Parameter(Operation):
    """A learned array as a blob."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """A copy, for a later layer may run in place."""
        return [self.parameters.get(0).clone()]


OPERATIONS: dict[str, MakeOperation] = {
    "Flatten": Reshape,
    "Reshape": Reshape,
    "Tile": Tile,
    "Silence": Silence,
    "Parameter": Parameter,
}
