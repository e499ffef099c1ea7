"""Layers of other branches that resize, turn round or deal out the axes of a map.

Permute after SSD, ShuffleChannel after ShuffleNet, Interp after DeepLab, Upsample after SegNet
(with a mask) and YOLO v3 (without), Reorg after YOLO v2.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from core.engines.torch.operation import MakeOperation, Operation
from core.layers.layer_type import ShapeRefused
from core.layers.resizing import permuted_axes, upsample_steps


class Permute(Operation):
    """The axes in another order; those not named follow as they were."""

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """A view."""
        try:
            return [bottoms[0].permute(permuted_axes(self.layer, bottoms[0].dim()))]
        except ShapeRefused as error:
            raise self.refused(str(error)) from error


class Reverse(Operation):
    """One axis from its end to its beginning."""

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """A copy."""
        return [bottoms[0].flip(self.layer.param("reverse_param").integer("axis"))]


class ShuffleChannel(Operation):
    """Channels dealt out over `group` hands."""

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """(group, channels / group) turned into (channels / group, group)."""
        bottom, shape = bottoms[0], self.top_shapes(bottoms)[0]
        group = self.layer.param("shuffle_channel_param").integer("group", 1)
        dealt = bottom.reshape(shape[0], group, -1, *shape[2:]).transpose(1, 2)
        return [dealt.reshape(shape)]


class Upsample(Operation):
    """Values put back where the pooling mask, the second bottom, found them; else repeated."""

    reads_legacy_axes = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """With a mask everything else is 0."""
        shape = self.top_shapes(bottoms)[0]
        if len(bottoms) == 1:
            return [self._repeat(bottoms[0])]
        values, mask = (bottom.flatten(2) for bottom in bottoms)
        n, channels, height, width = shape
        top = values.new_zeros(n, channels, height * width)
        places = mask.long()
        if places.numel() and not 0 <= int(places.min()) <= int(places.max()) < height * width:
            raise self.refused(f"has a mask that points beyond its {height} x {width} top")
        top.scatter_(2, places, values)
        return [top.reshape(shape)]

    def _repeat(self, bottom: Tensor) -> Tensor:
        param = self.layer.param("upsample_param")
        rows, columns = upsample_steps(param)
        top = bottom.repeat_interleave(rows, 2).repeat_interleave(columns, 3)
        is_scaled = param.has("stride") or param.has("stride_h")
        return top * param.number("scale", 1.0) if is_scaled else top


class Interp(Operation):
    """Bilinear resize whose corners stay in place, after cutting off negative padding."""

    reads_legacy_axes = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """The size comes from factors, from the prototxt or from the second bottom."""
        bottom, param = bottoms[0], self.layer.param("interp_param")
        size = self.top_shapes(bottoms)[0][2:]
        before, after = -param.integer("pad_beg"), -param.integer("pad_end")
        if before < 0 or after < 0:
            raise self.refused("can't add padding, only cut it off")
        inner = bottom[:, :, before : bottom.shape[2] - after, before : bottom.shape[3] - after]
        return [functional.interpolate(inner, size, mode="bilinear", align_corners=True)]


class Reorg(Operation):
    """Blocks of places become channels in the order of darknet, which is not that of the image.

    Darknet reads the map as if it had the shape it would have after the opposite step; nets are
    trained with that, so it has to stay.
    """

    reads_legacy_axes = True

    takes_bfloat16 = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottom: (n, channels, height, width)."""
        param, bottom = self.layer.param("reorg_param"), bottoms[0]
        shape, step = self.top_shapes(bottoms)[0], param.integer("stride", 2)
        n, channels, height, width = bottom.shape
        inner = channels // (step * step)
        if param.boolean("reverse"):
            blocks = bottom.reshape(n, step, step, inner, height, width)
            return [blocks.permute(0, 3, 4, 1, 5, 2).reshape(shape)]
        grid = bottom.reshape(n, inner, height, step, width, step)
        return [grid.permute(0, 3, 5, 1, 2, 4).reshape(shape)]


OPERATIONS: dict[str, MakeOperation] = {
    "Permute": Permute,
    "Transpose": Permute,
    "Reverse": Reverse,
    "ShuffleChannel": ShuffleChannel,
    "Upsample": Upsample,
    "Interp": Interp,
    "Reorg": Reorg,
}
