"""Feeds for the data layers of a net: lists of images and HDF5 files, read as Caffe reads them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from core.errors import AppError, ImageError, RequestError
from core.images.decoders.pool import Task, shared_pool
from core.images.prepared import prepare_ahead, prepared
from core.images.preprocess import Preprocess
from core.images.transform_param import Assumed, read_transform
from core.net.definition import Layer, Net
from core.reading import open_regular, read_file
from core.training.feeds import Batch

_MOST_LIST_BYTES = 64 << 20
_MOST_HDF5_BYTES = 8 << 30
_KEPT_BYTES = 1 << 30
"""Of prepared images, which then need no decoding in the next epoch."""


def own_feed(net: Net, folder: Path, seed: int) -> DataLayersFeed:
    """What the data layers of a net read, their files named from `folder`.

    Raises RequestError for a data layer whose files can't be read here.
    """
    feeds: list[ImageListFeed | Hdf5Feed] = []
    for layer in net.layers:
        if layer.bottoms or layer.type in ("DummyData", "Parameter"):
            continue
        if layer.type == "ImageData":
            feeds.append(ImageListFeed(layer, folder, net.state.phase, seed))
        elif layer.type == "HDF5Data":
            feeds.append(Hdf5Feed(layer, folder))
        else:
            raise RequestError(
                f"Layer '{layer.name}' ({layer.type}) has to be given its values.",
                hint="Give them: --batches B.npz. ImageData and HDF5Data read their own files.",
            )
    return DataLayersFeed(feeds)


class DataLayersFeed:
    """The feeds of all data layers of a net together."""

    def __init__(self, feeds: list[ImageListFeed | Hdf5Feed]) -> None:
        self._feeds = feeds

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of each blob, which the file of the net alone does not tell."""
        return {blob: shape for feed in self._feeds for blob, shape in feed.shapes.items()}

    def batch(self, number: int) -> Batch:
        """By input blob, of pass `number`."""
        return {blob: array for feed in self._feeds for blob, array in feed.batch(number).items()}

    def pieces(self, number: int) -> Sequence[int]:
        """The rows of its only feed."""
        return self._feeds[0].pieces(number)

    def piece(self, index: int) -> Batch:
        """One row, by input blob."""
        return self._feeds[0].piece(index)

    @property
    def n_rows(self) -> int:
        """Of the first feed."""
        return self._feeds[0].n_rows if self._feeds else 0

    @property
    def n_images(self) -> int:
        """Of the first feed."""
        return self._feeds[0].n_images if self._feeds else 0

    @property
    def digest(self) -> str:
        """Of all feeds."""
        return hashlib.sha256(" ".join(feed.digest for feed in self._feeds).encode()).hexdigest()

    @property
    def n_pieces(self) -> int:
        """0 where a row is drawn by chance, and where feeds of unlike lengths meet."""
        return self._feeds[0].n_pieces if len(self._feeds) == 1 else 0


class Hdf5Feed:
    """The rows of HDF5 files one after the other, and then again from the first."""

    def __init__(self, layer: Layer, folder: Path) -> None:
        param = layer.param("hdf5_data_param")
        if param.boolean("shuffle"):
            raise RequestError(f"Layer '{layer.name}' shuffles, which is not done here for HDF5.")
        self.n_rows = param.integer("batch_size")
        files = [_found(line, folder) for line in _lines(layer, param.word("source"), folder)]
        self._rows = {
            top: np.concatenate([_hdf5_array(path, top) for path in files]) for top in layer.tops
        }
        self.n_images = len(self._rows[layer.tops[0]])
        if not self.n_images or any(len(rows) != self.n_images for rows in self._rows.values()):
            raise RequestError(f"The files of layer '{layer.name}' have no rows, or unlike many.")

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """By top."""
        return {top: (self.n_rows, *rows.shape[1:]) for top, rows in self._rows.items()}

    def batch(self, number: int) -> Batch:
        """By top."""
        at = list(self.pieces(number))
        return {top: rows[at] for top, rows in self._rows.items()}

    def pieces(self, number: int) -> Sequence[int]:
        """The rows of a batch."""
        first = number * self.n_rows
        return [place % self.n_images for place in range(first, first + self.n_rows)]

    def piece(self, index: int) -> Batch:
        """One row."""
        return {top: rows[index : index + 1] for top, rows in self._rows.items()}

    @property
    def digest(self) -> str:
        """Of names and values."""
        found = hashlib.sha256()
        for name, rows in self._rows.items():
            found.update(f"{name} {rows.shape}".encode())
            found.update(np.ascontiguousarray(rows).tobytes())
        return found.hexdigest()

    @property
    def n_pieces(self) -> int:
        """Every row."""
        return self.n_images


