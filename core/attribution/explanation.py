"""What was found: places that explain a score, and what the same pass says of layers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.attribution.methods import Method
from core.attribution.targets import Target
from core.engines.values import Value
from core.retrieval.why_grid import Rectangle

_SHARP = ("saliency", "gradxinput", "guided", "integrated")
_SHARP_QUANTILE = 0.995


@dataclass(frozen=True)
class Completeness:
    """Of integrated gradients: what all places add up to, and by how much the score has grown."""

    total: float
    grown: float

    @property
    def error(self) -> float:
        """The difference, as a share of the growth; infinite where that is 0."""
        apart = abs(self.total - self.grown)
        if not self.grown:
            return float("inf") if apart else 0.0
        return apart / abs(self.grown)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Places of one image that explain a score.

    target: as asked for, a class by its number; words: what it is. of: the value that the score is
    taken of. at: whose places they are. places: (height, width) float32. size, covered, grid,
    orientation: as WhyMap has them; of arrays, in pixels of the input. seconds: what it took.
    """

    method: Method
    target: Target
    words: str
    of: Value
    score: float
    at: Value
    places: np.ndarray
    size: tuple[int, int]
    covered: Rectangle
    grid: Rectangle
    orientation: int = 1
    seconds: float = 0.0
    completeness: Completeness | None = None
    notes: tuple[str, ...] = ()

    @property
    def strongest(self) -> float:
        """What is drawn at full strength; 1 where nothing is there.

        The largest place without its sign. Of pixels their 99.5 % quantile: a few are far above.
        """
        sizes = np.abs(self.places[np.isfinite(self.places)])
        if not sizes.size:
            return 1.0
        largest = float(sizes.max())
        if self.is_sharp:
            return float(np.quantile(sizes, _SHARP_QUANTILE)) or largest or 1.0
        return largest or 1.0

    @property
    def is_sharp(self) -> bool:
        """Whether it tells of many small places, a few of which are far above the others."""
        return self.method.name in _SHARP and self.places.size > 1 / (1 - _SHARP_QUANTILE)

    @property
    def total(self) -> float:
        """The sum of what speaks for the score."""
        return float(np.maximum(self.places, 0).sum(dtype=np.float64))

    def on_input(self, width: int, height: int) -> Explanation:
        """The same over what the net sees, a picture of width x height pixels."""
        left, top, right, bottom = self.covered
        wide, high = width / (right - left), height / (bottom - top)
        grid = (
            (self.grid[0] - left) * wide,
            (self.grid[1] - top) * high,
            (self.grid[2] - left) * wide,
            (self.grid[3] - top) * high,
        )
        whole = (0.0, 0.0, float(width), float(height))
        return replace(self, size=(width, height), covered=whole, grid=grid, orientation=1)

    @property
    def is_whole(self) -> bool:
        """Whether the net sees all of the picture."""
        left, top, right, bottom = self.covered
        return left <= 0 and top <= 0 and right >= self.size[0] and bottom >= self.size[1]


@dataclass(frozen=True, eq=False)
class Explained:
    """Every explanation asked for, and what the way back says of layers.

    norms: the L2 norm of the gradient of each value on the way, in net order; () where no gradient
    was asked for. channels: (channels,) float64, gradient times value of `at`, summed over places.
    notes: of all of them.
    """

    maps: tuple[Explanation, ...]
    at: Value
    channels: np.ndarray
    norms: tuple[tuple[Value, float], ...] = ()
    notes: tuple[str, ...] = ()

    @staticmethod
    def no_channels() -> np.ndarray:
        """Of a score whose way back has not been gone."""
        return np.zeros(0)
