"""Reading V0 and V1 layers as V2 ones, without touching the text.

Follows the order of Caffe's own upgrade (CAFFE.md 2; BVLC/caffe src/caffe/util/upgrade_proto.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.net.message import NOWHERE, Field, Message, Scalar

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
_DATA = {
    "Data": "data_param", "ImageData": "image_data_param", "HDF5Data": "hdf5_data_param",
    "WindowData": "window_data_param",
}  # fmt: skip
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
    "source": (_DATA, "source"),
    "batchsize": (_DATA, "batch_size"),
    "rand_skip": (_DATA, "rand_skip"),
    "new_height": ({"ImageData": "image_data_param"}, "new_height"),
    "new_width": ({"ImageData": "image_data_param"}, "new_width"),
    "shuffle_images": ({"ImageData": "image_data_param"}, "shuffle"),
    "concat_dim": ({"Concat": "concat_param"}, "concat_dim"),
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
            yield _read(block, block, V1_TYPES)


def _read(block: Message, view: Message, types: dict[str, str]) -> WrittenLayer:
    names = view.scalars("name")
    written = view.word("type")
    type_name = types.get(written, written)
    if type_name in _DATA:
        view = _move_transform(view, _DATA[type_name])
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
    fields = kept + [_message_field(name, parts, inner) for name, parts in grouped.items()]
    return _read(block, Message(tuple(fields), block.span, block.source), V0_TYPES)


def _move_transform(view: Message, home: str) -> Message:
    """Data layers once kept crop_size, scale and mirror in data_param; V2 has transform_param."""
    old = [f for f in view.message(home).fields if f.name in _TRANSFORM]
    if not old:
        return view
    moved = [replace(field, name=_TRANSFORM[field.name]) for field in old]
    return replace(view, fields=(*view.fields, _message_field("transform_param", moved, view)))


def _message_field(name: str, fields: list[Field], parent: Message) -> Field:
    message = Message(tuple(fields), fields[0].span if fields else NOWHERE, parent.source)
    return Field(name, message, message.span, message.span)


def legacy_input_fields(root: Message) -> tuple[tuple[Scalar, ...], tuple[Message, ...]]:
    """Names of the `input:` fields and one `shape` message for each, however it was written."""
    names = root.scalars("input")
    shapes = root.messages("input_shape")
    dims = root.scalars("input_dim")
    if not shapes and dims:
        groups = [dims[i : i + 4] for i in range(0, len(dims), 4)]
        shapes = tuple(_shape_message(group, root) for group in groups)
    return names, shapes


def _shape_message(dims: tuple[Scalar, ...], root: Message) -> Message:
    fields = tuple(Field("dim", dim, dim.span, dim.span) for dim in dims)
    return Message(fields, dims[0].span, root.source)


def input_layer_view(root: Message) -> Message:
    """The V2 Input layer that the `input:` fields stand for."""
    names, shapes = legacy_input_fields(root)
    span = names[0].span
    param = Message(
        tuple(Field("shape", shape, shape.span, shape.span) for shape in shapes), span, root.source
    )
    fields = (
        Field("name", Scalar("input", "string", span), span, span),
        Field("type", Scalar("Input", "string", span), span, span),
        Field("input_param", param, span, span),
    )
    return Message(fields, span, root.source)
