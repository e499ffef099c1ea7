"""The parts of images that fire channels, as the net saw them: cut out by receptive field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.values import Value
from core.errors import AppError, NetError
from core.files import folder_written_beside
from core.images.preprocess import Preprocess
from core.images.seen import see_image
from core.jobs.channels import ChannelsFound
from core.jobs.top_images import RankedRow, TopImagesFound
from core.layers.receptive_field import PixelBox, ReceptiveField
from core.progress import Job, Progress
from core.retrieval.why_picture import png_bytes
from core.surveys.feature_files import check_new_folder, file_name
from core.surveys.feed import Feed

_LONGEST_SIDE = 16_384
Shape = tuple[int, ...]


class PartCutter:
    """Cuts out what a place of a value reads of a picture; all of it where that can't be told."""

    def __init__(self, feed: Feed, recipe: Preprocess) -> None:
        self._feed, self._recipe = feed, recipe
        self._fields: dict[tuple[Value, Shape], ReceptiveField | None] = {}

    def cut(self, path: Path, value: Value, place: Sequence[int]) -> np.ndarray:
        """(height, width, 3) uint8 RGB of what the net was fed with. Raises ImageError."""
        seen = see_image(path, self._recipe, _LONGEST_SIDE)
        box = self._box(value, place, seen.shape)
        if box is None:
            return seen.pixels
        height, width = seen.pixels.shape[:2]
        across, down = width / seen.shape[2], height / seen.shape[1]
        left, right = round(box.left * across), round(box.right * across)
        top, bottom = round(box.top * down), round(box.bottom * down)
        part = seen.pixels[top:bottom, left:right]
        return part if part.size else seen.pixels

    def _box(self, value: Value, place: Sequence[int], picture: Shape) -> PixelBox | None:
        if not place:
            return None
        key = (value, picture)
        if key not in self._fields:
            self._fields[key] = self._field(value, picture)
        field = self._fields[key]
        try:
            found = [] if field is None else field.at(place)
        except NetError:
            return None
        return next((one.pixels for one in found if one.is_flat), None)

    def _field(self, value: Value, picture: Shape) -> ReceptiveField | None:
        net = self._feed.net
        tops = net.layer(value.layer).tops
        try:
            shapes = self._feed.shapes_for(picture)
            return ReceptiveField(net, shapes, value.layer, tops.index(value.top))
        except NetError:
            return None


@dataclass(frozen=True, eq=False)
class FiredPart:
    """One of the top images of a channel; image: its row in the table.

    pixels: (height, width, 3) uint8 RGB of the part that fired, None where the file is no more.
    """

    image: int
    name: str
    peak: float
    place: tuple[int, ...]
    pixels: np.ndarray | None


def fired_parts(
    found: ChannelsFound, channel: int, k: int, *, is_least: bool = False
) -> Job[tuple[FiredPart, ...]]:
    """The k images where a channel is greatest, or least, and what it saw of each."""
    table = found.table
    cutter = PartCutter(found.feed, found.recipe.recipe)
    parts: list[FiredPart] = []
    for image, peak, _ in table.top_images(channel, k, is_least=is_least).of(0):
        yield Progress(len(parts), k, "pictures")
        place = table.place(image, channel, is_least=is_least)
        try:
            pixels = cutter.cut(found.files[image], table.value, place)
        except AppError:  # gone or changed since it was read
            pixels = None
        parts.append(FiredPart(image, table.names[image], peak, place, pixels))
    return tuple(parts)


def draw_crops(found: TopImagesFound, rows: Sequence[RankedRow], out: Path) -> Job[int]:
    """Write the part of each ranked image that fired into a new folder; how many they are.

    As the net saw it; the whole picture where a value reads all of it. Raises AppError.
    """
    check_new_folder(out)
    cutter = PartCutter(found.feed, found.recipe.recipe)
    with folder_written_beside(out) as partial:
        for number, row in enumerate(rows):
            yield Progress(number, len(rows), "pictures")
            pixels = cutter.cut(found.images.files[row.image], row.value, row.place)
            layer = file_name(row.value.layer).removesuffix(".npy")
            name = f"{layer}_{row.channel:04d}_{row.rank:02d}.png"
            (partial / name).write_bytes(png_bytes(pixels))
    return len(rows)


def check_crops_writable(out: Path) -> None:
    """AppError where `draw_crops` would refuse the folder, before the pass that it is for."""
    check_new_folder(out)
