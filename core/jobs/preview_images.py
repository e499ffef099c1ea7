"""Drawing images as a net will see them when it learns: each as it is, then as it was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import RequestError
from core.images.prepared import read_image
from core.images.preprocess import Preprocess
from core.progress import Job, Progress
from core.training.augmentation import Augmentation, beside
from core.training.data_layers import image_feed
from core.training.solver_net import read_solver

_GAP = 4


@dataclass(frozen=True)
class PreviewRequest:
    """The images that the net of a solver learns from.

    n_images, n_draws: so many images, each drawn so often. augmentation: None takes augment.json
    beside the net, as finetune() does. seed: of chance, another one draws others. images, recipe:
    where there is no solver yet, files as a net of that recipe takes them.
    """

    solver: Path | None
    n_images: int = 4
    n_draws: int = 5
    augmentation: Augmentation | None = None
    seed: int = 0
    images: tuple[Path, ...] = ()
    recipe: Preprocess | None = None


@dataclass(frozen=True, eq=False)
class PreviewRow:
    """An image. whole, drawn: (height, width, 3) uint8 RGB, as it is and as the net sees it."""

    name: str
    label: int
    whole: np.ndarray
    drawn: tuple[np.ndarray, ...]


def preview_images(request: PreviewRequest) -> Job[tuple[PreviewRow, ...]]:
    """Draw them, the first of an epoch, without running the net. Raises AppError."""
    if request.solver is None:
        return (yield from _of_files(request))
    solver = read_solver(request.solver)
    augmentation = request.augmentation
    if augmentation is None:
        augmentation = beside(solver.folder)
    feed = image_feed(solver.net, solver.folder, request.seed, augmentation)
    if feed is None:
        raise RequestError(f"The net of {request.solver.name} reads no list of images.")
    rows = []
    for number, index in enumerate(feed.first(request.n_images)):
        yield Progress(number, request.n_images, "images drawn")
        whole = feed.image(index)
        places = range(number, number + request.n_draws * feed.n_images, feed.n_images)
        drawn = tuple(feed.picture(feed.draw(index, place)) for place in places)
        rows.append(PreviewRow(feed.name(index), feed.label(index), feed.picture(whole), drawn))
    return tuple(rows)


def _of_files(request: PreviewRequest) -> Job[tuple[PreviewRow, ...]]:
    recipe = request.recipe or Preprocess("warp", 227, 227)
    shown = replace(recipe, size_policy="original")
    augmentation = request.augmentation or Augmentation()
    rows = []
    for number, path in enumerate(request.images):
        yield Progress(number, len(request.images), "images drawn")
        values = read_image(path, recipe)
        _, height, width = values.shape
        rng = np.random.default_rng([request.seed, number])
        changed = [augmentation.change(values, rng, recipe) for _ in range(request.n_draws)]
        whole, *drawn = (shown.restore(one, width, height) for one in (values, *changed))
        rows.append(PreviewRow(path.name, 0, whole, tuple(drawn)))
    return tuple(rows)


def preview_png(rows: Sequence[PreviewRow]) -> bytes:
    """A row for each image, as it is on the left, on white."""
    pictures = [[row.whole, *row.drawn] for row in rows]
    height = max(one.shape[0] for row in pictures for one in row)
    width = max(one.shape[1] for row in pictures for one in row)
    n_columns = max(len(row) for row in pictures)
    shape = (len(rows) * (height + _GAP) - _GAP, n_columns * (width + _GAP) + _GAP, 3)
    grid = np.full(shape, 255, np.uint8)
    for at, row in enumerate(pictures):
        for column, picture in enumerate(row):
            top = at * (height + _GAP)
            left = column * (width + _GAP) + (2 * _GAP if column else 0)
            grid[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    stream = BytesIO()
    Image.fromarray(grid).save(stream, "PNG")
    return stream.getvalue()
