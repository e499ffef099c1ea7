"""Layers of object detectors: anchors, detections and their score.

PriorBox, DetectionOutput and DetectionEvaluate after SSD (Liu et al., 2016).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.engines.torch import boxes
from core.engines.torch.operation import MakeOperation, Operation
from core.layers.detection import CORNERS, has_dense_priors, prior_sizes
from core.layers.layer_type import ShapeRefused
from core.net.message import Message

ROW = 7
"""Of a detection: image, label, score, left, top, right, bottom."""


class PriorBox(Operation):
    """Boxes of several sizes and shapes at every place of a map, as shares of the image."""

    reads_legacy_axes = True

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: the map and the image, of which only the sizes count; top (1, 2, 4 boxes)."""
        if has_dense_priors(self._param):
            raise self.refused("lays out several boxes a place, which branches do differently")
        height, width = bottoms[0].shape[2:]
        image = int(bottoms[1].shape[2]), int(bottoms[1].shape[3])
        try:
            corners = prior_corners(self._param, (int(height), int(width)), image)
        except ShapeRefused as error:
            raise self.refused(str(error)) from error
        top = np.stack([corners.ravel(), self._variances(corners.size)])
        return [torch.from_numpy(top[None]).to(self.place.device)]

    @property
    def _param(self) -> Message:
        return self.layer.param("prior_box_param")

    def _variances(self, count: int) -> np.ndarray:
        values = self._param.numbers("variance") or (0.1,)
        if len(values) not in (1, CORNERS):
            raise self.refused(f"takes one variance or {CORNERS}, not {len(values)}")
        return np.resize(np.array(values, np.float32), count)


def prior_corners(param: Message, size: tuple[int, int], image: tuple[int, int]) -> np.ndarray:
    """(height, width, boxes, 4) float32 corners; sizes are (height, width).

    Raises ShapeRefused for sizes that make no boxes.
    """
    shapes = np.array(prior_sizes(param), np.float32)
    both = param.integer("img_size")
    image = param.integer("img_h", both) or image[0], param.integer("img_w", both) or image[1]
    step = param.number("step")
    steps = (
        param.number("step_h", step) or image[0] / size[0],
        param.number("step_w", step) or image[1] / size[1],
    )
    offset = param.number("offset", 0.5)
    rows, columns = (
        (np.arange(n, dtype=np.float32) + np.float32(offset)) * np.float32(one)
        for n, one in zip(size, steps, strict=True)
    )
    centres = np.stack(np.meshgrid(columns, rows), -1)[:, :, None]
    half = shapes / np.float32(2)
    whole = np.array([image[1], image[0]], np.float32)
    corners = np.concatenate([(centres - half) / whole, (centres + half) / whole], -1)
    return np.clip(corners, 0, 1) if param.boolean("clip") else corners