class ImageListFeed:
    """The images of a list file with a number each, as an ImageData layer reads them.

    In training, crops lie and mirrored images are where chance has them; chance is of the seed and
    of the image's place in the run, so that a run that goes on sees what an undisturbed one does.
    """

    def __init__(self, layer: Layer, folder: Path, phase: str, seed: int) -> None:
        param, transform = layer.param("image_data_param"), layer.param("transform_param")
        self._tops, self._seed = layer.tops, seed
        self.n_rows = param.integer("batch_size", 1)
        self._shuffles = param.boolean("shuffle")
        root = folder / param.word("root_folder") if param.word("root_folder") else folder
        rows = [_numbered(line, layer) for line in _lines(layer, param.word("source"), folder)]
        self._paths = [root / name for name, _ in rows]
        self.n_images = len(rows)
        self._labels = np.array([label for _, label in rows], np.float32)
        stated = read_transform(layer, transform, folder, phase, Assumed())
        self._crop = transform.integer("crop_size") if phase == "TRAIN" else 0
        self._mirrors = transform.boolean("mirror")
        self._recipe = _uncropped(stated.recipe) if self._crop else stated.recipe
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self._kept_bytes = 0
        self._waiting: dict[int, Task] = {}
        self._shape = self._image(0).shape
        if self._crop:
            self._shape = (self._shape[0], self._crop, self._crop)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the images and of their numbers."""
        found: dict[str, tuple[int, ...]] = {self._tops[0]: (self.n_rows, *self._shape)}
        return found | dict.fromkeys(self._tops[1:2], (self.n_rows,))

    def batch(self, number: int) -> Batch:
        """By top; the images of the next pass are decoded meanwhile."""
        first = number * self.n_rows
        places = range(first, first + self.n_rows)
        images = np.stack([self._drawn(place) for place in places])
        self._look_ahead(range(first + self.n_rows, first + 2 * self.n_rows))
        labels = self._labels[[self._index(place) for place in places]]
        return dict(zip(self._tops, (images, labels), strict=False))

    def pieces(self, number: int) -> Sequence[int]:
        """The images of a batch, where none is changed by chance."""
        first = number * self.n_rows
        return [self._index(place) for place in range(first, first + self.n_rows)]

    def piece(self, index: int) -> Batch:
        """One image and its number."""
        found = (self._image(index)[None], self._labels[index : index + 1])
        return dict(zip(self._tops, found, strict=False))

    @property
    def digest(self) -> str:
        """Of the recipe, and of each file's name, size and time."""
        found = hashlib.sha256(self._recipe.digest.encode())
        for path, label in zip(self._paths, self._labels, strict=True):
            status = path.stat()
            line = f"{path.absolute()} {status.st_size} {status.st_mtime_ns} {label}\n"
            found.update(line.encode("utf-8", "surrogateescape"))
        return found.hexdigest()

    @property
    def n_pieces(self) -> int:
        """Every image; 0 where crops or mirrors are drawn."""
        return 0 if self._crop or self._mirrors else len(self._paths)

    def _index(self, place: int) -> int:
        """Which image stands at a place of the run; shuffled anew in each epoch."""
        epoch, at = divmod(place, len(self._paths))
        if not self._shuffles:
            return at
        if self._order[0] != epoch:
            rng = np.random.default_rng([self._seed, epoch])
            self._order = (epoch, rng.permutation(len(self._paths)))
        return int(self._order[1][at])

    _order: tuple[int, np.ndarray] = (-1, np.zeros(0, np.int64))

    def _drawn(self, place: int) -> np.ndarray:
        image = self._image(self._index(place))
        rng = np.random.default_rng([self._seed, 1, place])
        if self._crop:
            _, height, width = image.shape
            if min(height, width) < self._crop:
                raise ImageError(
                    f"{self._paths[self._index(place)].name} is smaller than the crop of "
                    f"{self._crop}."
                )
            top = int(rng.integers(0, height - self._crop + 1))
            left = int(rng.integers(0, width - self._crop + 1))
            image = image[:, top : top + self._crop, left : left + self._crop]
        return image[:, :, ::-1] if self._mirrors and rng.random() < 0.5 else image

    def _image(self, index: int) -> np.ndarray:
        if index in self._kept:
            return self._kept[index]
        task = self._waiting.pop(index, None) or self._begin(index)
        found = prepared(task)
        if found.values is None:
            raise ImageError(
                found.problem or f"{found.path.name} can't be read.",
                hint="main.py check-images finds such files before a training.",
            )
        self._kept[index] = found.values
        self._kept_bytes += found.values.nbytes
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= dropped.nbytes
        return found.values

    def _look_ahead(self, places: range) -> None:
        for place in places:
            index = self._index(place)
            if index not in self._kept and index not in self._waiting:
                self._waiting[index] = self._begin(index)

    def _begin(self, index: int) -> Task:
        return prepare_ahead(self._paths[index], self._recipe, shared_pool())


