"""Reading V0 and V1 layers as V2 ones, without touching the text.

Follows the order of Caffe's own upgrade (CAFFE.md 2; BVLC/caffe src/caffe/util/upgrade_proto.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.net.message import Field, Message, Scalar
from core.net.v1_fields import DATA_PARAMETERS, message_field, with_v2_params, with_v2_transform

V1_TYPES = {
    "NONE": "", "ABSVAL": "AbsVal", "ACCURACY": "Accuracy", "ARGMAX": "ArgMax", "BNLL": "BNLL",
    "CONCAT": "Concat", "CONTRASTIVE_LOSS": "ContrastiveLoss", "CONVOLUTION": "Convolution",
    "DECONVOLUTION": "Deconvolution", "DATA": "Data", "DROPOUT": "Dropout",
    "DUMMY_DATA": "DummyData", "EUCLIDEAN_LOSS": "EuclideanLoss", "ELTWISE": "Eltwise",
    "EXP": "Exp", "FLATTEN": "Flatten", "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output",
    "HINGE_LOSS": "HingeLoss", "IM2COL": "Im2col", "IMAGE_DATA": "ImageData",
    "INFOGAIN_LOSS": "InfogainLoss", "INNER_PRODUCT": "InnerProduct", "LRN": "LRN",
    "MEMORY_DATA": "MemoryData", "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss",
    "MVN": "MVN", "POOLING": "Pooling", "POWER": "Power", "RELU": "ReLU", "SIGMOID": "Sigmoid",
    "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss", "SILENCE": "Silence",
    "SOFTMAX": "Softmax", "SOFTMAX_LOSS": "SoftmaxWithLoss", "SPLIT": "Split", "SLICE": "Slice",
    "TANH": "TanH", "WINDOW_DATA": "WindowData", "THRESHOLD": "Threshold",
}  # fmt: skip

V0_TYPES = {
    "accuracy": "Accuracy", "bnll": "BNLL", "concat": "Concat", "conv": "Convolution",
    "data": "Data", "dropout": "Dropout", "euclidean_loss": "EuclideanLoss", "flatten": "Flatten",
    "hdf5_data": "HDF5Data", "hdf5_output": "HDF5Output", "im2col": "Im2col", "images": "ImageData",
    "infogain_loss": "InfogainLoss", "innerproduct": "InnerProduct", "lrn": "LRN",
    "multinomial_logistic_loss": "MultinomialLogisticLoss", "pool": "Pooling", "relu": "ReLU",
    "sigmoid": "Sigmoid", "softmax": "Softmax", "softmax_loss": "SoftmaxWithLoss",
    "split": "Split", "tanh": "TanH", "window_data": "WindowData",
}  # fmt: skip

_CONV_OR_IP = {"Convolution": "convolution_param", "InnerProduct": "inner_product_param"}
_DATA = {**DATA_PARAMETERS, "HDF5Data": "hdf5_data_param"}
_SOURCE = {**_DATA, "InfogainLoss": "infogain_loss_param"}
_WINDOW = {"WindowData": "window_data_param"}
_TRANSFORM = {"scale": "scale", "meanfile": "mean_file", "mean_file": "mean_file",
              "cropsize": "crop_size", "crop_size": "crop_size", "mirror": "mirror"}  # fmt: skip
_V0_HOMES: dict[str, tuple[dict[str, str], str]] = {
    "num_output": (_CONV_OR_IP, "num_output"),
    "biasterm": (_CONV_OR_IP, "bias_term"),
    "weight_filler": (_CONV_OR_IP, "weight_filler"),
    "bias_filler": (_CONV_OR_IP, "bias_filler"),
    "pad": ({"Convolution": "convolution_param", "Pooling": "pooling_param"}, "pad"),
    "kernelsize": ({"Convolution": "convolution_param", "Pooling": "pooling_param"}, "kernel_size"),
    "stride": ({"Convolution": "convolution_param", "Pooling": "pooling_param"}, "stride"),
    "group": ({"Convolution": "convolution_param"}, "group"),
    "pool": ({"Pooling": "pooling_param"}, "pool"),
    "dropout_ratio": ({"Dropout": "dropout_param"}, "dropout_ratio"),
    "local_size": ({"LRN": "lrn_param"}, "local_size"),
    "alpha": ({"LRN": "lrn_param"}, "alpha"),
    "beta": ({"LRN": "lrn_param"}, "beta"),
    "k": ({"LRN": "lrn_param"}, "k"),
    "source": (_SOURCE, "source"),
    "batchsize": (_DATA, "batch_size"),
    "rand_skip": (_DATA, "rand_skip"),
    "new_height": ({"ImageData": "image_data_param"}, "new_height"),
    "new_width": ({"ImageData": "image_data_param"}, "new_width"),
    "shuffle_images": ({"ImageData": "image_data_param"}, "shuffle"),
    "concat_dim": ({"Concat": "concat_param"}, "concat_dim"),
    "det_fg_threshold": (_WINDOW, "fg_threshold"),
    "det_bg_threshold": (_WINDOW, "bg_threshold"),
    "det_fg_fraction": (_WINDOW, "fg_fraction"),
    "det_context_pad": (_WINDOW, "context_pad"),
    "det_crop_mode": (_WINDOW, "crop_mode"),
}


@dataclass(frozen=True)
class WrittenLayer:
    """One layer block as it stands in the file: the block, its V2 view, where names are written."""

    block: Message  # the `layer { ... }` of the file: bottoms, tops and positions
    view: Message  # the same with V2 parameter messages
    name: Scalar | None
    type: str


def dialect_of(root: Message) -> str:
    """ "V0", "V1" or "V2", as Caffe decides it."""
    if any(block.has("layer") for block in root.messages("layers")):
        return "V0"
    return "V1" if root.has("layers") else "V2"


def written_layers(root: Message) -> Iterator[WrittenLayer]:
    """Every layer block in file order, V0 padding layers left out (see `fold_padding`)."""
    for field in root.fields:
        if not isinstance(field.value, Message) or field.name not in ("layer", "layers"):
            continue
        block = replace(field.value, span=field.span)
        if field.name == "layer":
            yield _read(block, block, {})
        elif block.has("layer"):
            yield _read_v0(block)
        else:
            yield _read(block, with_v2_params(block), V1_TYPES)


def _read(block: Message, view: Message, types: dict[str, str]) -> WrittenLayer:
    names = view.scalars("name")
    written = view.word("type")
    type_name = types.get(written, written)
    if types:
        view = with_v2_transform(view, type_name)
    return WrittenLayer(block, view, names[-1] if names else None, type_name)


def _read_v0(block: Message) -> WrittenLayer:
    inner = block.message("layer")
    type_name = V0_TYPES.get(inner.word("type"), inner.word("type"))
    grouped: dict[str, list[Field]] = {}
    kept: list[Field] = []
    for field in inner.fields:
        homes, new_name = _V0_HOMES.get(field.name, ({}, ""))
        if type_name in homes:
            grouped.setdefault(homes[type_name], []).append(replace(field, name=new_name))
        elif field.name in _TRANSFORM and type_name in _DATA:
            renamed = replace(field, name=_TRANSFORM[field.name])
            grouped.setdefault("transform_param", []).append(renamed)
        else:
            kept.append(field)
    fields = kept + [message_field(name, tuple(parts), inner) for name, parts in grouped.items()]
    view = Message(tuple(fields), block.span, block.source)
    return _read(block, with_v2_params(view), V0_TYPES)
