"""Small nets of layers that stock Caffe lacks, and who says what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.conformance import fork_references as references
from tests.conformance.fork_references import Arrays, Reference


@dataclass(frozen=True)
class ForkCase:
    """A layer "l" over inputs x0, x1...

    One of these makes its golden: `in_opencv` is what OpenCV's dnn module reads in its place,
    `in_caffe` layers of BVLC's that compute the same, `reference` a calculation in NumPy.
    twin_parameters: parameters of `in_caffe` where they are not those of the layer itself.
    """

    name: str
    type: str
    body: str
    inputs: Arrays
    parameters: Arrays = field(default_factory=dict)
    n_tops: int = 1
    in_opencv: str = ""
    in_caffe: str = ""
    reference: Reference | None = None
    twin_parameters: Arrays | None = None
    note: str = ""

    @property
    def prototxt(self) -> str:
        """The net."""
        return self.inputs_text + self.layer_text(self.type, self.body)

    @property
    def inputs_text(self) -> str:
        """An Input layer for each input."""
        return "".join(
            f'layer {{ name: "{blob}" type: "Input" top: "{blob}"\n'
            f"  input_param {{ shape {{ {' '.join(f'dim: {n}' for n in array.shape)} }} }} }}\n"
            for blob, array in self.inputs.items()
        )

    def layer_text(self, type_: str, body: str) -> str:
        """The layer under a type."""
        bottoms = " ".join(f'bottom: "{blob}"' for blob in self.inputs)
        tops = " ".join(f'top: "y{i}"' for i in range(self.n_tops))
        return f'layer {{ name: "l" type: "{type_}" {bottoms} {tops}\n  {body} }}\n'


def _normal(*shape: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def _uniform(*shape: int, seed: int = 0, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def _named(*arrays: np.ndarray) -> Arrays:
    return {f"x{i}": array for i, array in enumerate(arrays)}


def _regions(n: int, width: float, height: float, n_images: int, seed: int) -> np.ndarray:
    """Rows of image and corners, some of them beyond the image's end."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 0.7, (n, 2)) * [width, height]
    high = low + rng.uniform(0.02, 0.6, (n, 2)) * [width, height]
    images = rng.integers(0, n_images, (n, 1))
    return np.concatenate([images, low, high], 1).astype(np.float32)


def _opencv(type_: str, name: str, body: str, *arrays: np.ndarray, **more: Arrays) -> ForkCase:
    return ForkCase(name, type_, body, _named(*arrays), in_opencv=type_, **more)


def _priors(n: int, seed: int) -> np.ndarray:
    centre, half = _uniform(n, 2, seed=seed, low=0.2, high=0.8), _uniform(n, 2, seed=seed + 1) * 0.2
    corners = np.concatenate([centre - half, centre + half + np.float32(0.02)], 1)
    variances = np.tile(np.array([0.1, 0.1, 0.2, 0.2], np.float32), (n, 1))
    return np.stack([corners.ravel(), variances.ravel()])[None].astype(np.float32)


def _detections(
    seed: int, n: int, n_classes: int, n_located: int, images: int = 1
) -> list[np.ndarray]:
    moves = _normal(images, n * n_located * 4, seed=seed, scale=0.7)
    powers = np.exp(_normal(images, n, n_classes, seed=seed + 1, scale=1.5))
    scores = (powers / powers.sum(-1, keepdims=True)).reshape(images, -1)
    return [moves, scores.astype(np.float32), _priors(n, seed + 2)]


def _encoded(seed: int, n: int, n_classes: int) -> list[np.ndarray]:
    """Priors without variances: OpenCV wants none where they are part of the moves."""
    moves, scores, priors = _detections(seed, n, n_classes, 1)
    return [moves * np.float32(0.2), scores, priors[:, :1]]


