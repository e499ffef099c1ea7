"""Writing weights that real Caffe reads: V2 layers, BlobShape, packed floats; or HDF5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from core.errors import WeightsError
from core.files import written_beside
from core.weights.wire import BYTES, VARINT
from core.words import plural

MAX_VALUE_BYTES = 2**31 - 2**24
"""Protobuf refuses to read a message of 2 GiB; 16 MiB are left for names and shapes."""

LayerArrays = tuple[str, str, Sequence[np.ndarray]]


def write_caffemodel(path: Path, net_name: str, layers: Sequence[LayerArrays]) -> None:
    """Write layers of (name, type, arrays) as a V2 caffemodel; values become float32.

    Written beside and then renamed. Raises WeightsError when it would exceed 2 GiB, AppError when
    the disk refuses.
    """
    n_bytes = sum(4 * array.size for _, _, arrays in layers for array in arrays)
    if n_bytes > MAX_VALUE_BYTES:
        sentence = f"The weights are too large for a caffemodel: {plural(n_bytes, 'byte')}."
        raise WeightsError(sentence, hint="Caffe reads no caffemodel of 2 GiB or more.")
    with written_beside(path) as partial, partial.open("wb") as file:
        file.writelines(_file_parts(net_name, layers))


def write_hdf5_weights(path: Path, layers: Sequence[LayerArrays]) -> None:
    """Write layers as Caffe's HDF5 snapshots: data/LAYER/index, one group for each layer.

    Written beside and then renamed. Raises AppError when the disk refuses.
    """
    with written_beside(path) as partial, h5py.File(partial, "w") as file:
        data = file.create_group("data")
        for name, _, arrays in layers:
            group = data.require_group(name)
            for index, array in enumerate(arrays):
                group[str(index)] = np.ascontiguousarray(array, np.float32)


def blob_parts(number: int, array: np.ndarray) -> Iterator[bytes | memoryview]:
    """A BlobProto as field `number` of a message."""
    header = _blob_header(array)
    yield _tag(number) + _varint(len(header) + 4 * array.size) + header
    yield np.ascontiguousarray(array, "<f4").reshape(-1).view(np.uint8).data


def number_field(number: int, value: int) -> bytes:
    """A number that is not below 0 as field `number` of a message."""
    return _varint(number << 3 | VARINT) + _varint(value)


def _file_parts(net_name: str, layers: Sequence[LayerArrays]) -> Iterator[bytes | memoryview]:
    yield bytes_field(1, net_name.encode())
    for name, type_name, arrays in layers:
        header = bytes_field(1, name.encode()) + bytes_field(2, type_name.encode())
        blobs = [_blob_header(array) for array in arrays]
        sizes = [len(b) + 4 * array.size for b, array in zip(blobs, arrays, strict=True)]
        tags = [_tag(7) + _varint(size) for size in sizes]
        yield _tag(100) + _varint(len(header) + sum(map(len, tags)) + sum(sizes)) + header
        for tag, blob, array in zip(tags, blobs, arrays, strict=True):
            yield tag + blob
            yield np.ascontiguousarray(array, "<f4").reshape(-1).view(np.uint8).data


def _blob_header(array: np.ndarray) -> bytes:
    dims = b"".join(_varint(dim) for dim in array.shape)
    shape = bytes_field(7, bytes_field(1, dims) if dims else b"")
    return shape + _tag(5) + _varint(4 * array.size)


def bytes_field(number: int, payload: bytes) -> bytes:
    """Bytes as field `number` of a message."""
    return _tag(number) + _varint(len(payload)) + payload


def _tag(number: int) -> bytes:
    return _varint(number << 3 | BYTES)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
