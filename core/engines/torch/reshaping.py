"""Layers that change a blob's axes.

After BVLC/caffe src/caffe/layers/{flatten,reshape,tile,silence}_layer.cpp; Permute after SSD,
ShuffleChannel after ShuffleNet, Reorg after YOLO v2.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from core.engines.torch.operation import MakeOperation, Operation, canonical


class Reshape(Operation):
    """The same values under other axes; Flatten too."""

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


class Permute(Operation):
    """The axes in another order; those not named follow as they were."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """A view."""
        bottom = bottoms[0]
        order = list(dict.fromkeys(self.layer.param("permute_param").integers("order")))
        order += [axis for axis in range(bottom.dim()) if axis not in order]
        return [bottom.permute(order)]


class ShuffleChannel(Operation):
    """Channels dealt out over `group` hands."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """(group, channels / group) turned into (channels / group, group)."""
        bottom = bottoms[0]
        group = self.layer.param("shuffle_channel_param").integer("group", 1)
        if group < 1 or bottom.shape[1] % group:
            raise self.refused(f"can't divide {bottom.shape[1]} channels into {group} groups")
        dealt = bottom.reshape(bottom.shape[0], group, -1, *bottom.shape[2:]).transpose(1, 2)
        return [dealt.reshape(bottom.shape)]


OPERATIONS: dict[str, MakeOperation] = {
    "Flatten": Reshape,
    "Reshape": Reshape,
    "Tile": Tile,
    "Silence": Silence,
    "Permute": Permute,
    "ShuffleChannel": ShuffleChannel,
}
