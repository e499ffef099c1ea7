"""Mean images: Caffe's mean.binaryproto and NumPy's .npy, as (channels, height, width)."""

from __future__ import annotations

import tokenize
import warnings
from pathlib import Path

import numpy as np

from core.errors import ImageError, WeightsError
from core.file_kinds import HEAD_BYTES, file_kind
from core.weights.blob import read_blob
from core.weights.wire import Wire, WireError

_MAX_BYTES = 256 << 20
_N_CHANNELS = (1, 3)
_NPY = b"\x93NUMPY"
_MAX_HEADER_BYTES = 4096
_HDF5 = b"\x89HDF"
_EXPECTED = "A mean.binaryproto made by compute_image_mean or a .npy array is expected."
_DAMAGED = (
    ValueError, TypeError, KeyError, EOFError, OverflowError,
    SyntaxError, RecursionError, MemoryError, tokenize.TokenError,
)  # fmt: skip
"""What NumPy raises for a header that is no header; it evaluates literals only."""


def read_mean_image(path: Path) -> np.ndarray:
    """Read a mean, (channels, height, width) float32, channels in BGR order as Caffe writes them.

    One value a channel gives (channels, 1, 1). A .npy may be (channels, height, width), (height,
    width, channels), (height, width) or (channels,), each with a leading 1 or without.
    Raises ImageError for a file that is missing, too large or no mean image.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ImageError(f"The mean image '{path.name}' is larger than 256 MB.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        _refuse_other_formats(path, head)
        mean = _read_npy(path, head) if head.startswith(_NPY) else _read_blob_proto(path)
    except OSError as error:
        raise ImageError(f"The mean image '{path}' can't be read: {error.strerror}.") from error
    return _as_image(mean, path)


def describe_mean_fit(mean: np.ndarray, scaled: tuple[int, int], cut: tuple[int, int]) -> str:
    """What is subtracted when a mean meets a picture of `scaled` (height, width) cut to `cut`.

    "" where it is the mean as it is. Caffe's data layers cut mean and picture alike and refuse a
    mean of another size than the uncut picture (BVLC/caffe src/caffe/data_transformer.cpp);
    examples/cpp_classification takes the average of each channel instead.
    """
    size = mean.shape[1:]
    if size == (1, 1):
        return "one value a channel"
    if size == cut:
        return ""
    middle = f"the middle {cut[1]} x {cut[0]} of {size[1]} x {size[0]}"
    if size == scaled:
        return middle
    picture = f"{scaled[1]} x {scaled[0]}"
    return f"{middle}; Caffe's data layers refuse it for pictures of {picture}"


def _refuse_other_formats(path: Path, head: bytes) -> None:
    kind = None if head.startswith(_NPY) else file_kind(head)
    words = "an HDF5 file, as MATLAB writes too" if head.startswith(_HDF5) else kind and kind.words
    if words:
        raise ImageError(f"'{path.name}' is {words}, no mean image.", hint=_EXPECTED)


def _read_npy(path: Path, head: bytes) -> np.ndarray:
    wide = head[6:7] > b"\x01"  # from version 2 on, the header's length takes four bytes
    if int.from_bytes(head[8 : 12 if wide else 10], "little") > _MAX_HEADER_BYTES:
        raise _no_mean(path, "Its header is too long.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of sizes like 256L, from Python 2
            # mapped, so that a header's claim costs no memory
            mapped: np.ndarray = np.lib.format.open_memmap(path, mode="r")
    except _DAMAGED as error:
        raise _no_mean(path, str(error)) from error
    return mapped


def _read_blob_proto(path: Path) -> np.ndarray:
    buffer = path.read_bytes()
    try:
        return read_blob(Wire(buffer), 0, len(buffer)).array()
    except WireError as error:
        raise _no_mean(path, f"The file {error}.") from error
    except WeightsError as error:
        raise _no_mean(path, error.sentence) from error


def _no_mean(path: Path, details: str) -> ImageError:
    return ImageError(f"'{path.name}' is no mean image.", hint=_EXPECTED, details=details)


def _as_image(mean: np.ndarray, path: Path) -> np.ndarray:
    if mean.ndim in (2, 4) and mean.shape[0] == 1:
        mean = mean[0]
    if mean.ndim == 1:
        mean = mean[:, None, None]
    elif mean.ndim == 2:
        mean = mean[None]
    if mean.ndim == 3 and mean.shape[0] not in _N_CHANNELS and mean.shape[2] in _N_CHANNELS:
        mean = mean.transpose(2, 0, 1)
    is_image = mean.ndim == 3 and mean.shape[0] in _N_CHANNELS and mean.size > 0
    if not is_image or mean.dtype.kind not in "fiu":
        raise ImageError(
            f"The mean image '{path.name}' has shape {mean.shape}, not channels x height x width."
        )
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(mean, dtype=np.float32)
    if not np.isfinite(values).all():
        raise ImageError(f"The mean image '{path.name}' has values that are no finite numbers.")
    return values
