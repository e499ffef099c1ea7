"""Mean images: Caffe's mean.binaryproto and NumPy's .npy, as (channels, height, width)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import ImageError

_MAX_BYTES = 256 << 20
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Field numbers of BlobProto in caffe.proto.
_LEGACY_SIZES, _DATA, _SHAPE, _DOUBLE_DATA = (1, 2, 3, 4), 5, 7, 8


def read_mean_image(path: Path) -> np.ndarray:
    """Read a mean image, (channels, height, width) float32, channels in BGR order as Caffe's.

    Raises ImageError for a file that is missing, too large or no mean image.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ImageError(f"The mean image '{path.name}' is larger than 256 MB.")
        if path.suffix.lower() == ".npy":
            mean = np.load(path, allow_pickle=False)
        else:
            mean = parse_blob(path.read_bytes())
    except OSError as error:
        raise ImageError(f"The mean image '{path}' can't be read: {error.strerror}.") from error
    except (ValueError, IndexError, EOFError) as error:
        raise ImageError(
            f"'{path.name}' is no mean image.",
            hint="A mean.binaryproto made by compute_image_mean or a .npy array is expected.",
            details=str(error),
        ) from error
    return _as_image(mean, path)


def parse_blob(data: bytes) -> np.ndarray:
    """Decode a BlobProto message; float64. Raises ValueError or IndexError if it is none."""
    legacy: dict[int, int] = {}
    shape: list[int] = []
    parts: list[np.ndarray] = []
    for number, wire_type, value in _fields(data):
        if number in _LEGACY_SIZES and isinstance(value, int):
            legacy[number] = value
        elif number in (_DATA, _DOUBLE_DATA) and isinstance(value, bytes):
            is_double = number == _DOUBLE_DATA or wire_type == _FIXED64
            parts.append(np.frombuffer(value, "<f8" if is_double else "<f4").astype(np.float64))
        elif number == _SHAPE and isinstance(value, bytes):
            shape = _dimensions(value)
    if not parts:
        raise ValueError("no values")
    sizes = shape or [legacy.get(number, 1) for number in _LEGACY_SIZES]
    return np.concatenate(parts).reshape(sizes)


def _as_image(mean: np.ndarray, path: Path) -> np.ndarray:
    if mean.ndim == 4 and mean.shape[0] == 1:
        mean = mean[0]
    if mean.ndim == 2:
        mean = mean[None]
    is_image = mean.ndim == 3 and mean.shape[0] in (1, 3) and mean.size > 0
    if not is_image or mean.dtype.kind not in "fiu":
        raise ImageError(
            f"The mean image '{path.name}' has shape {mean.shape}, not channels x height x width."
        )
    return np.ascontiguousarray(mean, dtype=np.float32)


def _dimensions(message: bytes) -> list[int]:
    """The sizes in a BlobShape message, packed or not."""
    sizes: list[int] = []
    for number, _, value in _fields(message):
        if number == 1 and isinstance(value, int):
            sizes.append(value)
        elif number == 1 and isinstance(value, bytes):
            at = 0
            while at < len(value):
                size, at = _varint(value, at)
                sizes.append(size)
    return sizes


def _fields(data: bytes) -> list[tuple[int, int, int | bytes]]:
    """All fields of a protobuf message as (number, wire type, value)."""
    found: list[tuple[int, int, int | bytes]] = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, at = _varint(data, at)
            found.append((number, wire_type, value))
            continue
        if wire_type == _BYTES:
            size, at = _varint(data, at)
        elif wire_type in (_FIXED32, _FIXED64):
            size = 4 if wire_type == _FIXED32 else 8
        else:
            raise ValueError(f"wire type {wire_type}")
        if at + size > len(data):
            raise ValueError("the message ends early")
        found.append((number, wire_type, data[at : at + size]))
        at += size
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is too long")
