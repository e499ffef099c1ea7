"""Fields that BVLC's Caffe lacks: which of them our own engine computes with, and which it can't.

A field of another branch may change every value of its layer. What is not named here stops the
layer: numbers that quietly leave it out would look right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.net.definition import Layer, Net, UnknownField
from core.net.message import Message

_CONVOLUTIONS = frozenset({"Convolution", "ConvolutionDepthwise", "DepthwiseConvolution"})

_COMPUTED: Mapping[str, str] = {
    "batch_norm_param": "axis scale_bias",
    "bn_param": "bn_mode slope_filler momentum eps frozen moving_average decay var_eps",
    "center_loss_param": "num_output axis",
    "convolution_param": "hole hole_h hole_w",
    "detection_evaluate_param": "num_classes background_label_id overlap_threshold"
    " evaluate_difficult_gt",
    "detection_output_param": "num_classes share_location background_label_id nms_param code_type"
    " variance_encoded_in_target keep_top_k confidence_threshold objectness_score",
    "dropout_param": "scale_train sample_weights_test",
    "hard_sigmoid_param": "alpha beta",
    "hardsigmoid_param": "alpha beta",
    "inner_product_param": "normalize",
    "interp_param": "height width zoom_factor shrink_factor pad_beg pad_end",
    "l2n_param": "axis eps is_global",
    "margin_inner_product_param": "num_output axis type base gamma power iteration lambda_min",
    "norm_param": "across_spatial channel_shared eps",
    "normalize_param": "normalize_type",
    "permute_param": "order",
    "pooling_param": "ceil_mode",
    "prior_box_param": "min_size max_size aspect_ratio flip clip variance img_size img_h img_w step"
    " step_h step_w offset fixed_size density density_size fixed_ratio",
    "proposal_param": "feat_stride base_size anchor_base_size min_size ratio scale pre_nms_topn"
    " pre_nms_top_n post_nms_topn post_nms_top_n max_rois nms_thresh iou_threshold nms_threshold",
    "psroi_pooling_param": "spatial_scale output_dim group_size",
    "reorg_param": "stride reverse",
    "reverse_param": "axis",
    "roi_align_param": "pooled_h pooled_w aligned_h aligned_w spatial_scale sampling_ratio",
    "roi_pooling_param": "pooled_h pooled_w spatial_scale",
    "roialign_param": "pooled_h pooled_w aligned_h aligned_w spatial_scale sampling_ratio",
    "shuffle_channel_param": "group",
    "smooth_l1_loss_param": "sigma",
    "transpose_param": "dim",
    "upsample_param": "scale scale_h scale_w stride stride_h stride_w upsample_h upsample_w"
    " pad_out_h pad_out_w",
    "yolo_detection_output_param": "num_classes num_box coords biases confidence_threshold"
    " nms_threshold",
    "yolov3_detection_output_param": "num_classes num_box biases mask mask_group_num anchors_scale"
    " confidence_threshold nms_threshold",
}
"""By message, the fields that our engine takes into account; fillers go without saying."""

_COMPUTED_IN: Mapping[tuple[str, str], frozenset[str]] = {
    ("convolution_param", "relu"): _CONVOLUTIONS,
    ("convolution_param", "negative_slope"): _CONVOLUTIONS,
    ("roi_pooling_param", "pad_ratio"): frozenset({"ROIAlign"}),
}
"""Fields that it takes into account in some of the types that have the message."""

_WITHOUT_EFFECT = frozenset(
    """
    engine forward_type backward_type forward_math backward_math default_forward_type
    default_backward_type cudnn_math_override cudnn_convolution_algo_seeker conv_algos_override
    workspace_limit optimize_mem blob_share_mode debug debug_info mn_param mn_grad_compress_param
    need_backward freeze diff_scale
    save_output_param visualize visualize_threshold save_file name_size_file
    bp_norm fix_gradient store_blobs_in_old_format statistics_batch_size
    """.split()
)
"""What chooses a program, tells something or trains, and leaves the values of a forward pass."""


@dataclass(frozen=True)
class ForeignField:
    """A field that stops its layer; fork: whose it is, "" where nobody knows."""

    path: str
    fork: str

    def sentence(self, layer: Layer) -> str:
        """Why the layer can't run."""
        whose = f"a field of {self.fork}'s Caffe" if self.fork else "a field that BVLC's lacks"
        return (
            f"Layer '{layer.name}' ({layer.type}) has {whose}, {self.path}: "
            "this engine does not know what it changes."
        )


def foreign_fields(net: Net) -> dict[int, ForeignField]:
    """By layer index, the first field of a layer that our own engine would leave out."""
    by_name: dict[str, list[UnknownField]] = {}
    for field in net.unknown:
        by_name.setdefault(field.layer, []).append(field)
    found = {
        layer.index: next(_left_out(layer, by_name[layer.name]), None)
        for layer in net.layers
        if layer.name in by_name
    }
    return {index: field for index, field in found.items() if field is not None}


def _left_out(layer: Layer, unknown: Iterable[UnknownField]) -> Iterator[ForeignField]:
    for field in unknown:
        parts = field.path.split(".")[1:]
        if len(parts) == 1:
            yield from _left_out_of_message(layer, field, parts[0])
        elif not _is_taken_in(layer, parts):
            yield ForeignField(".".join(parts), field.fork)


def _left_out_of_message(layer: Layer, field: UnknownField, name: str) -> Iterator[ForeignField]:
    """A message that BVLC lacks: its fields; one that belongs to other types is never read."""
    if name in _COMPUTED:
        for path in _paths(layer.param(name)):
            if not _is_taken_in(layer, [name, *path]):
                yield ForeignField(".".join([name, *path]), field.fork)
    elif not field.fork and not _is_taken_in(layer, [name]):
        yield ForeignField(name, field.fork)


def _paths(message: Message) -> Iterator[list[str]]:
    return ([field.name] for field in message.fields)


def _is_taken_in(layer: Layer, parts: list[str]) -> bool:
    if any(part in _WITHOUT_EFFECT or part.endswith("_filler") for part in parts):
        return True
    message, field = parts[0], parts[-1]
    if layer.type in _COMPUTED_IN.get((message, field), ()):
        return True
    return len(parts) > 1 and field in _COMPUTED.get(message, "").split()
