"""Reading one BlobProto: where its values lie in the file, and its shape."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from core.weights.contents import WeightBlob
from core.weights.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Wire,
    WireError,
    WireField,
    signed32,
    signed64,
)

MAX_AXES = 32
MAX_VALUES = 2**40
_LEGACY_AXES = {1: 0, 2: 1, 3: 2, 4: 3}  # num, channels, height, width
_DATA, _DIFF, _SHAPE, _DOUBLE_DATA, _DOUBLE_DIFF = 5, 6, 7, 8, 9
_RAW_TYPE, _RAW_DATA = 10, 12  # NVIDIA's fork: half-precision weights
_RAW_DTYPES = {0: "<f8", 1: "<f4", 2: "<f2"}
_WIDTHS = {_DATA: 4, _DIFF: 4, _DOUBLE_DATA: 8, _DOUBLE_DIFF: 8}
_RUN_STEP = 1 << 20


class Chunk(NamedTuple):
    """Values in one piece: `step` bytes from one to the next."""

    start: int
    n_values: int
    step: int


def read_blob(wire: Wire, start: int, end: int) -> WeightBlob:
    """The blob whose message lies between two offsets.

    Raises WireError when the shape and the number of values disagree.
    """
    parts = _BlobParts(wire)
    parts.read(start, end)
    dtype, chunks = parts.values()
    n_values = sum(chunk.n_values for chunk in chunks)
    if not n_values and not (parts.shape and math.prod(parts.shape) == 0):
        return WeightBlob(parts.shape, 0, parts.is_legacy)
    if math.prod(parts.shape) != n_values:
        shown = " x ".join(map(str, parts.shape)) or "no axes"
        raise WireError(f"has an array of shape {shown} with {n_values:,} values")
    shape, buffer = parts.shape, wire.buffer

    def load() -> np.ndarray:
        return _load_chunks(buffer, dtype, chunks).reshape(shape)

    return WeightBlob(shape, n_values, parts.is_legacy, load)


class _BlobParts:
    """What the fields of one BlobProto say, gathered in any order."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.legacy = [0, 0, 0, 0]
        self.is_legacy = False
        self.dims: list[int] = []
        self.chunks: dict[int, list[Chunk]] = {number: [] for number in _WIDTHS}
        self.raw_type = 1
        self.raw: WireField | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.legacy if self.is_legacy else self.dims)

    def read(self, start: int, end: int) -> None:
        at = start
        while at < end:
            found = self.wire.field_at(at, end)
            if found.number in _WIDTHS and found.kind in (FIXED32, FIXED64):
                at = self._read_run(found, at, end)
                continue
            at = found.end
            self._read_field(found)
        if any(dim < 0 for dim in self.shape):
            raise WireError(f"has an array with a negative size in its shape {self.shape}")
        if math.prod(dim for dim in self.shape if dim) > MAX_VALUES:
            raise WireError(f"has an array of an impossible shape, {self.shape}")

    def values(self) -> tuple[np.dtype, list[Chunk]]:
        """The chunks that count: double_data before data, then NVIDIA's raw bytes."""
        for number, dtype in ((_DOUBLE_DATA, "<f8"), (_DATA, "<f4")):
            if any(chunk.n_values for chunk in self.chunks[number]):
                return np.dtype(dtype), self.chunks[number]
        if self.raw is None:
            return np.dtype("<f4"), []
        if self.raw_type not in _RAW_DTYPES:
            raise WireError(
                f"stores an array as raw type {self.raw_type}, which is not a float type"
            )
        raw = np.dtype(_RAW_DTYPES[self.raw_type])
        return raw, [_packed(self.raw, raw.itemsize)]

    def _read_field(self, found: WireField) -> None:
        if found.number in _LEGACY_AXES and found.kind == VARINT:
            self.legacy[_LEGACY_AXES[found.number]] = signed32(found.value)
            self.is_legacy = True
        elif found.number in _WIDTHS and found.kind == BYTES:
            self.chunks[found.number].append(_packed(found, _WIDTHS[found.number]))
        elif found.number == _SHAPE and found.kind == BYTES:
            self._read_shape(found)
        elif found.number == _RAW_TYPE and found.kind == VARINT:
            self.raw_type = found.value
        elif found.number == _RAW_DATA and found.kind == BYTES:
            self.raw = found

    def _read_shape(self, shape: WireField) -> None:
        for found in self.wire.fields(shape.start, shape.end):
            if found.number != 1:
                continue
            if found.kind == VARINT:
                self.dims.append(signed64(found.value))
            at = found.start if found.kind == BYTES else found.end
            while at < found.end and len(self.dims) <= MAX_AXES:
                value, at = self.wire.varint(at, found.end)
                self.dims.append(signed64(value))
            if len(self.dims) > MAX_AXES:
                raise WireError(f"has an array with more than {MAX_AXES} axes")

    def _read_run(self, first: WireField, at: int, end: int) -> int:
        """A run of unpacked values, each behind its own one-byte tag, taken as one chunk."""
        width = _WIDTHS[first.number]
        if first.end - first.start != width:
            return first.end
        step = first.start - at + width
        n_values = _run_length(self.wire.buffer, at, end, step) if step == width + 1 else 1
        self.chunks[first.number].append(Chunk(first.start, n_values, step))
        return at + n_values * step


def _packed(found: WireField, width: int) -> Chunk:
    n_bytes = found.end - found.start
    if n_bytes % width:
        raise WireError(f"has {n_bytes:,} bytes of values, not a multiple of {width}")
    return Chunk(found.start, n_bytes // width, width)


def _run_length(buffer: object, at: int, end: int, step: int) -> int:
    """How many records of `step` bytes from `at` on begin with the same tag byte."""
    n_possible = (end - at) // step
    tags: np.ndarray = np.ndarray(n_possible, np.uint8, buffer, at, (step,))  # type: ignore[arg-type]
    for start in range(0, n_possible, _RUN_STEP):
        other = np.flatnonzero(tags[start : start + _RUN_STEP] != tags[0])
        if other.size:
            return start + int(other[0])
    return n_possible


def _load_chunks(buffer: object, dtype: np.dtype, chunks: list[Chunk]) -> np.ndarray:
    views: list[np.ndarray] = [
        np.ndarray(c.n_values, dtype, buffer, c.start, (c.step,))  # type: ignore[arg-type]
        for c in chunks
        if c.n_values
    ]
    if not views:
        return np.empty(0, np.float32)
    values = views[0] if len(views) == 1 else np.concatenate(views)
    values = np.ascontiguousarray(values, np.float32 if dtype.itemsize == 2 else dtype)
    values.flags.writeable = False
    return values