def opencv_cases() -> Sequence[ForkCase]:
    """Layers that OpenCV's dnn module reads from a prototxt as they are."""
    nchw, x = "order: 0 order: 2 order: 3 order: 1", _normal(2, 6, 5, 7, seed=1)
    image, output = _normal(1, 3, 60, 90), "detection_output_param"
    nms = "nms_param { nms_threshold: 0.45 top_k: 30 } keep_top_k: 20 confidence_threshold: 0.2"
    common = f"background_label_id: 0 {nms}"
    regions, psroi = _regions(6, 90, 60, 2, 4), _regions(5, 20, 16, 2, 5)
    return (
        _opencv("Permute", "permute_channels_last", f"permute_param {{ {nchw} }}", x),
        _opencv("Permute", "permute_swap", "permute_param { order: 0 order: 2 order: 1 order: 3 }",
                _normal(2, 3, 4, 5)),
        _opencv("Normalize", "normalize_places",
                "norm_param { across_spatial: false channel_shared: false }", x,
                parameters={"l/0": _uniform(6, low=5, high=20)}),
        _opencv("Normalize", "normalize_image",
                "norm_param { across_spatial: true channel_shared: true }", x[:1],
                parameters={"l/0": np.array(7.5, np.float32)}),
        _opencv("PriorBox", "priorbox_ssd",
                "prior_box_param { min_size: 21 max_size: 45 aspect_ratio: 2 aspect_ratio: 3 "
                "flip: true clip: false variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 "
                "step: 16 offset: 0.5 }", _normal(1, 4, 4, 6), image),
        _opencv("PriorBox", "priorbox_sizes",
                "prior_box_param { min_size: 10 min_size: 16.5 aspect_ratio: 1 aspect_ratio: 0.5 "
                "aspect_ratio: 1.5 flip: false clip: true variance: 0.1 offset: 0.25 }",
                _normal(1, 4, 5, 3), image),
        _opencv("PriorBox", "priorbox_two_pairs",
                "prior_box_param { min_size: 10 min_size: 16 max_size: 20 max_size: 30 "
                "aspect_ratio: 2 clip: false variance: 0.1 step_h: 12 step_w: 10 offset: 0.5 }",
                _normal(1, 4, 5, 3), image),
        _opencv("DetectionOutput", "detections_shared",
                f"{output} {{ num_classes: 4 share_location: true code_type: CENTER_SIZE "
                f"{common} }}", *_detections(10, 40, 4, 1)),
        _opencv("DetectionOutput", "detections_by_class",
                f"{output} {{ num_classes: 3 share_location: false code_type: CENTER_SIZE "
                f"{common} }}", *_detections(20, 30, 3, 3)),
        _opencv("DetectionOutput", "detections_corner",
                f"{output} {{ num_classes: 3 share_location: true code_type: CORNER {common} }}",
                *_detections(30, 30, 3, 1)),
        _opencv("DetectionOutput", "detections_encoded",
                f"{output} {{ num_classes: 3 share_location: true code_type: CENTER_SIZE "
                f"variance_encoded_in_target: true {common} }}", *_encoded(40, 30, 3)),
        _opencv("DetectionOutput", "detections_batch",
                f"{output} {{ num_classes: 3 share_location: true code_type: CENTER_SIZE "
                f"{common} }}", *_detections(50, 30, 3, 1, images=2)),
        _opencv("Interp", "interp_zoom", "interp_param { zoom_factor: 3 }", x),
        _opencv("Interp", "interp_size", "interp_param { height: 9 width: 4 }", x),
        _opencv("ShuffleChannel", "shuffle", "shuffle_channel_param { group: 3 }", x),
        _opencv("ReLU6", "relu6", "", _normal(2, 3, 4, 5, scale=6.0)),
        _opencv("Reorg", "reorg", "reorg_param { stride: 2 }", _normal(1, 8, 4, 6)),
        _opencv("Mish", "mish", "", _normal(2, 3, 4, 5, scale=4.0)),
        _opencv("HardSwish", "hard_swish", "", _normal(2, 3, 4, 5, scale=3.0)),
        _opencv("HardSigmoid", "hard_sigmoid", "", _normal(2, 3, 4, 5, scale=3.0)),
        _opencv("ROIPooling", "roi_pooling",
                "roi_pooling_param { pooled_h: 3 pooled_w: 2 spatial_scale: 0.125 }",
                _normal(2, 4, 8, 12), regions),
        _opencv("PSROIPooling", "psroi_opencv",
                "psroi_pooling_param { output_dim: 2 group_size: 3 spatial_scale: 0.5 }",
                _normal(2, 18, 8, 10), psroi),
    )  # fmt: skip


