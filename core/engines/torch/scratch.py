"""Where real Caffe's backward leaves something else in a gradient than the gradient.

Training here ends with Caffe's weights, so it does the same; gradients for looking at are true.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from core.engines.wiring import Wiring
from core.layers.loss_weights import loss_weights
from core.layers.shapes import NetShapes


def scratch_diffs(wiring: Wiring, values: Mapping[int, Tensor]) -> list[tuple[Tensor, Tensor]]:
    """What a HingeLoss of weight 0 adds to the gradient of scores that another layer reads too.

    It computes its margins in its bottom's diff and never comes back to put a gradient there
    (BVLC/caffe src/caffe/layers/hinge_loss_layer.cpp).
    """
    found = []
    for step in wiring.steps:
        if step.layer.type != "HingeLoss" or any(loss_weights(step.layer)):
            continue
        scores, labels = (values[slot] for slot in step.bottoms[:2])
        n_readers = sum(other.bottoms.count(step.bottoms[0]) for other in wiring.steps)
        if n_readers < 2:
            continue
        rows = scores.detach().reshape(scores.shape[0], -1)
        own = labels.detach().reshape(-1)[: len(rows), None].long()
        signed = rows.scatter(1, own, -rows.gather(1, own))
        found.append((scores, torch.clamp_min(1.0 + signed, 0).reshape(scores.shape)))
    return found


def overwritten_arrays(wiring: Wiring, shapes: NetShapes) -> frozenset[tuple[str, int]]:
    """Factors of Scale layers over a batch of one: each pass writes their gradient anew.

    After BVLC/caffe src/caffe/layers/scale_layer.cpp Backward_cpu, where outer_dim_ is 1.
    """
    return frozenset(
        shapes.of(step.layer).owners[0]
        for step in wiring.steps
        if is_overwriting(shapes, step.layer.name)
    )


def lost_uses(shapes: NetShapes) -> frozenset[tuple[str, int]]:
    """(layer, index) whose gradient an earlier layer overwrites, as that one goes back later."""
    found: set[tuple[str, int]] = set()
    overwritten: set[tuple[str, int]] = set()
    for row in shapes.layers:
        name = row.layer.name
        found.update((name, i) for i, owner in enumerate(row.owners) if owner in overwritten)
        if is_overwriting(shapes, name):
            overwritten.add(row.owners[0])
    return frozenset(found)


def is_overwriting(shapes: NetShapes, layer: str) -> bool:
    """Whether nothing lies before the axes that a Scale layer's factor spans."""
    row = shapes.of(layer)
    if row.layer.type != "Scale" or len(row.bottoms) != 1:
        return False
    bottom = row.bottoms[0]
    if bottom is None:
        return False
    axis = row.layer.param("scale_param").integer("axis", 1)
    axis = axis + len(bottom) if axis < 0 else axis
    return math.prod(bottom[:axis]) == 1
