"""Losses of other branches.

SmoothL1Loss after Fast R-CNN (Girshick, 2015), CenterLoss after Wen et al. (2016).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.engines.torch.operation import MakeOperation, Operation


class SmoothL1Loss(Operation):
    """Squared near 0, straight from 1 / sigma^2 on."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: prediction, target, weights inside and outside; the sum over the images."""
        flat = [bottom.reshape(-1) for bottom in bottoms]
        squared = self.layer.param("smooth_l1_loss_param").number("sigma", 1.0) ** 2
        distance = flat[0] - flat[1]
        if len(flat) == 4:
            distance = distance * flat[2]
        size = distance.abs()
        bent = torch.where(size < 1.0 / squared, 0.5 * squared * size * size, size - 0.5 / squared)
        if len(flat) == 4:
            bent = bent * flat[3]
        return [bent.sum() / bottoms[0].shape[0]][: len(self.layer.tops)]


class CenterLoss(Operation):
    """Half the squared distance of features from the centre of their class."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: features and labels; the mean over the rows."""
        centres = self.parameters.get(0)
        rows = bottoms[0].reshape(-1, centres.shape[1])
        labels = bottoms[1].reshape(-1).long()
        if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < len(centres):
            raise self.refused(f"gets a label outside its {len(centres)} classes")
        distance = rows - centres[labels]
        return [(distance * distance).sum() / rows.shape[0] / 2.0][: len(self.layer.tops)]


OPERATIONS: dict[str, MakeOperation] = {"SmoothL1Loss": SmoothL1Loss, "CenterLoss": CenterLoss}
