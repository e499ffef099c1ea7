"""Opening a weights file of either kind and listing what it holds, without reading the values."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np

from core.errors import WeightsError
from core.net.upgrade import V0_TYPES
from core.weights.blob import read_blob
from core.weights.contents import LayerWeights, WeightBlob, Weights
from core.weights.hdf5 import open_hdf5
from core.weights.wire import BYTES, VARINT, Wire, WireError, WireField

__all__ = ["LayerWeights", "WeightBlob", "Weights", "open_weights", "read_mean_image"]

_V1_FIELD, _V2_FIELD = 2, 100
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FETCH_AGAIN = "Download or copy it again."
_NOT_WEIGHTS = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the weights", "Run `git lfs pull`."),
    (b"<", "is a web page, not the weights", _FETCH_AGAIN),
    (b"\x1f\x8b", "is compressed with gzip", "Unpack it first."),
    (b"PK\x03\x04", "is a zip archive, not a caffemodel", "Unpack it first."),
)

V1_NUMBERS = {
    0: "", 1: "Accuracy", 2: "BNLL", 3: "Concat", 4: "Convolution", 5: "Data", 6: "Dropout",
    7: "EuclideanLoss", 8: "Flatten", 9: "HDF5Data", 10: "HDF5Output", 11: "Im2col",
    12: "ImageData", 13: "InfogainLoss", 14: "InnerProduct", 15: "LRN",
    16: "MultinomialLogisticLoss", 17: "Pooling", 18: "ReLU", 19: "Sigmoid", 20: "Softmax",
    21: "SoftmaxWithLoss", 22: "Split", 23: "TanH", 24: "WindowData", 25: "Eltwise", 26: "Power",
    27: "SigmoidCrossEntropyLoss", 28: "HingeLoss", 29: "MemoryData", 30: "ArgMax",
    31: "Threshold", 32: "DummyData", 33: "Slice", 34: "MVN", 35: "AbsVal", 36: "Silence",
    37: "ContrastiveLoss", 38: "Exp", 39: "Deconvolution",
}  # fmt: skip
"""V1LayerParameter.LayerType of BVLC/caffe's caffe.proto, as V2 type strings."""


def open_weights(path: Path) -> Weights:
    """Map a caffemodel (V0, V1 or V2) or open an HDF5 weights file; values stay on disk.

    Raises WeightsError for a file that is missing, cut off or no weights file.
    """
    mapped = _map_file(path)
    if mapped[:8] == _HDF5_SIGNATURE:
        return open_hdf5(path)
    _refuse_other_formats(path, mapped)
    try:
        return _read_net(path, Wire(mapped))
    except WireError as error:
        raise WeightsError(f"{path.name} {error}.", hint=_FETCH_AGAIN) from error


def read_mean_image(path: Path) -> np.ndarray:
    """A mean.binaryproto: (channels, height, width) float32, channels in Caffe's BGR order.

    Raises WeightsError for a file that holds no single image.
    """
    mapped = _map_file(path)
    _refuse_other_formats(path, mapped)
    try:
        blob = read_blob(Wire(mapped), 0, len(mapped))
    except WireError as error:
        raise WeightsError(f"{path.name} {error}.", hint=_FETCH_AGAIN) from error
    shape = blob.shape[1:] if len(blob.shape) == 4 and blob.shape[0] == 1 else blob.shape
    if len(shape) != 3 or not blob.n_values:
        hint = "A mean file is written by compute_image_mean."
        raise WeightsError(f"{path.name} holds no mean image.", hint=hint)
    return blob.array().reshape(shape).astype(np.float32)


def _map_file(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise WeightsError(f"{path.name} is empty.", hint=_FETCH_AGAIN) from None
    except OSError as error:
        raise WeightsError(f"Can't open {path}: {error.strerror or error}.") from error


def _refuse_other_formats(path: Path, mapped: mmap.mmap) -> None:
    head = mapped[:512]
    for signature, claim, hint in _NOT_WEIGHTS:
        if head.startswith(signature):
            raise WeightsError(f"{path.name} {claim}.", hint=hint)
    if head.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1].isalpha() and all(byte >= 9 for byte in head):
        hint = "Is it the prototxt? Weights are in a .caffemodel file."
        raise WeightsError(f"{path.name} is a text file, not a caffemodel.", hint=hint)


def _read_net(path: Path, wire: Wire) -> Weights:
    layers: list[LayerWeights] = []
    dialects = set()
    net_name = ""
    file_bytes = len(wire.buffer)
    for field in wire.fields(0, file_bytes):
        if field.kind != BYTES:
            continue
        if field.number == 1:
            net_name = wire.text(field)
        elif field.number == _V2_FIELD:
            layers.append(_read_layer(wire, field, 1, 2, 7))
            dialects.add("V2")
        elif field.number == _V1_FIELD:
            layers.append(_read_v1_layer(wire, field, dialects))
    if not layers:
        raise WireError("holds no layers, so it is no caffemodel")
    shown = tuple(layer for layer in layers if layer.type != "Split")
    return Weights(path, f"caffemodel {min(dialects)}", shown, file_bytes, net_name)


def _read_v1_layer(wire: Wire, layer: WireField, dialects: set[str]) -> LayerWeights:
    for field in wire.fields(layer.start, layer.end):
        if field.number == 1 and field.kind == BYTES:
            dialects.add("V0")
            read = _read_layer(wire, field, 1, 2, 50)
            return LayerWeights(read.name, V0_TYPES.get(read.type, read.type), read.blobs)
    dialects.add("V1")
    return _read_layer(wire, layer, 4, 5, 6)


def _read_layer(
    wire: Wire, layer: WireField, name_field: int, type_field: int, blobs_field: int
) -> LayerWeights:
    name = type_name = ""
    blobs = []
    for field in wire.fields(layer.start, layer.end):
        if field.number == type_field and field.kind == VARINT:
            type_name = V1_NUMBERS.get(field.value, f"V1 type {field.value}")
        elif field.kind != BYTES:
            continue
        elif field.number == name_field:
            name = wire.text(field)
        elif field.number == type_field:
            type_name = wire.text(field)
        elif field.number == blobs_field:
            blobs.append(read_blob(wire, field.start, field.end))
    return LayerWeights(name, type_name, tuple(blobs))
