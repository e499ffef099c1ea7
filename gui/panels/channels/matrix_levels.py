"""The cells of a matrix as levels of colour, at the size in which they are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.activations.tile_grid import levels_of
from core.activations.tiles import GAP_LEVEL
from gui.panels.channels.values import Band, MatrixShown


class MatrixLevels:
    """Draws what is in view alone; of cells below a pixel, the mean of those that share it."""

    def __init__(self, shown: MatrixShown) -> None:
        high = np.array([max(shown.high, 1e-30)])
        self._levels: np.ndarray = levels_of(
            shown.cells[None], high, is_diverging=shown.is_diverging
        )[0]
        self._bands = shown.rows
        self._reduced: tuple[int, int, np.ndarray, np.ndarray] | None = None

    def drawn(
        self, x: np.ndarray, y: np.ndarray, cell: tuple[float, float], gap: float
    ) -> np.ndarray:
        """(len(y), len(x)) uint8: the level at each pixel.

        x, y: where the middles of pixels lie in the matrix, in pixels; cell: pixels a column and a
        row; gap: pixels between bands.
        """
        every_x, every_y = (max(1, int(1 / size)) for size in cell)
        levels, first_of_row = self._reduce(every_x, every_y)
        columns = np.floor(x / cell[0]).astype(np.int64)
        rows = rows_at(y, self._bands, cell[1], gap)
        of_rows = np.searchsorted(first_of_row, rows, side="right") - 1  # -1, too, for none
        is_column = (columns >= 0) & (columns < self._levels.shape[1])
        of_columns = np.where(is_column, columns // every_x, -1)
        return levels.take(of_rows, axis=0).take(of_columns, axis=1)

    def _reduce(self, every_x: int, every_y: int) -> tuple[np.ndarray, np.ndarray]:
        """Means over so many neighbours, and behind them a row and a column of gap.

        Rows of two bands never mix. With it the first row of each row of means.
        """
        if self._reduced is None or self._reduced[:2] != (every_x, every_y):
            first = np.concatenate(
                [np.arange(b.start, b.start + b.count, every_y) for b in self._bands]
            )
            levels = self._levels
            if every_y > 1:
                sums = np.add.reduceat(levels, first, axis=0, dtype=np.float32)
                counts = np.diff(np.append(first, len(levels)))
                levels = sums / counts[:, None]
            if every_x > 1:
                starts = np.arange(0, levels.shape[1], every_x)
                sums = np.add.reduceat(levels, starts, axis=1, dtype=np.float32)
                levels = sums / np.diff(np.append(starts, levels.shape[1]))
            whole = np.pad(levels.astype(np.uint8), ((0, 1), (0, 1)), constant_values=GAP_LEVEL)
            self._reduced = (every_x, every_y, whole, first)
        return self._reduced[2], self._reduced[3]


def rows_at(y: np.ndarray, bands: Sequence[Band], height: float, gap: float) -> np.ndarray:
    """The row at each of (n,) rising places in pixels, -1 for none; see band_tops."""
    tops = np.array(band_tops(bands, height, gap))
    of_band = np.searchsorted(tops, y, side="right") - 1
    starts = np.array([band.start for band in bands])
    counts = np.array([band.count for band in bands])
    inside = np.floor((y - tops[of_band]) / height).astype(np.int64)
    is_row = (of_band >= 0) & (inside < counts[of_band])
    return np.where(is_row, starts[of_band] + inside, -1)


def band_tops(bands: Sequence[Band], height: float, gap: float) -> list[float]:
    """Where each band begins, in pixels."""
    return [band.start * height + number * gap for number, band in enumerate(bands)]
