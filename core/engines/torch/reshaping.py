"""Layers that change a blob's axes.

After BVLC/caffe src/caffe/layers/{flatten,reshape,tile,silence}_layer.cpp; Permute after SSD,
ShuffleChannel after ShuffleNet, Interp after DeepLab,
Upsample after SegNet.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

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


class Upsample(Operation):
    """Values put back where the pooling mask, the second bottom, found them: SegNet's layer."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """Everything else is 0."""
        if len(bottoms) != 2:
            raise self.refused("needs the mask of a pooling layer as its second bottom")
        values, mask = (bottom.flatten(2) for bottom in bottoms)
        n, channels, height, width = self.top_shapes(bottoms)[0]
        top = values.new_zeros(n, channels, height * width)
        places = mask.long()
        if places.numel() and int(places.max()) >= height * width:
            raise self.refused(f"has a mask that points beyond its {height} x {width} top")
        top.scatter_(2, places.clamp_min(0), values)
        return [top.reshape(n, channels, height, width)]


class Interp(Operation):
    """Bilinear resize whose corners stay in place, after cutting off negative padding."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """The size comes from factors, from the prototxt or from the second bottom."""
        bottom, param = bottoms[0], self.layer.param("interp_param")
        height, width = self.top_shapes(bottoms)[0][2:]
        before, after = -param.integer("pad_beg"), -param.integer("pad_end")
        if before < 0 or after < 0:
            raise self.refused("can't add padding, only cut it off")
        inner = bottom[:, :, before : bottom.shape[2] - after, before : bottom.shape[3] - after]
        size = (height, width)
        return [functional.interpolate(inner, size, mode="bilinear", align_corners=True)]


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
    "Permute": Permute,
    "ShuffleChannel": ShuffleChannel,
    "Upsample": Upsample,
    "Interp": Interp,
    "Parameter": Parameter,
}
