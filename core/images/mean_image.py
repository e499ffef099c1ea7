"""Mean images: Caffe's mean.binaryproto and NumPy's .npy, as (channels, height, width)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.errors import ImageError, WeightsError
from core.file_kinds import HEAD_BYTES, file_kind
from core.npy_file import MAGIC, NotNpyError, read_npy
from core.reading import open_regular, read_file
from core.weights.blob import read_blob
from core.weights.wire import Wire, WireError

_MAX_BYTES = 64 << 20
_N_CHANNELS = (1, 3)
_HDF5 = b"\x89HDF"
_EXPECTED = "A mean.binaryproto made by compute_image_mean or a .npy array is expected."
_WHAT = "The mean image"


def read_mean_image(path: Path) -> np.ndarray:
    """Read a mean, (channels, height, width) float32, channels in BGR order as Caffe writes them.

    One value a channel gives (channels, 1, 1). A .npy may be (channels, height, width), (height,
    width, channels), (height, width) or (channels,), each with a leading 1 or without.
    Raises ImageError for a file that is missing, too large or no mean image.
    """
    with open_regular(path, _MAX_BYTES, what=_WHAT, error=ImageError) as file:
        head = file.read(HEAD_BYTES)
    _refuse_other_formats(path, head)
    mean = _read_npy(path) if head.startswith(MAGIC) else _read_blob_proto(path)
    return _as_image(mean, path)


def mean_image_of(path: str) -> np.ndarray:
    """The mean of a file, read again only when the file has changed."""
    return _mean_image_as_of(path, changed_at(path))


def changed_at(path: str) -> int:
    """When a file was last changed, in nanoseconds; 0 where that can't be told."""
    try:
        return Path(path).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


@lru_cache(maxsize=4)
def _mean_image_as_of(path: str, _changed: int) -> np.ndarray:
    return read_mean_image(Path(path))


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
    kind = None if head.startswith(MAGIC) else file_kind(head)
    words = "an HDF5 file, as MATLAB writes too" if head.startswith(_HDF5) else kind and kind.words
    if words:
        raise ImageError(f"'{path.name}' is {words}, no mean image.", hint=_EXPECTED)


def _read_npy(path: Path) -> np.ndarray:
    try:
        return read_npy(path, _MAX_BYTES, what=_WHAT, error=ImageError)
    except NotNpyError as error:
        raise _no_mean(path, str(error)) from error


def _read_blob_proto(path: Path) -> np.ndarray:
    buffer = read_file(path, _MAX_BYTES, what=_WHAT, error=ImageError)
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
