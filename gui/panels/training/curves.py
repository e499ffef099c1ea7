"""What the curves of a run say, as values: drawn by curve_plot, which takes long to import."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Curve:
    """One line. xs, ys: (n,). role: of its colour; share: how much of that colour it has."""

    name: str
    xs: np.ndarray
    ys: np.ndarray
    role: str
    width: float = 2.0
    share: float = 1.0
    is_step: bool = False
    has_points: bool = False
    is_read: bool = True


@dataclass(frozen=True)
class Marks:
    """What stands at iterations: last is the end of the axis, now 0 where nothing runs.

    best: (iteration, value) of the best test, with its words; level: a value to compare with.
    """

    last: int = 1
    now: int = 0
    snapshots: tuple[int, ...] = ()
    best: tuple[float, float] | None = None
    level: float | None = None
    level_words: str = ""
