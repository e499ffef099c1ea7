"""The inputs of `extract`, in batches: images through a recipe, or raw arrays as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.commands.command_line import UsageError
from core.commands.opening import OpenedNet
from core.commands.preprocessing import choose_preprocess, picture_input
from core.errors import AppError, ImageError
from core.images.finding import find_images
from core.images.preprocess import Preprocess

_Shapes = Mapping[str, tuple[int, ...] | None]


@dataclass(frozen=True)
class Batch:
    """What one forward pass takes: an array for each input blob, and the images' names."""

    inputs: dict[str, np.ndarray]
    names: tuple[str, ...]
    n_in_all: int


def image_batches(
    paths: Sequence[Path], recipe_name: str | None, opened: OpenedNet, inputs: _Shapes, size: int
) -> tuple[Iterator[Batch], str]:
    """Batches of preprocessed images, and the recipe with what there is to know about it.

    Images of another size than their neighbours get a pass of their own. Raises ImageError for
    an image that can't be read, before any pass has run on it.
    """
    blob = picture_input(inputs)
    chosen = choose_preprocess(recipe_name, opened, inputs)
    recipe = chosen.recipe
    expected = inputs[blob]
    if expected is not None and recipe.n_channels != expected[1]:
        raise ImageError(
            f"The recipe gives {recipe.n_channels} channels, input {blob} has {expected[1]}."
        )
    files = _image_files(paths)
    line = ". ".join(filter(None, (chosen.describe(), chosen.note)))
    return _image_batches(files, recipe, blob, size), line


def _image_files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        files += find_images(path) if path.is_dir() else [path]
    missing = [path for path in files if not path.exists()]
    if missing:
        raise ImageError(f"There is no file {missing[0]}.")
    if not files:
        raise ImageError(f"There are no images in {paths[0]}.")
    return files


def _image_batches(
    files: Sequence[Path], recipe: Preprocess, blob: str, size: int
) -> Iterator[Batch]:
    waiting: list[tuple[str, np.ndarray]] = []
    for path in files:
        picture = recipe.read(path)
        if waiting and (len(waiting) == size or waiting[0][1].shape != picture.shape):
            yield _stacked(waiting, blob, len(files))
            waiting = []
        waiting.append((str(path), picture))
    yield _stacked(waiting, blob, len(files))


def _stacked(pictures: Sequence[tuple[str, np.ndarray]], blob: str, n_in_all: int) -> Batch:
    names = tuple(name for name, _ in pictures)
    return Batch({blob: np.stack([picture for _, picture in pictures])}, names, n_in_all)


def array_batches(named: Sequence[str], inputs: _Shapes, size: int) -> Iterator[Batch]:
    """Batches of raw input blobs, one .npy file for each input of the net.

    A file without the batch axis is one image. Raises UsageError for a blob that is not an
    input or is missing, AppError for a file that does not fit.
    """
    files = dict(_split_array_word(word, inputs) for word in named)
    if len(files) < len(named):
        raise UsageError("--array names one input blob twice")
    missing = [blob for blob in inputs if blob not in files]
    if missing:
        raise UsageError(f"--array is missing for input {', '.join(missing)}")
    arrays = {blob: _load_array(path, blob, inputs[blob]) for blob, path in files.items()}
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) > 1:
        # inputs of unlike batch size, such as an image with one row of sizes, go in one pass
        n_images = max(lengths)
        return iter([Batch(arrays, _array_names(files, n_images), n_images)])
    return _sliced(arrays, _array_names(files, lengths.pop()), size)


def _sliced(arrays: Mapping[str, np.ndarray], names: tuple[str, ...], size: int) -> Iterator[Batch]:
    for start in range(0, len(names), size):
        part = {blob: array[start : start + size] for blob, array in arrays.items()}
        yield Batch(part, names[start : start + size], len(names))


def _array_names(files: Mapping[str, Path], n_images: int) -> tuple[str, ...]:
    first = str(next(iter(files.values())))
    return (first,) if n_images == 1 else tuple(f"{first}[{i}]" for i in range(n_images))


def _split_array_word(word: str, inputs: _Shapes) -> tuple[str, Path]:
    blob, equals, path = word.partition("=")
    if equals and blob in inputs:
        return blob, Path(path)
    if equals and not Path(word).exists():
        raise UsageError(f"'{blob}' is no input of the net (inputs: {', '.join(inputs)})")
    if len(inputs) != 1:
        raise UsageError(f"--array needs BLOB=FILE.npy here (inputs: {', '.join(inputs)})")
    return next(iter(inputs)), Path(word)


def _load_array(path: Path, blob: str, shape: tuple[int, ...] | None) -> np.ndarray:
    """The array of `path` as float32 with a batch axis; every axis but the first two may differ."""
    try:
        loaded = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise AppError(f"Can't read an array from {path}.", details=str(error)) from error
    if not isinstance(loaded, np.ndarray):
        raise AppError(f"{path.name} holds several arrays.", hint="Save the one with numpy.save.")
    if loaded.dtype.kind not in "fiub":
        raise AppError(f"{path.name} holds {loaded.dtype} values, not numbers.")
    array = np.ascontiguousarray(loaded, dtype=np.float32)
    if shape is not None and array.ndim == len(shape) - 1:
        array = array[np.newaxis]
    fits = shape is None or (array.ndim == len(shape) and array.shape[1:2] == shape[1:2])
    if not fits or array.size == 0:
        raise AppError(f"{path.name} has shape {loaded.shape}, input {blob} takes {shape}.")
    return array
