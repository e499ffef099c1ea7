"""Layers that read boxes from the maps of YOLO v2 and v3 (Redmon and Farhadi, 2017 and 2018)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from core.engines.torch import boxes
from core.engines.torch.detection import ROW, detection_top
from core.engines.torch.operation import MakeOperation, Operation
from core.layers.layer_type import ShapeRefused
from core.layers.yolo import YoloSettings, read_v2, read_v3
from core.net.definition import Layer

MOST_BOXES = 50_000
"""Beyond these, comparing each with each would take hours, as it does in Caffe."""


class YoloOutput(Operation):
    """The boxes of all places above the confidence, without near doubles of any class."""

    reads_legacy_axes = True

    read: Callable[[Layer], YoloSettings]

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: (n, boxes (5 + classes), side, side); top (1, 1, detections, 7).

        As in the branch that has this layer, the boxes of a batch are one set, of image 0, and
        labels count from 1.
        """
        self.top_shapes(bottoms)
        try:
            settings = type(self).read(self.layer)
        except ShapeRefused as error:
            raise self.refused(str(error)) from error
        found = [self._read_map(bottom, i, settings) for i, bottom in enumerate(bottoms)]
        rows = torch.cat(found).cpu().numpy()
        if len(rows) > MOST_BOXES:
            raise self.refused(
                f"finds {len(rows):,} boxes above its confidence_threshold, too many to compare: "
                "trained weights find a few hundred"
            )
        rows = rows[boxes.best_first(rows[:, 2])]
        kept = boxes.suppress(rows[:, 3:], settings.overlap, keeps_equal=False)
        return [detection_top([rows[kept]], bottoms[0].shape[0]).to(self.place.device)]

    def _read_map(self, bottom: Tensor, index: int, settings: YoloSettings) -> Tensor:
        """(detections, 7), place after place, box after box."""
        n_images, _, side, _ = bottom.shape
        values = bottom.reshape(n_images, settings.n_boxes, -1, side * side).permute(0, 3, 1, 2)
        labels, scores, at = self.score(values, settings)
        anchors = torch.tensor(
            [settings.anchors[a] for a in settings.masks[index]],
            dtype=bottom.dtype,
            device=bottom.device,
        )
        whole = side * settings.strides[index]
        place = torch.arange(side * side, device=bottom.device)
        corner = torch.stack([place % side, place // side], -1).to(bottom.dtype)
        centre = (corner[:, None] + torch.sigmoid(values[..., :2])) / side
        half = torch.exp(values[..., 2:4]) * anchors / whole / 2
        corners = torch.cat([centre - half, centre + half], -1)
        picked = corners[at[:, 0], at[:, 1], at[:, 2]]
        head = torch.stack([torch.zeros_like(scores), labels + 1.0, scores], -1)
        return torch.cat([head, picked], -1).reshape(-1, ROW)

    def score(self, values: Tensor, settings: YoloSettings) -> tuple[Tensor, Tensor, Tensor]:
        """Labels and scores of the boxes to keep, and where: (n, 3) image, place, box.

        values: (images, places, boxes, 5 + classes).
        """
        raise NotImplementedError


class YoloDetectionOutput(YoloOutput):
    """Version 2: the most probable class of each box."""

    read = staticmethod(read_v2)

    def score(self, values: Tensor, settings: YoloSettings) -> tuple[Tensor, Tensor, Tensor]:
        """Objectness times the greatest of the classes' softmax."""
        best, labels = torch.softmax(values[..., 5:], -1).max(-1)
        scores = torch.sigmoid(values[..., 4]) * best
        is_sure = scores >= settings.confidence
        return labels[is_sure].to(values.dtype), scores[is_sure], torch.nonzero(is_sure)


class Yolov3DetectionOutput(YoloOutput):
    """Version 3: every class that is probable enough."""

    read = staticmethod(read_v3)

    def score(self, values: Tensor, settings: YoloSettings) -> tuple[Tensor, Tensor, Tensor]:
        """Objectness times the sigmoid of each class."""
        scores = torch.sigmoid(values[..., 5:]) * torch.sigmoid(values[..., 4:5])
        at = torch.nonzero(scores > settings.confidence)
        return at[:, 3].to(values.dtype), scores[scores > settings.confidence], at[:, :3]


OPERATIONS: dict[str, MakeOperation] = {
    "YoloDetectionOutput": YoloDetectionOutput,
    "Yolov3DetectionOutput": Yolov3DetectionOutput,
}
