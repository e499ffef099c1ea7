"""Layers of object detectors: anchors, proposals, detections and their score.

PriorBox, DetectionOutput and DetectionEvaluate after SSD (Liu et al., 2016), Proposal after
Faster R-CNN (Ren et al., 2015). How many boxes are found is known only after a pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.layers.axes import axis_size, need_axes, show_shape, with_legacy_axes
from core.layers.layer_type import (
    ANY,
    ONE,
    Arity,
    Geometry,
    LayerType,
    Shape,
    ShapeRefused,
    defaults,
)
from core.layers.reach_rules import REGIONS_FOUND, at_most_everything, nothing
from core.layers.row_rules import BOX_ROWS, rows_together
from core.layers.spellings import first_field
from core.net.definition import Layer
from core.net.message import Message

CORNERS = 4
_SAME_RATIO = 1e-6


def prior_sizes(param: Message) -> tuple[tuple[float, float], ...]:
    """(width, height) in pixels of the boxes at every place, in the order SSD writes them.

    Sizes keep their fraction, as in OpenCV; the first code of SSD cut it off.
    """
    least, greatest = param.numbers("min_size"), param.numbers("max_size")
    if not least or (greatest and len(greatest) != len(least)):
        raise ShapeRefused("min_size must be given, and max_size not at all or equally often.")
    if min(*least, *greatest, math.inf) <= 0:
        raise ShapeRefused("min_size and max_size must be above 0.")
    ratios = _other_ratios(param)
    sizes: list[tuple[float, float]] = []
    for i, side in enumerate(least):
        sizes.append((side, side))
        if greatest:
            between = math.sqrt(side * greatest[i])
            sizes.append((between, between))
        sizes.extend((side * math.sqrt(ratio), side / math.sqrt(ratio)) for ratio in ratios)
    return tuple(sizes)


def has_dense_priors(param: Message) -> bool:
    """Whether boxes are laid out several a place, as FaceBoxes and others do in their own ways."""
    return any(param.has(name) for name in ("fixed_size", "density", "density_size"))


def _other_ratios(param: Message) -> list[float]:
    """Aspect ratios beside the square, each followed by its inverse when they are flipped."""
    known = [1.0]
    for ratio in param.numbers("aspect_ratio"):
        if ratio <= 0:
            raise ShapeRefused("aspect_ratio must be above 0.")
        if all(abs(ratio - other) >= _SAME_RATIO for other in known):
            known += [ratio, 1.0 / ratio] if param.boolean("flip", True) else [ratio]
    return known[1:]


@with_legacy_axes
def _infer_prior_box(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Row 0: four corners of every box at every place; row 1: their variances."""
    param = layer.param("prior_box_param")
    need_axes(bottoms[0], 4)
    if has_dense_priors(param):
        return Geometry((None,))
    n_priors = len(prior_sizes(param))
    top = (1, 2, bottoms[0][2] * bottoms[0][3] * n_priors * CORNERS)
    return Geometry((top,), operations=top[2], operation_name="operations")