def _uncropped(recipe: Preprocess) -> Preprocess:
    """The recipe without its crop, which training draws itself."""
    if recipe.size_policy == "warp, centre crop":
        height = recipe.side_height or recipe.side
        return replace(
            recipe, size_policy="warp", width=recipe.side, height=height, side_height=None
        )
    return (
        replace(recipe, size_policy="original") if recipe.size_policy == "centre crop" else recipe
    )


def _lines(layer: Layer, source: str, folder: Path) -> list[str]:
    if not source:
        raise RequestError(f"Layer '{layer.name}' names no source.")
    path = _found(source, folder)
    text = read_file(path, _MOST_LIST_BYTES).decode("utf-8", "surrogateescape")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise RequestError(f"The list {path.name} of layer '{layer.name}' is empty.")
    return lines


def _found(written: str, folder: Path) -> Path:
    """A file as named from the folder of the net, or from where the program was started."""
    for path in (folder / written, Path(written), folder / Path(written).name):
        if path.is_file():
            return path
    raise RequestError(
        f"'{written}' is not there.", hint=f"It is looked for in {folder}, beside the net."
    )


def _numbered(line: str, layer: Layer) -> tuple[str, int]:
    name, _, number = line.rpartition(" ")
    if not name or not number.isascii() or not number.lstrip("-").isdigit():
        raise RequestError(
            f"Layer '{layer.name}' reads a list of 'file number'; one line is '{line[:80]}'."
        )
    return name.strip(), int(number)


def _hdf5_array(path: Path, name: str) -> np.ndarray:
    with open_regular(path, _MOST_HDF5_BYTES):
        pass
    try:
        with h5py.File(path, "r") as file:
            if not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"it has no array '{name}' of its own")
            found = file[name]
            if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
                raise ValueError(f"'{name}' is no array of this file")
            if found.nbytes > _MOST_HDF5_BYTES:
                raise ValueError(f"'{name}' is too large")
            return np.asarray(found[()], np.float32)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise AppError(f"{path.name} can't be read as data: {error}.") from error
