"""Which part of a map shows: pixels a weight, and the weight at the corner; without widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from core.filters.pictures import MapRegion

MOST_SCALE, FIT_MOST = 32.0, 12.0


@dataclass(frozen=True)
class Viewpoint:
    """A map of rows x columns weights in a room of width x height pixels.

    across, down: pixels a weight. left, top: the weight at the corner. is_fitted: to the room.
    """

    rows: int
    columns: int
    width: float
    height: float
    across: float = 1.0
    down: float = 1.0
    left: float = 0.0
    top: float = 0.0
    is_fitted: bool = True

    def fitted(self) -> Viewpoint:
        """All inputs in the room, in square cells where they have a pixel; else the whole map."""
        across, down = self.width / max(1, self.columns), self.height / max(1, self.rows)
        if across >= 1:
            across = down = float(int(min(across, FIT_MOST)))
        across, down = min(across, FIT_MOST), min(down, FIT_MOST)
        return replace(self, across=across, down=down, left=0.0, top=0.0, is_fitted=True)

    def in_room(self, width: float, height: float) -> Viewpoint:
        """In a room of another size; what was fitted stays fitted."""
        other = replace(self, width=width, height=height)
        return other.fitted() if self.is_fitted else other.moved(self.left, self.top)

    def zoomed(self, factor: float, x: float, y: float) -> Viewpoint:
        """Larger by a factor about a point of the room; never smaller than the whole map.

        Weights become square on the way in: the side with fewer pixels catches up.
        """
        across, down = self.across * factor, self.down * factor
        if factor > 1:
            across = max(across, min(across * factor, down))
            down = max(down, min(down * factor, self.across * factor))
        across = self._bounded(across, self.width / max(1, self.columns))
        down = self._bounded(down, self.height / max(1, self.rows))
        at_column, at_row = self.weight_at(x, y)
        other = replace(self, across=across, down=down, is_fitted=False)
        return other.moved(at_column - x / across, at_row - y / down)

    def moved(self, left: float, top: float) -> Viewpoint:
        """With this weight at the corner, as far as the map goes."""
        most_left = max(0.0, self.columns - self.width / self.across)
        most_top = max(0.0, self.rows - self.height / self.down)
        return replace(self, left=min(max(0.0, left), most_left), top=min(max(0.0, top), most_top))

    def weight_at(self, x: float, y: float) -> tuple[float, float]:
        """Column and row of the weight at a point of the room."""
        return self.left + x / self.across, self.top + y / self.down

    def visible(self, ratio: float = 1.0) -> MapRegion:
        """The weights that show, and the pixels that they have; ratio: of the screen."""
        right = min(self.columns, math.ceil(self.left + self.width / self.across))
        bottom = min(self.rows, math.ceil(self.top + self.height / self.down))
        left, top = int(self.left), int(self.top)
        height = max(1, round((bottom - top) * self.down * ratio))
        width = max(1, round((right - left) * self.across * ratio))
        return MapRegion(top, left, bottom, right, height, width)

    @property
    def words(self) -> str:
        """ "8 px a weight", "5 × 7 weights a pixel, the strongest shown"."""
        if min(self.across, self.down) >= 1:
            is_square = abs(self.across - self.down) < 0.05 * self.down
            wide = f"{self.across:.3g}"
            return f"{wide if is_square else f'{self.down:.3g} × {wide}'} px a weight"
        sizes = (f"{1 / scale:.3g}" if scale < 1 else "1" for scale in (self.down, self.across))
        return f"{' × '.join(sizes)} weights a pixel, the strongest shown"

    @staticmethod
    def _bounded(scale: float, least: float) -> float:
        return min(MOST_SCALE, max(min(1.0, least), scale))