def caffe_cases() -> Sequence[ForkCase]:
    """Layers that a few of BVLC's put together compute too."""
    x, depth = _normal(2, 6, 5, 7, seed=1), {"l/0": _normal(6, 1, 3, 3), "l/1": _normal(6, seed=2)}
    window = "kernel_size: 3 pad: 1 stride: 2 num_output: 6"
    row = {f"l/{i}": _uniform(1, 6, 1, 1, seed=i, low=0.5, high=2) for i in range(4)}
    one, flat = np.ones(1, np.float32), {k: v.reshape(-1) for k, v in row.items()}
    batch = (
        'layer {{ name: "b" type: "BatchNorm" bottom: "x0" top: "h" batch_norm_param {{ {} }} }} '
        'layer {{ name: "s" type: "Scale" bottom: "h" top: "y0" '
        "scale_param {{ bias_term: true }} }}"
    )
    scale = {"s/0": flat["l/0"], "s/1": flat["l/1"]}
    filler = 'bn_param { scale_filler { type: "constant" value: 1 } shift_filler { } '
    return (
        ForkCase("depthwise_fork", "ConvolutionDepthwise", f"convolution_param {{ {window} }}",
                 _named(x), depth, in_caffe='layer { name: "l" type: "Convolution" bottom: "x0" '
                 f'top: "y0" convolution_param {{ {window} group: 6 }} }}'),
        ForkCase("depthwise_group", "DepthwiseConvolution",
                 f"convolution_param {{ {window} group: 6 }}", _named(x), depth,
                 in_caffe='layer { name: "l" type: "Convolution" bottom: "x0" top: "y0" '
                 f"convolution_param {{ {window} group: 6 }} }}"),
        ForkCase("relu6_clip", "ReLU6", "", _named(x * np.float32(8)),
                 in_caffe='layer { name: "c" type: "Clip" bottom: "x0" top: "y0" '
                 "clip_param { min: 0 max: 6 } }"),
        ForkCase("axpy_caffe", "Axpy", "", _named(_normal(2, 6, 1, 1), x, _normal(2, 6, 5, 7)),
                 in_caffe='layer { name: "f" type: "Flatten" bottom: "x0" top: "a" } '
                 'layer { name: "s" type: "Scale" bottom: "x1" bottom: "a" top: "h" '
                 'scale_param { axis: 0 } } layer { name: "e" type: "Eltwise" bottom: "h" '
                 'bottom: "x2" top: "y0" }'),
        ForkCase("interp_shrink", "Interp", "interp_param { shrink_factor: 2 }", _named(x),
                 in_caffe='layer { name: "p" type: "Pooling" bottom: "x0" top: "y0" '
                 "pooling_param { kernel_size: 1 stride: 2 } }"),
        ForkCase("shuffle_caffe", "ShuffleChannel", "shuffle_channel_param { group: 2 }", _named(x),
                 in_caffe='layer { name: "c" type: "Slice" bottom: "x0" top: "a" top: "b" top: "c" '
                 'top: "d" top: "e" top: "f" } layer { name: "j" type: "Concat" bottom: "a" '
                 'bottom: "d" bottom: "b" bottom: "e" bottom: "c" bottom: "f" top: "y0" }'),
        ForkCase("bn_inference", "BN", filler + "bn_mode: INFERENCE }", _named(x),
                 {k: row[k] for k in ("l/0", "l/1")}, twin_parameters=scale,
                 in_caffe='layer { name: "s" type: "Scale" bottom: "x0" top: "y0" '
                 "scale_param { bias_term: true } }"),
        ForkCase("bn_learn", "BN", filler + "}", _named(x), {k: row[k] for k in ("l/0", "l/1")},
                 in_caffe=batch.format("use_global_stats: false eps: 1e-9"),
                 twin_parameters=scale),
        ForkCase("bn_running", "BN", "bn_param { slope_filler { type: \"constant\" value: 1 } "
                 "frozen: true momentum: 0.95 }", _named(x), row,
                 in_caffe=batch.format("eps: 1e-5"),
                 twin_parameters={**scale, "b/0": flat["l/2"], "b/1": flat["l/3"], "b/2": one}),
        ForkCase("l2_channels", "L2Normalization", "", _named(x),
                 in_caffe='layer { name: "q" type: "Power" bottom: "x0" top: "q" '
                 'power_param { power: 2 } } layer { name: "n" type: "Convolution" bottom: "q" '
                 'top: "n" convolution_param { num_output: 1 kernel_size: 1 bias_term: false } } '
                 'layer { name: "r" type: "Power" bottom: "n" top: "r" power_param { power: -0.5 } '
                 '} layer { name: "t" type: "Tile" bottom: "r" top: "t" tile_param { tiles: 6 } } '
                 'layer { name: "e" type: "Eltwise" bottom: "x0" bottom: "t" top: "y0" '
                 "eltwise_param { operation: PROD } }",
                 twin_parameters={"n/0": np.ones((1, 6, 1, 1), np.float32)}),
        ForkCase("upsample_repeat", "Upsample", "upsample_param { scale: 2 }", _named(x),
                 in_caffe='layer { name: "d" type: "Deconvolution" bottom: "x0" top: "y0" '
                 "convolution_param { num_output: 6 group: 6 kernel_size: 2 stride: 2 "
                 "bias_term: false } }",
                 twin_parameters={"d/0": np.ones((6, 1, 2, 2), np.float32)}),
        ForkCase("center_loss", "CenterLoss", "center_loss_param { num_output: 4 }",
                 _named(_normal(5, 3), np.array([0, 3, 1, 3, 2], np.float32)),
                 {"l/0": _normal(4, 3, seed=9)}, twin_parameters={"m/0": _normal(4, 3, seed=9)},
                 in_caffe='layer { name: "m" type: "Embed" bottom: "x1" top: "c" embed_param { '
                 'num_output: 3 input_dim: 4 bias_term: false } } layer { name: "e" '
                 'type: "EuclideanLoss" bottom: "x0" bottom: "c" top: "y0" }'),
    )  # fmt: skip


