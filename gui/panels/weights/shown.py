"""A layer's weights as the Weights view shows them, in the order that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from PyQt5.QtGui import QImage

from core.filters.arrays import FilterArray
from core.filters.figures import FilterFigures
from core.filters.pictures import (
    FileOrder,
    FilterTiles,
    RangeScope,
    TileMode,
    draw_filter,
    has_tiles,
    is_colour,
    scaled_highs,
)
from core.jobs.compare_weights import change_text
from core.jobs.weights import ReadArray, ReadLayer
from core.words import with_minus
from gui.theme import Theme
from gui.widgets.tile_colours import colour_table, indexed_image

FilterSort = Literal["index", "norm", "change", "twin"]
SORTS: dict[FilterSort, str] = {
    "norm": "L2 norm",
    "index": "index",
    "change": "change",
    "twin": "nearest twin",
}


@dataclass(frozen=True, eq=False)
class ShownWeights:
    """One array of a layer, and how it is looked at.

    reads_picture: whether its three planes are those of a picture, in the file's `order`. changes:
    how far each filter has moved in another file, None without one. note: what is shown in place
    of the layer that is selected.
    """

    read: ReadLayer
    array_name: str = ""
    sort: FilterSort = "norm"
    scope: RangeScope = "filter"
    mode: TileMode = "RGB"
    order: FileOrder = "BGR"
    reads_picture: bool = True
    changes: Mapping[int, float] | None = None
    note: str = ""
    file: str = ""

    @cached_property
    def one(self) -> ReadArray:
        """The array that is shown."""
        return next(
            (x for x in self.read.arrays if x.array.name == self.array_name), self.read.arrays[0]
        )

    @property
    def array(self) -> FilterArray:
        """Its filters."""
        return self.one.array

    @property
    def figures(self) -> FilterFigures:
        """Their figures."""
        return self.one.figures

    @property
    def form(self) -> Literal["tiles", "map", "channels"]:
        """How its filters are drawn."""
        if self.array.is_vector:
            return "channels"
        return "tiles" if has_tiles(self.array) else "map"

    @property
    def is_by_output(self) -> bool:
        """Whether a filter is what makes the channel of its number."""
        return not self.array.row_words and self.form != "channels"

    @property
    def can_be_colour(self) -> bool:
        """Whether its filters are over the planes of a picture."""
        return self.reads_picture and is_colour(self.array)

    @property
    def drawn_mode(self) -> TileMode:
        """In colour, or plane by plane."""
        return self.mode if self.can_be_colour else "planes"

    @property
    def highs(self) -> np.ndarray:
        """The magnitude at the ends of each filter's colours, (n_filters,)."""
        return scaled_highs(self.figures, self.scope)

    @property
    def sorts(self) -> tuple[FilterSort, ...]:
        """The orders that there are figures for."""
        has = {"change": self.changes is not None, "twin": self.one.twins is not None}
        return tuple(sort for sort in SORTS if has.get(sort, True))

    @cached_property
    def places(self) -> np.ndarray:
        """Which filter is at which place, (n_filters,) int64."""
        n = self.array.n_filters
        if self.sort == "norm":
            return np.argsort(-self.figures.norms, kind="stable")
        if self.sort == "change" and self.changes is not None:
            moved = np.array([self.changes.get(i, 0.0) for i in range(n)])
            return np.argsort(-moved, kind="stable")
        if self.sort == "twin" and self.one.twins is not None:
            return np.argsort(-np.abs(self.one.twins.cosines), kind="stable")
        return np.arange(n)

    def place_of(self, index: int | None) -> int | None:
        """Where a filter stands, None for one that does not."""
        return self._place_of.get(-1 if index is None else index)

    def stepped(self, index: int | None, step: int) -> int | None:
        """The filter some places behind one, as far as there are any; the first behind none."""
        at, last = self.place_of(index), self.array.n_filters - 1
        place = 0 if at is None else min(max(at + step, 0), last)
        return int(self.places[place]) if last >= 0 else None

    @cached_property
    def _place_of(self) -> dict[int, int]:
        return {index: place for place, index in enumerate(self.places.tolist())}

    def caption_of(self, index: int) -> str:
        """The number under a filter, by the order: its norm, its change or its twin's cosine."""
        if self.sort == "change" and self.changes is not None:
            return change_text(self.changes.get(index, 0.0))
        if self.sort == "twin" and self.one.twins is not None:
            return with_minus(f"{float(self.one.twins.cosines[index]):+.2f}")
        return f"{float(self.figures.norms[index]):.2f}"

    @property
    def caption_words(self) -> str:
        """What stands under each filter."""
        return {"change": "number, change", "twin": "number, cosine"}.get(self.sort, "number, norm")

    def of_sort(self, sort: FilterSort) -> ShownWeights:
        """In another order."""
        return replace(self, sort=sort)

    def picture_of(self, index: int, theme: Theme) -> QImage:
        """One filter by itself, a pixel for each weight."""
        tile = draw_filter(
            self.array.filter(index), float(self.highs[index]), mode=self.drawn_mode,
            order=self.order,
        )  # fmt: skip
        return tile_image(tile, theme)


def tile_image(tiles: FilterTiles, theme: Theme) -> QImage:
    """Tiles below one another as one picture, a pixel for each weight."""
    if tiles.rgb is not None:
        n, height, width, _ = tiles.rgb.shape
        pixels = np.ascontiguousarray(tiles.rgb).tobytes()
        image = QImage(pixels, width, n * height, 3 * width, QImage.Format_RGB888)
        return image.copy()
    if tiles.levels is None:
        return QImage()
    n, height, width = tiles.levels.shape
    table = colour_table(theme, is_diverging=True)
    return indexed_image(np.ascontiguousarray(tiles.levels).reshape(n * height, width), table)