def _infer_detection_output(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """(1, 1, detections, 7): image, label, score, four corners; how many is told by the values.

    RefineDet gives it the boxes of a first stage too.
    """
    param = layer.param("detection_output_param")
    n_classes = param.integer("num_classes")
    if n_classes < 1:
        raise ShapeRefused("num_classes must be given and above 0.")
    locations, scores, priors = bottoms[:3]
    n_priors = axis_size(priors, 2) // CORNERS
    n_located = 1 if param.boolean("share_location", True) else n_classes
    wanted = (n_priors * n_located * CORNERS, n_priors * n_classes)
    found = (math.prod(locations[1:]), math.prod(scores[1:]))
    if found != wanted:
        raise ShapeRefused(
            f"{n_priors} prior boxes of {n_classes} classes need {wanted[0]} locations and "
            f"{wanted[1]} scores, not {found[0]} and {found[1]}."
        )
    return Geometry((None,), operations=math.prod(scores), operation_name="comparisons")


def _infer_detection_evaluate(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """(1, 1, rows, 5): a row for each class, then one for each detection."""
    for bottom, size in zip(bottoms, (7, 8), strict=True):
        need_axes(bottom, 4)
        if bottom[3] != size:
            raise ShapeRefused(f"DetectionEvaluate reads rows of {size}, not {show_shape(bottom)}.")
    return Geometry((None,))


@dataclass(frozen=True)
class ProposalSettings:
    """What a `proposal_param` asks for; `anchors_per_place` is ratios times scales."""

    feat_stride: float
    base_size: int
    min_size: float
    ratios: tuple[float, ...]
    scales: tuple[float, ...]
    n_before: int
    n_after: int
    threshold: float

    @property
    def anchors_per_place(self) -> int:
        """Boxes at every place of the map."""
        return len(self.ratios) * len(self.scales)


def read_proposal(param: Message) -> ProposalSettings:
    """Settings under either spelling, with the numbers of Faster R-CNN where none are written."""
    return ProposalSettings(
        param.number("feat_stride", 16.0),
        param.integer(first_field(param, "base_size", "anchor_base_size"), 16),
        param.number("min_size", 16.0),
        param.numbers("ratio") or (0.5, 1.0, 2.0),
        param.numbers("scale") or (8.0, 16.0, 32.0),
        param.integer(first_field(param, "pre_nms_topn", "pre_nms_top_n"), 6000),
        param.integer(first_field(param, "post_nms_topn", "post_nms_top_n", "max_rois"), 300),
        param.number(first_field(param, "nms_thresh", "iou_threshold", "nms_threshold"), 0.7),
    )


def _infer_proposal(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Regions (image, left, top, right, bottom) and their scores; at most `post_nms_topn` each."""
    settings = read_proposal(layer.param("proposal_param"))
    scores, moves = bottoms[0], bottoms[1]
    need_axes(scores, 4)
    n_anchors = settings.anchors_per_place
    if scores[1] != 2 * n_anchors or moves != (scores[0], CORNERS * n_anchors, *scores[2:]):
        raise ShapeRefused(
            f"{n_anchors} anchors need {2 * n_anchors} scores and {CORNERS * n_anchors} moves at "
            f"each place, not {show_shape(scores)} and {show_shape(moves)}."
        )
    n_regions = scores[0] * settings.n_after
    assumption = f"'{layer.name}' gives {n_regions} regions at most; a pass may find fewer."
    tops = ((n_regions, 1 + CORNERS), (n_regions,))
    return Geometry(
        tops, operations=math.prod(scores), operation_name="comparisons", assumption=assumption
    )


_OUTPUT = "detection_output_param"

_REACH = at_most_everything(REGIONS_FOUND)

TYPES = (
    LayerType("PriorBox", "other", _infer_prior_box, Arity(2, 2), ONE, origin="fork",
              defaults=defaults("prior_box_param", flip=True, clip=False, variance=0.1,
                                offset=0.5),
              rows=rows_together("gives the same boxes for every image, once"),
              reach=nothing),
    LayerType("DetectionOutput", "loss / output", _infer_detection_output, Arity(3, 5), ONE,
              origin="fork",
              defaults=defaults(_OUTPUT, share_location=True, background_label_id=0,
                                code_type="CORNER", variance_encoded_in_target=False,
                                keep_top_k=-1),
              rows=BOX_ROWS,
              reach=_REACH),
    LayerType("DetectionEvaluate", "loss / output", _infer_detection_evaluate, Arity(2, 2), ONE,
              origin="fork",
              defaults=defaults("detection_evaluate_param", background_label_id=0,
                                overlap_threshold=0.5, evaluate_difficult_gt=True),
              rows=BOX_ROWS,
              reach=_REACH),
    LayerType("Proposal", "other", _infer_proposal, Arity(3, 3), Arity(1, 2), origin="fork",
              defaults=defaults("proposal_param", feat_stride=16, base_size=16, min_size=16,
                                ratio="0.5, 1, 2", scale="8, 16, 32", pre_nms_topn=6000,
                                post_nms_topn=300, nms_thresh=0.7),
              rows=BOX_ROWS,
              reach=_REACH),
    LayerType("RPNProposal", "other", None, ANY, ANY, origin="fork",
              rows=BOX_ROWS,
              reach=_REACH),
)  # fmt: skip
