"""The images of a list file, as an ImageData layer reads them, drawn by chance where it says so."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import ImageError, RequestError
from core.images.decoders.pool import Task, shared_pool
from core.images.prepared import prepare_ahead, prepared
from core.images.preprocess import Preprocess
from core.images.transform_param import Assumed, read_transform
from core.net.definition import Layer
from core.training.augmentation import Augmentation
from core.training.feeds import Batch
from core.training.list_files import read_lines

_KEPT_BYTES = 1 << 30
"""Of prepared images, which then need no decoding in the next epoch."""
_NOTHING = Augmentation()


class ImageListFeed:
    """The images of a list file with a number each, as an ImageData layer reads them.

    In training, crops lie and mirrored images are where chance has them, after they were augmented;
    chance is of the seed and of the image's place in the run, so that a run that goes on sees what
    an undisturbed one does.
    """

    def __init__(
        self,
        layer: Layer,
        folder: Path,
        phase: str,
        seed: int,
        augmentation: Augmentation = _NOTHING,
    ) -> None:
        param, transform = layer.param("image_data_param"), layer.param("transform_param")
        self._tops, self._seed = layer.tops, seed
        self.n_rows = param.integer("batch_size", 1)
        self._shuffles = param.boolean("shuffle")
        root = folder / param.word("root_folder") if param.word("root_folder") else folder
        rows = [_numbered(line, layer) for line in read_lines(layer, param.word("source"), folder)]
        self._paths = [root / name for name, _ in rows]
        self.n_images = len(rows)
        self._labels = np.array([label for _, label in rows], np.float32)
        stated = read_transform(layer, transform, folder, phase, Assumed())
        self._crop = transform.integer("crop_size") if phase == "TRAIN" else 0
        self._mirrors = transform.boolean("mirror")
        self._augmentation = augmentation if phase == "TRAIN" else _NOTHING
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

    def name(self, index: int) -> str:
        """Of the file of an image."""
        return self._paths[index].name

    def label(self, index: int) -> int:
        """The number of an image's class."""
        return int(self._labels[index])

    def draw(self, index: int, place: int) -> np.ndarray:
        """Image `index` as it is drawn at a place of the run, (channels, height, width)."""
        return self._changed(self._image(index), index, place)

    def picture(self, values: np.ndarray) -> np.ndarray:
        """What was drawn, as (height, width, 3) uint8 RGB."""
        _, height, width = values.shape
        return replace(self._recipe, size_policy="original").restore(values, width, height)

    def first(self, n_images: int) -> tuple[int, ...]:
        """Different images, in the order in which a run draws them."""
        drawn = dict.fromkeys(self._index(place) for place in range(self.n_images))
        return tuple(drawn)[:n_images]

    def image(self, index: int) -> np.ndarray:
        """Image `index` before chance changes it."""
        return self._image(index)

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
        """Every image; 0 where chance changes them."""
        is_changed = self._crop or self._mirrors or self._augmentation.changes_images
        return 0 if is_changed else len(self._paths)

    def _index(self, place: int) -> int:
        """Which image stands at a place of the run; shuffled anew in each epoch."""
        epoch, at = divmod(place, len(self._paths))
        balances = self._augmentation.balance
        if not self._shuffles and not balances:
            return at
        if self._order[0] != epoch:
            rng = np.random.default_rng([self._seed, epoch])
            order = _balanced(self._labels, rng) if balances else rng.permutation(len(self._paths))
            self._order = (epoch, order)
        return int(self._order[1][at])

    _order: tuple[int, np.ndarray] = (-1, np.zeros(0, np.int64))

    def _drawn(self, place: int) -> np.ndarray:
        index = self._index(place)
        return self._changed(self._image(index), index, place)

    def _changed(self, image: np.ndarray, index: int, place: int) -> np.ndarray:
        if self._augmentation.changes_images:
            chance = np.random.default_rng([self._seed, 2, place])
            image = self._augmentation.change(image, chance, self._recipe)
        rng = np.random.default_rng([self._seed, 1, place])
        if self._crop:
            _, height, width = image.shape
            if min(height, width) < self._crop:
                raise ImageError(
                    f"{self._paths[index].name} is smaller than the crop of {self._crop}."
                )
            top = int(rng.integers(0, height - self._crop + 1))
            left = int(rng.integers(0, width - self._crop + 1))
            image = image[:, top : top + self._crop, left : left + self._crop]
        return image[:, :, ::-1] if self._mirrors and rng.random() < 0.5 else image

    def _image(self, index: int) -> np.ndarray:
        if index in self._kept:
            return self._kept[index]
        task = self._waiting.pop(index, None) or self._begin(index)
        found = prepared(task, self._recipe)
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


def _balanced(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The images of an epoch, each class as often as the others, up to one.

    Those of a class come anew only when all of it have come.
    """
    classes = rng.permutation(np.unique(labels))
    n_each = -(-len(labels) // len(classes))
    drawn = []
    for label in classes:
        members = np.flatnonzero(labels == label)
        rounds = [rng.permutation(members) for _ in range(-(-n_each // len(members)))]
        drawn.append(np.concatenate(rounds)[:n_each])
    in_turn: np.ndarray = np.stack(drawn, axis=1).reshape(-1)[: len(labels)]
    return rng.permutation(in_turn)


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


def _numbered(line: str, layer: Layer) -> tuple[str, int]:
    name, _, number = line.rpartition(" ")
    if not name or not number.isascii() or not number.lstrip("-").isdigit():
        raise RequestError(
            f"Layer '{layer.name}' reads a list of 'file number'; one line is '{line[:80]}'."
        )
    return name.strip(), int(number)
