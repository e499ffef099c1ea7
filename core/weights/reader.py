"""Opening a weights file of either kind and listing what it holds, without reading the values."""

from __future__ import annotations

import mmap
from pathlib import Path

from core.errors import WeightsError
from core.file_kinds import HEAD_BYTES
from core.net.upgrade import V0_TYPES
from core.reading import open_regular
from core.weights.blob import read_blob
from core.weights.contents import LayerWeights, WeightBlob, Weights
from core.weights.hdf5 import HDF5_SIGNATURE, open_hdf5
from core.weights.mistaken import refuse_other_formats, refuse_other_messages
from core.weights.wire import BYTES, VARINT, Wire, WireError, WireField

__all__ = ["LayerWeights", "WeightBlob", "Weights", "open_weights"]

_V1_FIELD, _V2_FIELD = 2, 100
_V0_IN_V1 = 1
_FETCH_AGAIN = "Download or copy it again."

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
    if mapped[:8] == HDF5_SIGNATURE:
        return open_hdf5(path)
    refuse_other_formats(path, mapped[:HEAD_BYTES])
    try:
        return _read_net(path, Wire(mapped))
    except WireError as error:
        raise WeightsError(f"{path.name} {error}.", hint=_FETCH_AGAIN) from error


def _map_file(path: Path) -> mmap.mmap:
    with open_regular(path, error=WeightsError) as file:
        if not file.n_bytes:
            raise WeightsError(f"{path.name} is empty.", hint=_FETCH_AGAIN)
        return file.map()


def _read_net(path: Path, wire: Wire) -> Weights:
    file_bytes = len(wire.buffer)
    dialect = _dialect(path, wire)
    net_name, layers = "", []
    for field in wire.fields(0, file_bytes):
        if field.kind != BYTES:
            continue
        if field.number == 1:
            net_name = wire.text(field)
        elif field.number in (_V1_FIELD, _V2_FIELD):
            layer = _READERS[dialect](wire, field)
            if layer.type != "Split" or layer.blobs:
                layers.append(layer)
    if not any(layer.name or layer.blobs for layer in layers):
        raise WireError("holds no layers, so it is no caffemodel")
    return Weights(path, f"caffemodel {dialect}", tuple(layers), file_bytes, net_name)


def _dialect(path: Path, wire: Wire) -> str:
    """ "V0", "V1" or "V2", which Caffe decides for the whole file before it reads a layer."""
    found = set()
    has_v0 = False
    for field in wire.fields(0, len(wire.buffer)):
        found.add((field.number, field.kind))
        if (field.number, field.kind) == (_V1_FIELD, BYTES) and (1, VARINT) not in found:
            inner = wire.fields(field.start, field.end)
            has_v0 = has_v0 or any((f.number, f.kind) == (_V0_IN_V1, BYTES) for f in inner)
    refuse_other_messages(path, found)
    if (_V1_FIELD, BYTES) not in found:
        return "V2"
    if (_V2_FIELD, BYTES) in found:
        raise WireError("has both V1 and V2 layers, which Caffe refuses")
    return "V0" if has_v0 else "V1"


def _read_v0_layer(wire: Wire, connection: WireField) -> LayerWeights:
    """A V0 layer inside its connection; written in pieces, they are merged, as protobuf does."""
    inner = [
        field
        for field in wire.fields(connection.start, connection.end)
        if field.number == _V0_IN_V1 and field.kind == BYTES
    ]
    read = _read_layer(wire, inner, 1, 2, 50)
    return LayerWeights(read.name, V0_TYPES.get(read.type, read.type), read.blobs)


def _read_v1_layer(wire: Wire, layer: WireField) -> LayerWeights:
    return _read_layer(wire, [layer], 4, 5, 6)


def _read_v2_layer(wire: Wire, layer: WireField) -> LayerWeights:
    return _read_layer(wire, [layer], 1, 2, 7)


_READERS = {"V0": _read_v0_layer, "V1": _read_v1_layer, "V2": _read_v2_layer}


def _read_layer(
    wire: Wire, pieces: list[WireField], name_field: int, type_field: int, blobs_field: int
) -> LayerWeights:
    name = type_name = ""
    blobs = []
    for field in (f for piece in pieces for f in wire.fields(piece.start, piece.end)):
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
