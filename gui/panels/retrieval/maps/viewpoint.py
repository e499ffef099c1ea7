"""Where one looks at a map from: the centre of the view and its scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QPointF, QSizeF

LEAST_ZOOM, MOST_ZOOM = 0.5, 200.0


@dataclass(frozen=True)
class Viewpoint:
    """x and y of the middle of the view, in the map's units, and pixels per unit; y goes up."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0

    @classmethod
    def fitting(cls, points: np.ndarray, room: QSizeF, margin: float) -> Viewpoint:
        """All points in view, (n, 2) finite, with a margin in pixels at each side."""
        if not len(points):
            return cls()
        least, most = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
        wide, high = np.maximum(most - least, 1e-9)
        free_wide = max(40.0, room.width() - 2 * margin)
        free_high = max(40.0, room.height() - 2 * margin)
        middle = (least + most) / 2
        return cls(float(middle[0]), float(middle[1]), min(free_wide / wide, free_high / high))

    def to_screen(self, points: np.ndarray, room: QSizeF) -> np.ndarray:
        """Points as pixels from the upper left corner, (n, 2) float64."""
        flip = np.array([self.scale, -self.scale])
        result: np.ndarray = (points - np.array([self.x, self.y])) * flip
        result += np.array([room.width() / 2, room.height() / 2])
        return result

    def to_map(self, position: QPointF, room: QSizeF) -> tuple[float, float]:
        """The place of the map at a pixel."""
        across = (position.x() - room.width() / 2) / self.scale
        down = (position.y() - room.height() / 2) / self.scale
        return self.x + across, self.y - down

    def panned(self, dx: float, dy: float) -> Viewpoint:
        """The map moved by some pixels, to the right and down."""
        return Viewpoint(self.x - dx / self.scale, self.y + dy / self.scale, self.scale)

    def showing(self, at: QPointF, room: QSizeF, margin: float) -> Viewpoint:
        """The map moved so far that a pixel beyond the edge comes into view; else as it is."""
        dx = min(0.0, room.width() - margin - at.x()) + max(0.0, margin - at.x())
        dy = min(0.0, room.height() - margin - at.y()) + max(0.0, margin - at.y())
        return self.panned(dx, dy) if dx or dy else self

    def zoomed(self, factor: float, at: QPointF, room: QSizeF, fit: float) -> Viewpoint:
        """Larger or smaller, with what is at a pixel staying there; fit: the whole map's scale."""
        scale = min(max(self.scale * factor, fit * LEAST_ZOOM), fit * MOST_ZOOM)
        x, y = self.to_map(at, room)
        across, down = at.x() - room.width() / 2, at.y() - room.height() / 2
        return Viewpoint(x - across / scale, y + down / scale, scale)
