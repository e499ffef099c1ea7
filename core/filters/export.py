"""Weights written down: arrays as in the file, figures by filter, a layer as a picture."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.activations.tile_colours import TileColours, level_colours
from core.csv_table import write_csv
from core.errors import AppError
from core.files import written_beside
from core.filters.affine import affine_of
from core.filters.arrays import FilterArray
from core.filters.figures import FilterFigures
from core.filters.pictures import (
    FileOrder,
    MapRegion,
    draw_map,
    draw_tiles,
    has_tiles,
    map_size,
    scaled_highs,
)
from core.filters.source import WeightsSource
from core.filters.twins import Twins
from core.progress import Job

COLUMNS = (
    "layer", "array", "filter", "rank", "norm", "mean", "std", "least", "greatest", "zeros", "NaN",
    "Inf", "bias", "twin", "cosine", "change",
)  # fmt: skip
_MOST_SIDE = 2048
_GAP = 2
_SCALE = 6


@dataclass(frozen=True, eq=False)
class NamedArray:
    """An array of a layer; part: its index in Caffe's order, or "gain" and "shift".

    owner: the layer that it is shared with by name, "" for its own.
    """

    layer: str
    part: str
    array: np.ndarray
    owner: str = ""

    @property
    def key(self) -> str:
        """ "conv1/0"."""
        return f"{self.layer}/{self.part}"


def named_arrays(source: WeightsSource, layer: str) -> tuple[NamedArray, ...]:
    """As in the file, in Caffe's order and shape; of normalisation gain and shift besides.

    Raises WeightsError where the file does not fit the net.
    """
    owner = source.owner_of(layer)
    found = [
        NamedArray(layer, str(index), array, owner)
        for index, array in enumerate(source.arrays(layer))
    ]
    both = affine_of(source, layer) if source.type_of(layer) in ("BatchNorm", "Scale") else None
    if both is not None:
        found += [NamedArray(layer, "gain", both.gain), NamedArray(layer, "shift", both.shift)]
    return tuple(found)


def write_array(path: Path, array: np.ndarray) -> None:
    """One array into an .npy. Raises AppError."""
    with written_beside(path) as partial, partial.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def filter_rows(
    layer: str,
    array: FilterArray,
    figures: FilterFigures,
    bias: np.ndarray | None = None,
    twins: Twins | None = None,
    changes: Mapping[int, float] | None = None,
) -> Iterator[tuple[object, ...]]:
    """A row of COLUMNS for each filter, by number; None where a figure is not known."""
    for i in range(figures.n_filters):
        twin = int(twins.nearest[i]) if twins is not None else -1
        yield (
            layer, array.name, i, int(figures.ranks[i]), float(figures.norms[i]),
            float(figures.means[i]), float(figures.stds[i]), float(figures.least[i]),
            float(figures.most[i]), int(figures.n_zeros[i]), int(figures.n_nan[i]),
            int(figures.n_inf[i]), None if bias is None else float(bias[i]),
            None if twin < 0 else twin,
            None if twins is None or twin < 0 else float(twins.cosines[i]),
            None if changes is None else changes.get(i, 0.0),
        )  # fmt: skip


def write_filter_table(path: Path, rows: Iterator[tuple[object, ...]]) -> None:
    """The rows as CSV, an empty cell for what is not known. Raises AppError."""
    cells = (tuple("" if cell is None else cell for cell in row) for row in rows)
    write_csv(path, (COLUMNS, *cells))


def png_of_filters(
    array: FilterArray, figures: FilterFigures, order: FileOrder = "BGR"
) -> Job[bytes]:
    """The filters of a layer as a PNG: tiles by number, or the map of outputs x inputs."""
    colours = TileColours()
    if has_tiles(array):
        picture = _sheet(draw_tiles(array, figures, order=order).in_colours(colours), colours)
    else:
        rows, columns = map_size(array)
        region = MapRegion(0, 0, rows, columns, min(rows, _MOST_SIDE), min(columns, _MOST_SIDE))
        highs, places = scaled_highs(figures, "layer"), np.arange(array.n_filters)
        levels = yield from draw_map(array, highs, places, region)
        picture = level_colours(colours, is_diverging=True)[levels]
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def _sheet(tiles: np.ndarray, colours: TileColours) -> np.ndarray:
    """Tiles in about a square, each weight some pixels wide, (h, w, 3) uint8."""
    n, height, width, _ = tiles.shape
    scale = max(1, _SCALE if n <= 1024 else 2)
    columns = max(1, int(np.ceil(np.sqrt(n))))
    rows = -(-n // columns)
    tall, wide = height * scale + _GAP, width * scale + _GAP
    if rows * tall * columns * wide > 200_000_000:
        raise AppError("A picture of so many filters can't be drawn.", hint="Write a .npz instead.")
    sheet = np.empty((rows * tall - _GAP, columns * wide - _GAP, 3), np.uint8)
    sheet[:] = colours.ground
    for i in range(n):
        top, left = i // columns * tall, i % columns * wide
        large = tiles[i].repeat(scale, 0).repeat(scale, 1)
        sheet[top : top + height * scale, left : left + width * scale] = large
    return sheet