def field_cases() -> Sequence[ForkCase]:
    """Types of BVLC's with fields of other branches, and BN without height and width."""
    x, flat = _normal(2, 6, 9, 8, seed=1), _normal(3, 6, seed=2)
    kernel = {"l/0": _normal(4, 6, 3, 3), "l/1": _normal(4, seed=3)}
    window = "num_output: 4 kernel_size: 3 pad: 2"
    convolved = (
        'layer {{ name: "l" type: "{}" bottom: "x0" top: "{}" convolution_param {{ {} }} }} '
    )
    rectified = 'layer {{ name: "r" type: "ReLU" bottom: "h" top: "y0" relu_param {{ {} }} }}'
    moments = {"l/0": _normal(6), "l/1": _uniform(6, low=0.5, high=2.0), "l/2": _uniform(1)}
    affine = {"l/3": _normal(6, seed=4), "l/4": _normal(6, seed=5)}
    twin = {f"b/{i}": moments[f"l/{i}"] for i in range(3)}
    twin |= {f"s/{i}": affine[f"l/{3 + i}"] for i in range(2)}
    slope = 'bn_param { slope_filler { type: "constant" value: 1 } eps: 1e-3 }'
    running = {f"l/{i}": _uniform(1, 6, 1, 1, seed=i, low=0.5, high=2) for i in range(4)}
    return (
        ForkCase("conv_hole", "Convolution", f"convolution_param {{ {window} hole: 2 }}",
                 _named(x), kernel, in_caffe=convolved.format("Convolution", "y0",
                                                              f"{window} dilation: 2")),
        ForkCase("conv_hole_sides", "Convolution",
                 f"convolution_param {{ {window} hole_h: 2 hole_w: 3 }}", _named(x), kernel,
                 in_caffe=convolved.format("Convolution", "y0",
                                           f"{window} dilation: 2 dilation: 3")),
        ForkCase("deconv_hole", "Deconvolution",
                 "convolution_param { num_output: 4 kernel_size: 3 hole: 2 bias_term: false }",
                 _named(x), {"l/0": _normal(6, 4, 3, 3)},
                 in_caffe=convolved.format(
                     "Deconvolution", "y0",
                     "num_output: 4 kernel_size: 3 dilation: 2 bias_term: false")),
        ForkCase("conv_relu", "Convolution", f"convolution_param {{ {window} relu: true }}",
                 _named(x), kernel,
                 in_caffe=convolved.format("Convolution", "h", window) + rectified.format("")),
        ForkCase("conv_relu_slope", "Convolution",
                 f"convolution_param {{ {window} relu: true negative_slope: 0.3 }}", _named(x),
                 kernel, in_caffe=convolved.format("Convolution", "h", window)
                 + rectified.format("negative_slope: 0.3")),
        ForkCase("batch_norm_scale_bias", "BatchNorm", "batch_norm_param { scale_bias: true }",
                 _named(x), moments | affine, twin_parameters=twin,
                 in_caffe='layer { name: "b" type: "BatchNorm" bottom: "x0" top: "h" } '
                 'layer { name: "s" type: "Scale" bottom: "h" top: "y0" '
                 "scale_param { bias_term: true } }"),
        ForkCase("batch_norm_fillers", "BatchNorm",
                 'param { lr_mult: 1 } param { lr_mult: 1 } batch_norm_param { use_global_stats: '
                 'false scale_filler { type: "constant" value: 1 } bias_filler { } }',
                 _named(x), moments | affine, twin_parameters=twin,
                 in_caffe='layer { name: "b" type: "BatchNorm" bottom: "x0" top: "h" '
                 "batch_norm_param { use_global_stats: false } } "
                 'layer { name: "s" type: "Scale" bottom: "h" top: "y0" '
                 "scale_param { bias_term: true } }"),
        ForkCase("dropout_scaled_at_test", "Dropout",
                 "dropout_param { dropout_ratio: 0.3 scale_train: false }", _named(x),
                 in_caffe='layer { name: "p" type: "Power" bottom: "x0" top: "y0" '
                 "power_param { scale: 0.7 } }"),
        _numpy("InnerProduct", "product_normalised",
               "inner_product_param { num_output: 4 normalize: true }",
               references.normalised_product, flat,
               parameters={"l/0": _normal(4, 6, scale=0.01), "l/1": _normal(4, seed=3)}),
        _numpy("BatchNorm", "batch_norm_axis", "batch_norm_param { axis: 2 }",
               references.batch_norm_of_rows, _normal(2, 3, 6, 4),
               parameters=moments),
        _numpy("BN", "bn_two_axes", slope, references.running_norm, flat, parameters=running),
        _numpy("BN", "bn_inference_two_axes",
               'bn_param { bn_mode: INFERENCE scale_filler { type: "constant" value: 1 } }',
               references.scale_and_shift, flat, parameters={k: running[k] for k in
                                                             ("l/0", "l/1")}),
        _numpy("Interp", "interp_two_axes", "interp_param { height: 2 width: 3 }",
               references.spread_out, flat),
    )  # fmt: skip


