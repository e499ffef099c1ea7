"""Layers of object detectors: anchors, proposals, detections.

PriorBox and DetectionOutput after SSD's prior_box_layer.cpp and detection_output_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.layers.axes import need_axes
from core.layers.layer_type import ANY, Arity, Geometry, LayerType, Shape, defaults
from core.net.definition import Layer

_SAME_RATIO = 1e-6


def _infer_prior_box(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Row 0: four corners of every box at every place; row 1: their variances."""
    need_axes(bottoms[0], 4)
    param = layer.param("prior_box_param")
    ratios = [1.0]
    for ratio in param.numbers("aspect_ratio"):
        for candidate in (ratio, 1 / ratio) if param.boolean("flip", True) and ratio else (ratio,):
            if all(abs(candidate - known) >= _SAME_RATIO for known in ratios):
                ratios.append(candidate)
    n_priors = len(ratios) * len(param.numbers("min_size")) + len(param.numbers("max_size"))
    return Geometry(((1, 2, bottoms[0][2] * bottoms[0][3] * n_priors * 4),))


TYPES = (
    LayerType("PriorBox", "other", _infer_prior_box, Arity(2, 2), Arity(1, 1), origin="fork",
              defaults=defaults("prior_box_param", flip=True, clip=False, offset=0.5)),
    LayerType("DetectionOutput", "loss / output", None, Arity(3), Arity(1, 1), origin="fork"),
    LayerType("DetectionEvaluate", "loss / output", None, ANY, ANY, origin="fork"),
    LayerType("YoloDetectionOutput", "loss / output", None, ANY, ANY, origin="fork"),
    LayerType("Yolov3DetectionOutput", "loss / output", None, ANY, ANY, origin="fork"),
    LayerType("Proposal", "other", None, ANY, ANY, origin="fork"),
    LayerType("RPNProposal", "other", None, ANY, ANY, origin="fork"),
)  # fmt: skip
