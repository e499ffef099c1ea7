"""Reading one BlobProto: where its values lie in the file, and its shape."""

from __future__ import annotations

import math
from functools import partial
from mmap import mmap
from typing import NamedTuple

import numpy as np

from core.errors import WeightsError
from core.mapped import is_whole
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
from core.words import plural

MAX_AXES = 32
MAX_VALUES = 2**40
_LEGACY_AXES = {1: 0, 2: 1, 3: 2, 4: 3}  # num, channels, height, width
_DATA, _DIFF, _SHAPE, _DOUBLE_DATA, _DOUBLE_DIFF = 5, 6, 7, 8, 9
_RAW_TYPE, _RAW_DATA = 10, 12  # NVIDIA's fork since 0.16
_HALF_DATA = 10  # NVIDIA's fork before: a half-float's bits in each number
_RAW_DTYPES = {0: "<f8", 1: "<f4", 2: "<f2"}
_WIDTHS = {_DATA: 4, _DIFF: 4, _DOUBLE_DATA: 8, _DOUBLE_DIFF: 8}
_DECODED_AT_ONCE = 1 << 16
_FIRST_WINDOW, _RUN_STEP = 16, 1 << 20

Buffer = mmap | bytes


class Chunk(NamedTuple):
    """Values in one piece: `step` bytes from one to the next."""

    start: int
    n_values: int
    step: int


def read_blob(wire: Wire, start: int, end: int) -> WeightBlob:
    """The blob whose message lies between two offsets; its `problem` says what makes it useless.

    Raises WireError where the bytes themselves are broken.
    """
    parts = _BlobParts(wire)
    parts.read(start, end)
    values = parts.values()
    problem = parts.problem(values.n_values)
    usable = values if values.n_values and not problem else None
    is_empty_array = 0 in parts.shape and not problem
    load = partial(values.load, parts.shape) if usable or is_empty_array else None
    return WeightBlob(parts.shape, values.n_values, parts.is_legacy, load, problem)


def cut_off() -> WeightsError:
    """What is said of a weights file that lacks what it had."""
    return WeightsError(
        "The weights file has become shorter since it was opened.",
        hint="Open it again when it is written to the end.",
    )


class Values(NamedTuple):
    """Where the values of one array lie: chunks of one type, or half-floats as varints."""

    buffer: Buffer
    dtype: np.dtype
    chunks: tuple[Chunk, ...]
    is_varints: bool = False

    @property
    def n_values(self) -> int:
        """How many values the chunks hold together."""
        return sum(chunk.n_values for chunk in self.chunks)

    def load(self, shape: tuple[int, ...]) -> np.ndarray:
        """The values in that shape, read-only; a view of the file where they lie in one piece.

        Raises WeightsError where the file was cut since: touching what is gone ends a process.
        """
        if isinstance(self.buffer, mmap) and not is_whole(self.buffer):
            raise cut_off()
        views = [self._view(chunk) for chunk in self.chunks if chunk.n_values]
        joined = views[0] if len(views) == 1 else np.concatenate([np.empty(0, self.dtype), *views])
        half = self.dtype.itemsize == 2
        values = np.ascontiguousarray(joined, np.float32 if half else self.dtype).reshape(shape)
        values.flags.writeable = False
        return values

    def _view(self, chunk: Chunk) -> np.ndarray:
        if self.is_varints:
            return _decode_halves(_bytes_of(self.buffer, chunk.start, chunk.step))
        return np.ndarray(
            chunk.n_values,
            self.dtype,
            self.buffer,
            chunk.start,
            (chunk.step,),
        )


