"""The frames that pass between the program and its child processes.

Valid from Python 2.7 on with NumPy as its only import, because a foreign interpreter runs it too:
types stand in comments, and nothing else of Blobscope is imported here.

A frame is MAGIC, the header's length (uint32, little endian), the arrays' length in bytes (uint64,
little endian), the header as UTF-8 JSON, then the raw bytes of the arrays one after the other, in
C order. The header's "arrays" lists their [dtype, shape].
"""
# ruff: noqa: UP031, UP035

import json
import struct

import numpy as np

MAGIC = b"BSW1"
MAX_HEADER_BYTES = 64 * 1024 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024 * 1024
MAX_AXES = 32
DTYPES = ("|b1", "|u1", "<i4", "<i8", "<u4", "<f2", "<f4", "<f8")

_PREFIX = struct.Struct("<4sIQ")


class FrameError(Exception):
    """Bytes that are no frame, or a frame beyond the bounds."""


class StreamEnded(FrameError):
    """The other side is gone: the stream ended."""


def write_frame(stream, header, arrays=()):
    # type: (Any, Dict[str, Any], Sequence[np.ndarray]) -> None
    """Write one frame and flush it; array types outside DTYPES raise FrameError."""
    blocks = [_prepared(array) for array in arrays]
    stream.write(frame_of(header, blocks))
    for block in blocks:
        if block.nbytes:
            stream.write(_bytes_of(block) if _CASTS else block.tobytes())
    stream.flush()


def frame_of(header, blocks=()):
    # type: (Any, Sequence[np.ndarray]) -> bytes
    """A frame up to its arrays, which are contiguous and little endian."""
    described = dict(header)
    described["arrays"] = [[_dtype_name(block), list(block.shape)] for block in blocks]
    text = json.dumps(described).encode("utf-8")
    if len(text) > MAX_HEADER_BYTES:
        raise FrameError("a header of %d bytes is over the bound" % len(text))
    return _PREFIX.pack(MAGIC, len(text), sum(block.nbytes for block in blocks)) + text


def read_frame(stream, max_body_bytes=MAX_BODY_BYTES):
    # type: (Any, int) -> Tuple[Dict[str, Any], List[np.ndarray]]
    """Read one frame: its header and its arrays, which are writable and this side's own.

    Raises StreamEnded at the end of the stream, FrameError for anything that is no valid frame.
    """
    return read_body(stream, *read_words(stream, max_body_bytes))


def read_words(stream, max_body_bytes=MAX_BODY_BYTES):
    # type: (Any, int) -> Tuple[bytes, int]
    """The header of the next frame as it stands there, and how many bytes of arrays follow."""
    prefix = _read_exactly(stream, _PREFIX.size)
    magic, header_bytes, body_bytes = _PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise FrameError("not a frame: it begins with %r" % (prefix,))
    if header_bytes > MAX_HEADER_BYTES or body_bytes > max_body_bytes:
        raise FrameError("a frame of %d + %d bytes is over the bound" % (header_bytes, body_bytes))
    return _read_exactly(stream, header_bytes), body_bytes


def read_body(stream, words, body_bytes):
    # type: (Any, bytes, int) -> Tuple[Dict[str, Any], List[np.ndarray]]
    """What follows those words: the frame that they begin, as read_frame gives it."""
    header = _parse_header(words)
    kinds = array_kinds(header.pop("arrays", []))
    if sum(bytes_of_array(dtype, shape) for dtype, shape in kinds) != body_bytes:
        raise FrameError("the arrays named do not add up to the %d bytes sent" % body_bytes)
    return header, [_read_array(stream, dtype, shape) for dtype, shape in kinds]


_CASTS = hasattr(memoryview, "cast")  # not in Python 2


def _bytes_of(array):
    # type: (Any) -> memoryview
    return memoryview(array.reshape(-1)).cast("B")


def _prepared(array):
    # type: (np.ndarray) -> np.ndarray
    contiguous = np.ascontiguousarray(array).reshape(np.shape(array))
    if contiguous.dtype.byteorder == ">":
        contiguous = contiguous.astype(contiguous.dtype.newbyteorder("<"))
    return contiguous


def _dtype_name(array):
    # type: (np.ndarray) -> str
    name = str(array.dtype.str)
    if name not in DTYPES:
        raise FrameError("an array of type %s can't be sent" % array.dtype)
    return name


def _parse_header(text):
    # type: (bytes) -> Dict[str, Any]
    try:
        header = json.loads(bytes(text).decode("utf-8"))
    except (ValueError, RuntimeError) as error:  # RuntimeError: nested too deep
        raise FrameError("a header that is no JSON: %s" % error)  # noqa: B904 - no `from` in 2.7
    if not isinstance(header, dict):
        raise FrameError("a header that is no JSON object")
    return header


def array_kinds(described):
    # type: (Any) -> List[Tuple[str, Tuple[int, ...]]]
    """The (dtype, shape) that a header lists for its arrays; FrameError for anything else."""
    if not isinstance(described, list):
        raise FrameError("a header whose arrays are no list")
    kinds = []
    for entry in described:
        if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], list)):
            raise FrameError("a header with a wrong array entry")
        dtype, shape = entry
        if dtype not in DTYPES:
            raise FrameError("an array of the unknown type %r" % (dtype,))
        if len(shape) > MAX_AXES or not all(_is_size(size) for size in shape):
            raise FrameError("an array of the impossible shape %r" % (shape,))
        kinds.append((str(dtype), tuple(int(size) for size in shape)))
    return kinds


def _is_size(size):
    # type: (Any) -> bool
    return isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MAX_BODY_BYTES


def bytes_of_array(dtype, shape):
    # type: (str, Tuple[int, ...]) -> int
    """What an array takes."""
    count = np.dtype(dtype).itemsize
    for size in shape:
        count *= size
    return count


def _read_array(stream, dtype, shape):
    # type: (Any, str, Tuple[int, ...]) -> np.ndarray
    try:
        array = np.empty(shape, dtype=dtype)
    except (MemoryError, ValueError) as error:
        raise FrameError("no room for an array of shape %r: %s" % (shape, error))  # noqa: B904
    if array.nbytes:
        if _CASTS:
            _read_into(stream, _bytes_of(array))
        else:
            flat = np.frombuffer(_read_exactly(stream, array.nbytes), dtype=dtype)
            array = flat.reshape(shape).copy()
    return array


def _read_exactly(stream, n_bytes):
    # type: (Any, int) -> bytes
    parts = []
    left = n_bytes
    while left:
        part = stream.read(left)
        if not part:
            raise StreamEnded("the stream ended")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _read_into(stream, view):
    # type: (Any, memoryview) -> None
    filled = 0
    while filled < len(view):
        count = stream.readinto(view[filled:])
        if not count:
            raise StreamEnded("the stream ended")
        filled += count


MYPY = False
if MYPY:
    from typing import Any, Dict, List, Sequence, Tuple  # noqa: F401 - for the type comments
