"""The table of all layers as CSV: figures in full, shares from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from core.csv_table import rows_as_csv, write_csv
from gui.panels.spreads.rows import SpreadRow

FILTERS = "CSV table (*.csv);;PNG picture (*.png)"
_COUNTS = ("n_values", "n_zeros", "n_negative", "n_nan", "n_inf")
_MEASURES = ("mean", "std", "minimum", "maximum", "l2", "sparsity")


def table_csv(rows: Sequence[SpreadRow]) -> bytes:
    """The table in memory, for the clipboard."""
    return rows_as_csv(_cells(rows))


def write_table(path: Path, rows: Sequence[SpreadRow]) -> None:
    """The table as a file. Raises AppError where the disk refuses."""
    write_csv(path, _cells(rows))


def _cells(rows: Sequence[SpreadRow]) -> Iterable[tuple[object, ...]]:
    yield ("layer", "top", "version", "shape", "images", *_COUNTS, *_MEASURES,
           "channels", "dead", "saturated")  # fmt: skip
    for row in rows:
        one = row.spread
        yield (
            row.row.layer,
            row.row.top,
            row.row.blob,
            row.row.shape,
            row.n_images,
            *(getattr(one, name) for name in (*_COUNTS, *_MEASURES)),
            one.n_channels,
            len(one.dead),
            "" if one.n_saturated is None else one.n_saturated,
        )