class DetectionOutput(Operation):
    """Prior boxes moved as the net says, and of those that overlap only the best."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: locations, scores, priors; top (1, 1, detections, 7), -1 where none is found."""
        if len(bottoms) > 4:
            raise self.refused("can't run with the boxes of a first stage, as RefineDet has them")
        n_images, n_classes = bottoms[0].shape[0], self._param.integer("num_classes")
        self.top_shapes(bottoms)
        located = self._decode(bottoms[0].reshape(n_images, -1), bottoms[2]).cpu().numpy()
        scores = bottoms[1].reshape(n_images, -1, n_classes).cpu().numpy()
        rows = [self._detect(i, located[i], scores[i]) for i in range(n_images)]
        return [detection_top(rows, n_images).to(self.place.device)]

    @property
    def _param(self) -> Message:
        return self.layer.param("detection_output_param")

    def _decode(self, moves: Tensor, priors: Tensor) -> Tensor:
        """(images, boxes, located classes, 4) corners."""
        prior = priors[0, 0].reshape(-1, 1, CORNERS)
        moves = moves.reshape(moves.shape[0], prior.shape[0], -1, CORNERS)
        if not self._param.boolean("variance_encoded_in_target"):
            moves = moves * priors[0, 1].reshape(-1, 1, CORNERS)
        return move_boxes(prior, moves, self._param.word("code_type", "CORNER"))

    def _detect(self, image: int, located: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(detections, 7) of one image, by class."""
        background = self._param.integer("background_label_id")
        found = [
            self._of_class(image, label, located[:, min(label, located.shape[1] - 1)], column)
            for label, column in enumerate(scores.T)
            if label != background
        ]
        rows = np.concatenate(found) if found else np.zeros((0, ROW), np.float32)
        most = self._param.integer("keep_top_k", -1)
        if most < 0 or len(rows) <= most:
            return rows
        best = boxes.best_first(rows[:, 2], most)
        by_class: np.ndarray = rows[best[np.argsort(rows[best, 1], kind="stable")]]
        return by_class

    def _of_class(
        self, image: int, label: int, corners: np.ndarray, scores: np.ndarray
    ) -> np.ndarray:
        param = self._param.message("nms_param")
        least = self._param.number("confidence_threshold", -np.inf)
        above = np.flatnonzero(scores > np.float32(least))
        order = above[boxes.best_first(scores[above], param.integer("top_k", -1))]
        chosen = boxes.suppress(
            corners[order], param.number("nms_threshold", 0.3), eta=param.number("eta", 1.0)
        )
        kept = order[chosen]
        head = np.tile(np.array([image, label], np.float32), (len(kept), 1))
        return np.concatenate([head, scores[kept, None], corners[kept]], 1)


def move_boxes(prior: Tensor, moves: Tensor, code_type: str) -> Tensor:
    """Corners of prior boxes after moves of their corners, or of their centres and sizes.

    prior: (boxes, 1, 4); moves: (images, boxes, classes, 4).
    """
    low, high = prior[..., :2], prior[..., 2:]
    size = high - low
    if code_type in ("CENTER_SIZE", "2"):
        centre = (low + high) / 2 + moves[..., :2] * size
        half = torch.exp(moves[..., 2:]) * size / 2
        return torch.cat([centre - half, centre + half], -1)
    if code_type in ("CORNER_SIZE", "3"):
        return prior + moves * torch.cat([size, size], -1)
    return prior + moves


def detection_top(rows: Sequence[np.ndarray], n_images: int) -> Tensor:
    """(1, 1, detections, 7); without any, a row of -1 for each image behind its number."""
    found = np.concatenate(rows) if rows else np.zeros((0, ROW), np.float32)
    if not len(found):
        found = np.full((n_images, ROW), -1, np.float32)
        found[:, 0] = np.arange(n_images)
    return torch.from_numpy(found.astype(np.float32)[None, None])


class DetectionEvaluate(Operation):
    """Which detections hit a true box: what average precision is computed from."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: (1, 1, n, 7) detections and (1, 1, m, 8) true boxes; top (1, 1, rows, 5).

        First a row (-1, label, true boxes, -1, -1) for each class, then one for each detection:
        image, label, score, hit, miss.
        """
        found = bottoms[0].reshape(-1, ROW).cpu().numpy()
        truth = bottoms[1].reshape(-1, ROW + 1).cpu().numpy()
        truth = truth[truth[:, 0] >= 0]
        n_classes = self._param.integer("num_classes")
        background = self._param.integer("background_label_id")
        labels = [label for label in range(n_classes) if label != background]
        rows = [[-1.0, label, self._count(truth, label), -1.0, -1.0] for label in labels]
        for image in sorted(set(found[found[:, 1] >= 0, 0])):
            for label in labels:
                rows += self._judge(found, truth, image, label)
        top = np.array(rows, np.float32).reshape(1, 1, -1, 5)
        return [torch.from_numpy(top).to(self.place.device)]

    @property
    def _param(self) -> Message:
        return self.layer.param("detection_evaluate_param")

    @property
    def _counts_difficult(self) -> bool:
        return self._param.boolean("evaluate_difficult_gt", True)

    def _count(self, truth: np.ndarray, label: int) -> int:
        counted = (truth[:, 1] == label) & (self._counts_difficult | (truth[:, 7] == 0))
        return int(counted.sum())

    def _judge(
        self, found: np.ndarray, truth: np.ndarray, image: float, label: int
    ) -> list[list[float]]:
        mine = found[(found[:, 0] == image) & (found[:, 1] == label)]
        true = truth[(truth[:, 0] == image) & (truth[:, 1] == label)]
        is_taken = np.zeros(len(true), bool)
        rows = []
        for row in mine[boxes.best_first(mine[:, 2])] if len(true) else mine:
            hit, miss = self._hit(row[3:], true, is_taken)
            rows.append([image, label, row[2], hit, miss])
        return rows

    def _hit(self, box: np.ndarray, true: np.ndarray, is_taken: np.ndarray) -> tuple[float, float]:
        """A true box counts once; one that is difficult counts neither way unless asked."""
        if not len(true):
            return 0.0, 1.0
        shared = boxes.overlaps(box[None], true[:, 3:7])[0]
        best = int(shared.argmax())
        if shared[best] < self._param.number("overlap_threshold", 0.5):
            return 0.0, 1.0
        if true[best, 7] and not self._counts_difficult:
            return 0.0, 0.0
        first, is_taken[best] = not is_taken[best], True
        return (1.0, 0.0) if first else (0.0, 1.0)


OPERATIONS: dict[str, MakeOperation] = {
    "PriorBox": PriorBox,
    "DetectionOutput": DetectionOutput,
    "DetectionEvaluate": DetectionEvaluate,
}
