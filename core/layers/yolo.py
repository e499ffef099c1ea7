"""Layers that read boxes from the maps of YOLO v2 and v3 (Redmon and Farhadi, 2017 and 2018).

After the branches that made these nets run in Caffe. How many boxes are found is known only
after a pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.layers.axes import need_axes, show_shape, with_legacy_axes
from core.layers.layer_type import ONE, Arity, Geometry, LayerType, Shape, ShapeRefused, defaults
from core.layers.reach_rules import REGIONS_FOUND, at_most_everything
from core.layers.row_rules import BOX_ROWS
from core.net.definition import Layer

V2_MESSAGE = "yolo_detection_output_param"
V3_MESSAGE = "yolov3_detection_output_param"


@dataclass(frozen=True)
class YoloSettings:
    """Boxes a place, classes, thresholds and anchors as (width, height) pairs.

    masks: for each bottom the anchors it uses; strides: pixels of the image at each place of it.
    """

    n_boxes: int
    n_classes: int
    confidence: float
    overlap: float
    anchors: tuple[tuple[float, float], ...]
    masks: tuple[tuple[int, ...], ...]
    strides: tuple[float, ...]


def read_v2(layer: Layer) -> YoloSettings:
    """One set of anchors, in places of the map, for every bottom."""
    param, n_bottoms = layer.param(V2_MESSAGE), len(layer.bottoms)
    n_boxes = param.integer("num_box", 5)
    anchors = _pairs(param.numbers("biases"))
    masks = (tuple(range(n_boxes)),) * n_bottoms
    return _checked(
        YoloSettings(
            n_boxes,
            param.integer("num_classes", 20),
            param.number("confidence_threshold", 0.01),
            param.number("nms_threshold", 0.45),
            anchors,
            masks,
            (1.0,) * n_bottoms,
        )
    )


def read_v3(layer: Layer) -> YoloSettings:
    """Anchors in pixels; `mask` deals them out over the bottoms."""
    param, n_bottoms = layer.param(V3_MESSAGE), len(layer.bottoms)
    n_boxes, mask = param.integer("num_box", 3), param.integers("mask")
    if param.integer("mask_group_num", 2) != n_bottoms:
        raise ShapeRefused(f"mask_group_num must be the number of bottoms, {n_bottoms}.")
    step = len(mask) // n_bottoms
    masks = tuple(mask[i * step : i * step + n_boxes] for i in range(n_bottoms))
    return _checked(
        YoloSettings(
            n_boxes,
            param.integer("num_classes", 20),
            param.number("confidence_threshold", 0.01),
            param.number("nms_threshold", 0.45),
            _pairs(param.numbers("biases")),
            masks,
            param.numbers("anchors_scale"),
        )
    )


def _pairs(values: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(values[::2], values[1::2], strict=False))


def _checked(settings: YoloSettings) -> YoloSettings:
    used = [anchor for mask in settings.masks for anchor in mask]
    if any(len(mask) != settings.n_boxes for mask in settings.masks):
        raise ShapeRefused(f"mask must name {settings.n_boxes} anchors for each bottom.")
    if any(not 0 <= anchor < len(settings.anchors) for anchor in used):
        raise ShapeRefused(f"biases give {len(settings.anchors)} anchors; more are used.")
    if len(settings.strides) < len(settings.masks):
        raise ShapeRefused("anchors_scale must be given for each bottom.")
    return settings


@with_legacy_axes
def _infer_v2(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    return _detections(bottoms, read_v2(layer))


@with_legacy_axes
def _infer_v3(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    return _detections(bottoms, read_v3(layer))


def _detections(bottoms: Sequence[Shape], settings: YoloSettings) -> Geometry:
    """(1, 1, detections, 7): image, label, score, four corners."""
    n_channels = settings.n_boxes * (5 + settings.n_classes)
    for bottom in bottoms:
        need_axes(bottom, 4)
        if bottom[1] != n_channels or bottom[2] != bottom[3]:
            raise ShapeRefused(
                f"{settings.n_boxes} boxes of {settings.n_classes} classes need square maps of "
                f"{n_channels} channels, not {show_shape(bottom)}."
            )
    operations = sum(math.prod(bottom) for bottom in bottoms)
    return Geometry((None,), operations=operations, operation_name="exponentials")


_REACH = at_most_everything(REGIONS_FOUND)

TYPES = (
    LayerType("YoloDetectionOutput", "loss / output", _infer_v2, Arity(1, 2), ONE, origin="fork",
              defaults=defaults(V2_MESSAGE, num_classes=20, num_box=5, coords=4,
                                confidence_threshold=0.01, nms_threshold=0.45),
              rows=BOX_ROWS,
              reach=_REACH),
    LayerType("Yolov3DetectionOutput", "loss / output", _infer_v3, Arity(1), ONE, origin="fork",
              defaults=defaults(V3_MESSAGE, num_classes=20, num_box=3, mask_group_num=2,
                                confidence_threshold=0.01, nms_threshold=0.45),
              rows=BOX_ROWS,
              reach=_REACH),
)  # fmt: skip