class _BlobParts:
    """What the fields of one BlobProto say, gathered in any order."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.legacy = [0, 0, 0, 0]
        self.is_legacy = False
        self.dims: list[int] = []
        self.has_too_many_axes = False
        self.chunks: dict[int, list[Chunk]] = {number: [] for number in _WIDTHS}
        self.raw_type = 1
        self.raw: WireField | None = None
        self.halves: list[Chunk] = []

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

    def values(self) -> Values:
        """The values that count: double_data before data, then what forks keep half-floats in."""
        buffer = self.wire.buffer
        for number, dtype in ((_DOUBLE_DATA, "<f8"), (_DATA, "<f4")):
            if any(chunk.n_values for chunk in self.chunks[number]):
                return Values(buffer, np.dtype(dtype), tuple(self.chunks[number]))
        if self.raw is not None and self.raw_type in _RAW_DTYPES:
            raw = np.dtype(_RAW_DTYPES[self.raw_type])
            return Values(buffer, raw, (_packed(self.raw, raw.itemsize),))
        return Values(buffer, np.dtype("<f2"), tuple(self.halves), is_varints=True)

    def problem(self, n_values: int) -> str:
        """Why Caffe would not load this array wherever it belongs, "" when it would."""
        shape = self.shape
        if self.has_too_many_axes:
            return f"has an array with more than {MAX_AXES} axes"
        if any(dim < 0 for dim in shape):
            return f"has an array with a negative size in its shape {shape}"
        if math.prod(dim for dim in shape if dim) > MAX_VALUES:
            return f"has an array of an impossible shape, {shape}"
        if self.raw is not None and not n_values and self.raw_type not in _RAW_DTYPES:
            return f"stores an array as raw type {self.raw_type}, which is not a float type"
        shown = " x ".join(map(str, shape)) or "no axes"
        if n_values and math.prod(shape) != n_values:
            return f"has an array of shape {shown} with {plural(n_values, 'value')}"
        n_gradients = self._n_values(_DOUBLE_DIFF) or self._n_values(_DIFF)
        if n_values and n_gradients not in (0, n_values):
            return f"has an array of shape {shown} with {n_gradients:,} gradients"
        return ""

    def _n_values(self, number: int) -> int:
        return sum(chunk.n_values for chunk in self.chunks[number])

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
        elif found.number == _HALF_DATA and found.kind == BYTES:
            self.halves.append(_packed_varints(self.wire.buffer, found))
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
                self.has_too_many_axes = True
                del self.dims[MAX_AXES:]
                return

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
        raise WireError(f"has {plural(n_bytes, 'byte')} of values, not a multiple of {width}")
    return Chunk(found.start, n_bytes // width, width)


def _run_length(buffer: Buffer, at: int, end: int, step: int) -> int:
    """How many records of `step` bytes from `at` on begin with the same tag byte.

    Looks ahead in windows that double, so that many short runs cost no more than one long one.
    """
    n_possible = (end - at) // step
    tags: np.ndarray = np.ndarray(n_possible, np.uint8, buffer, at, (step,))
    start, window = 0, _FIRST_WINDOW
    while start < n_possible:
        other = np.flatnonzero(tags[start : start + window] != tags[0])
        if other.size:
            return start + int(other[0])
        start += window
        window = min(2 * window, _RUN_STEP)
    return n_possible


def _packed_varints(buffer: Buffer, found: WireField) -> Chunk:
    """Values as varints behind one another; `step` is how many bytes they take together."""
    last_bytes = _bytes_of(buffer, found.start, found.end - found.start) < 0x80
    if last_bytes.size and not last_bytes[-1]:
        raise WireError(f"is cut off at offset {found.end}")
    return Chunk(found.start, int(np.count_nonzero(last_bytes)), found.end - found.start)


def _decode_halves(raw: np.ndarray) -> np.ndarray:
    """Half-floats whose bits are varints of one to three bytes; longer ones lose what is beyond."""
    ends = np.flatnonzero(raw < 0x80).astype(np.uint32)
    bits = np.zeros(ends.size, np.uint16)
    for start in range(0, ends.size, _DECODED_AT_ONCE):
        part = ends[start : start + _DECODED_AT_ONCE]
        first = int(ends[start - 1]) + 1 if start else 0
        bits[start : start + part.size] = _decode_numbers(raw, first, part)
    return bits.view("<f2")


def _decode_numbers(raw: np.ndarray, first: int, ends: np.ndarray) -> np.ndarray:
    """The low 16 bits of the varints behind one another from `first` on that end at `ends`."""
    starts = np.concatenate([[first], ends[:-1].astype(np.int64) + 1])
    lengths = ends + 1 - starts
    bits = np.zeros(ends.size, np.uint32)
    for place in range(3):
        has_place = lengths > place
        bits[has_place] |= (raw[starts[has_place] + place] & np.uint32(0x7F)) << (7 * place)
    return bits.astype(np.uint16)


def _bytes_of(buffer: Buffer, start: int, n_bytes: int) -> np.ndarray:
    return np.ndarray(n_bytes, np.uint8, buffer, start)
