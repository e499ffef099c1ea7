"""Pooling of regions of a map to one size.

ROIPooling after Fast R-CNN (Girshick, 2015), PSROIPooling after R-FCN (Dai et al., 2016), ROIAlign
after Mask R-CNN (He et al., 2017) and, with `roi_pooling_param`, after Cascade R-CNN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import axis_size, need_axes, show_shape, with_legacy_axes
from core.layers.layer_type import Arity, Geometry, LayerType, Shape, ShapeRefused, defaults
from core.layers.reach_rules import REGIONS_FOUND, at_most_everything
from core.layers.row_rules import rows_together
from core.layers.spellings import first_field, first_message
from core.net.definition import Layer
from core.net.message import Message

GRID_MESSAGE = "roi_pooling_param"
"""In Cascade R-CNN's ROIAlign: values at the corners of the bins, one more than bins."""


def roi_message(layer: Layer) -> Message:
    """The parameters of ROIPooling or ROIAlign."""
    return first_message(layer, "roi_pooling_param", "roi_align_param", "roialign_param")


def pooled_sizes(param: Message) -> tuple[int, int]:
    """Bins as (rows, columns)."""
    rows = param.integer(first_field(param, "pooled_h", "aligned_h"))
    columns = param.integer(first_field(param, "pooled_w", "aligned_w"))
    if min(rows, columns) < 1:
        raise ShapeRefused("pooled_h and pooled_w must be given and above 0.")
    return rows, columns


def samples_corners(layer: Layer) -> bool:
    """Whether a ROIAlign is Cascade R-CNN's."""
    return layer.type == "ROIAlign" and layer.message.has(GRID_MESSAGE)


@with_legacy_axes
def _infer_roi_pooling(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    rows, columns = pooled_sizes(roi_message(layer))
    extra = 1 if samples_corners(layer) else 0
    top = (*_regions(bottoms), rows + extra, columns + extra)
    word = "comparisons" if layer.type == "ROIPooling" else "additions"
    return Geometry((top, top), operations=math.prod(top), operation_name=word)


@with_legacy_axes
def _infer_psroi_pooling(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Every bin reads channels of its own."""
    param = layer.param("psroi_pooling_param")
    size, outputs = param.integer("group_size"), param.integer("output_dim")
    if min(size, outputs) < 1:
        raise ShapeRefused("group_size and output_dim must be given and above 0.")
    n_regions, channels = _regions(bottoms)
    if channels != outputs * size * size:
        raise ShapeRefused(
            f"{outputs} outputs of {size} x {size} bins need {outputs * size * size} channels, "
            f"not {channels}."
        )
    top = (n_regions, outputs, size, size)
    return Geometry((top, top), operations=math.prod(top), operation_name="additions")


def _regions(bottoms: Sequence[Shape]) -> tuple[int, int]:
    """How many regions, rows of five numbers, and how many channels."""
    need_axes(bottoms[0], 4)
    if math.prod(bottoms[1][1:]) != 5:
        raise ShapeRefused(f"Regions are rows of 5 numbers, not {show_shape(bottoms[1])}.")
    return axis_size(bottoms[1], 0), bottoms[0][1]


_REGIONS = rows_together("gives a row for each region, not for each image")


_REACH = at_most_everything(REGIONS_FOUND)


_TWO = Arity(2, 2)
_SIZES = {"pooled_h": 0, "pooled_w": 0, "spatial_scale": 1}

TYPES = (
    LayerType("ROIPooling", "pooling", _infer_roi_pooling, _TWO, Arity(1, 2), origin="fork",
              defaults=defaults("roi_pooling_param", **_SIZES),
              rows=_REGIONS,
              reach=_REACH),
    LayerType("ROIAlign", "pooling", _infer_roi_pooling, _TWO, Arity(1, 2), origin="fork",
              defaults=defaults("roi_align_param", **_SIZES, sampling_ratio=-1),
              rows=_REGIONS,
              reach=_REACH),
    LayerType("PSROIPooling", "pooling", _infer_psroi_pooling, _TWO, Arity(1, 2), origin="fork",
              rows=_REGIONS,
              reach=_REACH),
)  # fmt: skip