def numpy_cases() -> Sequence[ForkCase]:
    """Layers computed by loops over single numbers."""
    mask = np.array([[0, 8, 10], [25, 13, 29]], np.float32)[None, None].repeat(2, 1)
    roi_map, regions = _normal(2, 3, 8, 12, seed=7), _regions(5, 48, 32, 2, 8)
    sizes = "pooled_h: 2 pooled_w: 3 spatial_scale: 0.25"
    yolo = "num_classes: 3 num_box: 2"
    anchors = "biases: 10 biases: 14 biases: 23 biases: 27 biases: 37 biases: 58 biases: 81"
    scores = _uniform(1, 8, 5, 6, seed=3)
    image = np.array([[70, 90, 1.5]], np.float32)
    margin = "num_output: 5 type: QUADRUPLE base: 1000 gamma: 0.12 power: 1 lambda_min: 5"
    return (
        _numpy("HSwish", "hswish", "", references.hard_swish, _normal(2, 3, 4, scale=4.0)),
        _numpy("Transpose", "transpose", "transpose_param { dim: 0 dim: 2 dim: 1 }",
               references.transpose, _normal(2, 3, 4)),
        _numpy("Reverse", "reverse", "reverse_param { axis: 0 }", references.reverse_time,
               _normal(4, 2, 3)),
        _numpy("Upsample", "unpool", "upsample_param { upsample_h: 5 upsample_w: 6 }",
               references.unpool, _normal(1, 2, 2, 3), mask),
        _numpy("Upsample", "unpool_pad_out", "upsample_param { scale: 2 pad_out_h: true }",
               references.unpool, _normal(1, 2, 3, 3),
               np.arange(0, 27, 3, dtype=np.float32).reshape(1, 1, 3, 3).repeat(2, 1)),
        _numpy("Normalize", "normface", "normalize_param { }", references.unit_vectors,
               _normal(2, 4, 3, 2), n_tops=2),
        _numpy("L2Normalization", "l2_image", "l2n_param { eps: 0.5 }", references.unit_image,
               _normal(2, 4, 3, 2)),
        _numpy("SmoothL1Loss", "smooth_l1", "smooth_l1_loss_param { sigma: 3 }",
               references.smooth_l1, *(_normal(2, 4, 3, 2, seed=i, scale=0.3) for i in range(4))),
        _numpy("MarginInnerProduct", "margin",
               f"margin_inner_product_param {{ {margin} iteration: 5 }}",
               references.margin_product, _normal(6, 8), np.arange(6, dtype=np.float32) % 5,
               parameters={"l/0": _normal(5, 8, seed=2)}, n_tops=2),
        _numpy("ROIAlign", "roi_align", f"roi_align_param {{ {sizes} sampling_ratio: 2 }}",
               references.roi_align, roi_map, regions),
        _numpy("ROIAlign", "roi_align_adaptive", f"roi_align_param {{ {sizes} }}",
               references.roi_align_adaptive, roi_map, regions),
        _numpy("ROIAlign", "roi_align_corners", f"roi_pooling_param {{ {sizes} pad_ratio: 0.1 }}",
               references.roi_corners, roi_map, regions),
        _numpy("PSROIPooling", "psroi",
               "psroi_pooling_param { output_dim: 2 group_size: 3 spatial_scale: 0.5 }",
               references.psroi, _normal(2, 18, 8, 10), _regions(6, 20, 16, 2, 5)),
        _numpy("YoloDetectionOutput", "yolo_v2",
               f"yolo_detection_output_param {{ {yolo} confidence_threshold: 0.3 "
               "nms_threshold: 0.45 biases: 1.5 biases: 2 biases: 3 biases: 1 }",
               references.yolo_v2, _normal(1, 16, 5, 5, seed=4)),
        _numpy("Yolov3DetectionOutput", "yolo_v3",
               f"yolov3_detection_output_param {{ {yolo} confidence_threshold: 0.3 "
               f"nms_threshold: 0.4 {anchors} biases: 82 mask: 2 mask: 3 mask: 0 mask: 1 "
               "anchors_scale: 32 anchors_scale: 16 mask_group_num: 2 }",
               references.yolo_v3, _normal(1, 16, 3, 3, seed=5), _normal(1, 16, 6, 6, seed=6)),
        _numpy("DetectionOutput", "detections_eta",
               "detection_output_param { num_classes: 2 code_type: CENTER_SIZE nms_param { "
               "nms_threshold: 0.6 top_k: 60 eta: 0.9 } confidence_threshold: 0.01 }",
               references.detections, *_detections(60, 80, 2, 1)),
        _numpy("DetectionOutput", "detections_none",
               "detection_output_param { num_classes: 2 confidence_threshold: 1 }",
               references.no_detections, *_detections(70, 10, 2, 1, images=2)),
        _numpy("DetectionEvaluate", "evaluate",
               "detection_evaluate_param { num_classes: 3 evaluate_difficult_gt: false }",
               references.evaluation, references.FOUND, references.TRUE),
        _numpy("Proposal", "proposal",
               "proposal_param { ratio: 0.5 ratio: 2 scale: 2 scale: 4 post_nms_topn: 12 "
               "pre_nms_topn: 40 nms_thresh: 0.6 }",
               references.proposals, scores, _normal(1, 16, 5, 6, seed=8, scale=0.4), image,
               n_tops=2),
    )  # fmt: skip


def _numpy(
    type_: str,
    name: str,
    body: str,
    reference: Reference,
    *arrays: np.ndarray,
    parameters: Arrays | None = None,
    n_tops: int = 1,
) -> ForkCase:
    return ForkCase(
        name, type_, body, _named(*arrays), parameters or {}, n_tops, reference=reference
    )


def all_cases() -> tuple[ForkCase, ...]:
    """Every case."""
    return (*opencv_cases(), *caffe_cases(), *field_cases(), *numpy_cases())
