"""Proposal: regions that may hold an object, after Faster R-CNN (Ren et al., 2015)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.engines.torch import boxes
from core.engines.torch.operation import MakeOperation, Operation
from core.layers.detection import CORNERS, ProposalSettings, read_proposal

PIXEL = 1.0
"""Corners name the pixels they lie on, so a box is one wider than their distance."""


def make_anchors(settings: ProposalSettings) -> np.ndarray:
    """(ratios * scales, 4) float32 corners around the first place, scales running fastest.

    Sides are rounded to pixels, halves to the even one, before they are scaled.
    """
    area = settings.base_size * settings.base_size
    centre = 0.5 * (settings.base_size - PIXEL)
    rows = []
    for ratio in settings.ratios:
        width = round(math.sqrt(area / ratio))
        height = round(width * ratio)
        for scale in settings.scales:
            x, y = 0.5 * (width * scale - PIXEL), 0.5 * (height * scale - PIXEL)
            rows.append([centre - x, centre - y, centre + x, centre + y])
    return np.array(rows, np.float32)


class Proposal(Operation):
    """The best anchors after the moves that the net asks for, without near doubles."""

    def run(self, bottoms: list[Tensor], may_overwrite: bool) -> Sequence[Tensor]:
        """bottoms: scores (n, 2 anchors, h, w), moves (n, 4 anchors, h, w), image (n or 1, 3+).

        The image row holds height, width and scale. Tops: (regions, 5), and (regions,) scores.
        """
        self.top_shapes(bottoms)
        settings = read_proposal(self.layer.param("proposal_param"))
        anchors = make_anchors(settings)
        image = bottoms[2].reshape(-1).cpu().numpy()
        if len(image) < 3:
            raise self.refused("needs height, width and scale of the image")
        found = [
            propose(scores[len(anchors) :], moves, anchors, image, settings)
            for scores, moves in zip(*(b.cpu().numpy() for b in bottoms[:2]), strict=True)
        ]
        regions = [
            np.concatenate([np.full((len(kept), 1), i, np.float32), kept[:, :CORNERS]], 1)
            for i, kept in enumerate(found)
        ]
        tops = np.concatenate(regions), np.concatenate(found)[:, CORNERS]
        return [
            torch.from_numpy(np.ascontiguousarray(top)).to(self.place.device)
            for top in tops[: len(self.layer.tops)]
        ]


def propose(
    scores: np.ndarray,
    moves: np.ndarray,
    anchors: np.ndarray,
    image: np.ndarray,
    settings: ProposalSettings,
) -> np.ndarray:
    """(regions, 5) corners and score of one image, the best first.

    scores: (anchors, h, w); moves: (4 anchors, h, w); image: height, width, scale.
    """
    n_anchors, height, width = scores.shape
    places = np.meshgrid(np.arange(width), np.arange(height))
    shift = np.stack([*places, *places], -1).astype(np.float32) * np.float32(settings.feat_stride)
    start = (shift[:, :, None] + anchors).reshape(-1, CORNERS)
    steps = moves.reshape(n_anchors, CORNERS, height, width).transpose(2, 3, 0, 1)
    moved = _moved(start, steps.reshape(-1, CORNERS))
    ends = np.array([image[1], image[0], image[1], image[0]], np.float32) - np.float32(PIXEL)
    moved = np.clip(moved, 0, ends)
    flat = scores.transpose(1, 2, 0).ravel()
    sides = moved[:, 2:] - moved[:, :2] + np.float32(PIXEL)
    scale = np.array([image[3] if len(image) > 3 else image[2], image[2]], np.float32)
    is_large = (sides >= np.float32(settings.min_size) * scale).all(1)
    moved, flat = moved[is_large], flat[is_large]
    order = boxes.best_first(flat, settings.n_before if settings.n_before > 0 else -1)
    at_most = settings.n_after if settings.n_after > 0 else -1
    kept = boxes.suppress(moved[order], settings.threshold, at_most=at_most, extra=PIXEL)
    chosen = order[kept]
    return np.concatenate([moved[chosen], flat[chosen, None]], 1)


def _moved(start: np.ndarray, steps: np.ndarray) -> np.ndarray:
    size = start[:, 2:] - start[:, :2] + np.float32(PIXEL)
    centre = start[:, :2] + size / 2 + steps[:, :2] * size
    half = np.exp(steps[:, 2:]) * size / 2
    return np.concatenate([centre - half, centre + half], 1)


OPERATIONS: dict[str, MakeOperation] = {"Proposal": Proposal}
