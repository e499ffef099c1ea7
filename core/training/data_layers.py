"""Feeds for the data layers of a net: lists of images and HDF5 files, read as Caffe reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from core.errors import AppError, RequestError
from core.net.definition import Layer, Net
from core.reading import open_regular
from core.training.augmentation import Augmentation
from core.training.feeds import Batch
from core.training.image_feed import ImageListFeed
from core.training.list_files import find_file, read_lines

_NOTHING = Augmentation()

_MOST_HDF5_BYTES = 8 << 30


def own_feed(
    net: Net, folder: Path, seed: int, augmentation: Augmentation = _NOTHING
) -> DataLayersFeed:
    """What the data layers of a net read, their files named from `folder`.

    augmentation: of the images that a net learns from; none changes those that it is tested with.
    Raises RequestError for a data layer whose files can't be read here.
    """
    feeds: list[ImageListFeed | Hdf5Feed] = []
    for layer in net.layers:
        if layer.bottoms or layer.type in ("DummyData", "Parameter"):
            continue
        if layer.type == "ImageData":
            feeds.append(ImageListFeed(layer, folder, net.state.phase, seed, augmentation))
        elif layer.type == "HDF5Data":
            feeds.append(Hdf5Feed(layer, folder))
        else:
            raise RequestError(
                f"Layer '{layer.name}' ({layer.type}) has to be given its values.",
                hint="Give them: --batches B.npz. ImageData and HDF5Data read their own files.",
            )
    return DataLayersFeed(feeds)


def image_feed(
    net: Net, folder: Path, seed: int, augmentation: Augmentation
) -> ImageListFeed | None:
    """That of the first ImageData layer of a net, None where it has none. Raises AppError."""
    layers = [layer for layer in net.layers if layer.type == "ImageData"]
    if not layers:
        return None
    return ImageListFeed(layers[0], folder, net.state.phase, seed, augmentation)


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
        files = [
            find_file(line, folder) for line in read_lines(layer, param.word("source"), folder)
        ]
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
