"""What is written of a layer over many images: the table of its channels, and the matrix."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.csv_table import Row, write_csv
from core.errors import RequestError
from core.evaluation.matrix_order import ColumnOrder, RowOrder, column_order, row_order
from core.files import path_named_after, write_file
from core.jobs.channels import ChannelsFound

CHANNEL_HEADINGS = (
    "channel", "prefers", "selectivity", "low", "high", "in_top", "of", "fires", "mean", "maximum",
    "dead",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class MatrixOrder:
    """Which image is in which row, and which channel in which column; (n,) int64 each."""

    rows: np.ndarray
    columns: np.ndarray


def order_matrix(found: ChannelsFound, rows: RowOrder, columns: ColumnOrder) -> MatrixOrder:
    """The order of both axes; see core.evaluation.matrix_order."""
    return MatrixOrder(
        row_order(found.table.names, found.labels, found.cells, rows),
        column_order(found.is_dead, found.fires, found.selectivity, columns),
    )


def channel_rows(found: ChannelsFound) -> list[tuple[object, ...]]:
    """A row for each channel, under CHANNEL_HEADINGS; NaN where an index is not defined."""
    cells, chosen = found.cells, found.selectivity
    means = cells.mean(axis=0, dtype=np.float64).tolist()
    greatest = cells.max(axis=0).tolist()
    rows: list[tuple[object, ...]] = []
    for channel in range(found.table.n_channels):
        name, numbers = "", (np.nan, np.nan, np.nan, 0, 0)
        if chosen is not None and chosen.preferred[channel] >= 0:
            name = chosen.classes[chosen.preferred[channel]]
            numbers = (
                float(chosen.index[channel]), float(chosen.low[channel]),
                float(chosen.high[channel]), int(chosen.n_in_top[channel]),
                int(chosen.n_top[channel]),
            )  # fmt: skip
        fires, is_dead = int(found.fires[channel]), bool(found.is_dead[channel])
        rows.append((channel, name, *numbers, fires, means[channel], greatest[channel], is_dead))
    return rows


def write_matrix(path: Path, found: ChannelsFound, order: MatrixOrder) -> tuple[Path, ...]:
    """Write the matrix in this order as .npy, with the names of its axes beside it, or as .csv.

    Returns the files. Raises RequestError for another suffix, AppError where the disk refuses.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        write_csv(path, matrix_rows(found, order))
        return (path,)
    if suffix != ".npy":
        raise RequestError(f"'{path.name}' names no format for a matrix: .npy or .csv.")
    stream = io.BytesIO()
    np.save(stream, found.cells[np.ix_(order.rows, order.columns)])
    of_rows = path_named_after(path, path.stem, "_rows.csv")
    of_columns = path_named_after(path, path.stem, "_columns.csv")
    images = ((found.table.names[row], found.labels[row] or "") for row in order.rows.tolist())
    every = channel_rows(found)
    write_file(path, stream.getvalue())
    write_csv(of_rows, (("image", "label"), *images))
    write_csv(of_columns, (CHANNEL_HEADINGS, *(every[one] for one in order.columns.tolist())))
    return path, of_rows, of_columns


def matrix_rows(found: ChannelsFound, order: MatrixOrder) -> Iterator[Row]:
    """The matrix as lines of a table, the channels' numbers first."""
    yield ("image", "label", *order.columns.tolist())
    for row in order.rows.tolist():
        cells = found.cells[row, order.columns].tolist()
        yield (found.table.names[row], found.labels[row] or "", *cells)
