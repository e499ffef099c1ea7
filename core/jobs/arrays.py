"""Raw input blobs from .npy files, and the passes that they go in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import AppError, RequestError
from core.npy_file import NotNpyError, read_npy
from core.surveys.feed import Feed, shape_words

_BATCH = 8
_MOST_BYTES = 16 << 30
Shape = tuple[int, ...]


@dataclass(frozen=True)
class ArrayPasses:
    """Raw inputs cut into passes of `size` rows; notes: what to know of the cut."""

    arrays: Mapping[str, np.ndarray]
    names: tuple[str, ...]
    size: int
    notes: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows of axis 0 over all passes."""
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], dict[str, np.ndarray]]]:
        if self.size >= len(self.names):
            yield self.names, dict(self.arrays)
            return
        for start in range(0, len(self.names), self.size):
            part = {blob: array[start : start + self.size] for blob, array in self.arrays.items()}
            yield self.names[start : start + self.size], part


def plan_array_passes(
    named: Sequence[tuple[str, Path]], feed: Feed, size: int | None
) -> ArrayPasses:
    """The arrays that the wanted values need, in one pass as pycaffe takes them.

    named: (input blob, .npy file), the blob "" for the only one. They are cut into passes only
    where every layer on the way is proved to treat rows alone, or where `size` asks for it.
    Raises RequestError for a blob that is no input or is missing, AppError for an array that does
    not fit.
    """
    files = _by_blob(named, feed)
    arrays = {blob: _load(path, blob, feed.needed.get(blob)) for blob, path in files.items()}
    lengths = {len(array) for array in arrays.values() if array.ndim}
    n_rows = max(lengths, default=0)
    names = _names(files, n_rows)
    notes: tuple[str, ...] = ()
    can_cut = len(lengths) == 1 and feed.mixing is None
    if size is not None and size < n_rows and not can_cut:
        if len(lengths) > 1 or feed.mixing is None:
            raise RequestError("Inputs of unlike length go in one pass.", hint="Leave --batch out.")
        notes = (f"Cut into passes of {size} as asked, though rows mix: {feed.mixing.reason}",)
        can_cut = True
    chosen = (size or _BATCH) if can_cut else n_rows
    return ArrayPasses(arrays, names, max(1, chosen), notes)


def _by_blob(named: Sequence[tuple[str, Path]], feed: Feed) -> dict[str, Path]:
    inputs = feed.all_inputs
    files: dict[str, Path] = {}
    for blob, path in named:
        name = blob or _only_input(feed, path)
        if name not in inputs:
            raise RequestError(
                f"'{name}' is no input of the net.", hint=f"Its inputs: {', '.join(inputs)}."
            )
        if name in files:
            raise RequestError(f"Two arrays are given for input '{name}'.")
        files[name] = path
    missing = [blob for blob in feed.needed if blob not in files]
    if missing:
        words = " ".join(f"--array {blob}=FILE.npy" for blob in missing)
        pictures = " or pictures with --images" if feed.picture and not named else ""
        hint = f"Give {words}{pictures}."
        raise RequestError(f"Input {', '.join(missing)} is missing.", hint=hint)
    return files


def _only_input(feed: Feed, path: Path) -> str:
    if len(feed.needed) != 1:
        raise RequestError(
            f"Which input is {path.name} for?",
            hint=f"Write --array BLOB=FILE.npy; inputs: {', '.join(feed.all_inputs) or 'none'}.",
        )
    return next(iter(feed.needed))


def _names(files: Mapping[str, Path], n_rows: int) -> tuple[str, ...]:
    if not files:
        return ()
    first = str(next(iter(files.values())))
    return (first,) if n_rows <= 1 else tuple(f"{first}[{i}]" for i in range(n_rows))


def _load(path: Path, blob: str, shape: Shape | None) -> np.ndarray:
    """The array of `path` as float32 with a batch axis; every axis but the first two may differ."""
    try:
        loaded = read_npy(path, _MOST_BYTES, what="The array")
    except NotNpyError as error:
        raise AppError(
            f"Can't read an array from {path}.",
            hint="It is given as the .npy file that numpy.save writes, one array in each.",
            details=str(error),
        ) from error
    if loaded.dtype.kind not in "fiub":
        raise AppError(f"{path.name} holds {loaded.dtype} values, not numbers.")
    with np.errstate(over="ignore"):  # beyond float32 it is infinite, as in Caffe
        array = np.ascontiguousarray(loaded, dtype=np.float32)
    if shape is not None and array.ndim == len(shape) - 1:
        array = array[np.newaxis]
    fits = shape is None or (array.ndim == len(shape) and array.shape[1:2] == shape[1:2])
    if not fits or array.size == 0:
        raise AppError(
            f"{path.name} has shape {loaded.shape}, input {blob} takes {shape_words(shape)}."
        )
    return array
