"""Parts of an index: parquet files of a path, a vector or a reason, and the recipe's hash each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import GalleryError
from core.files import written_beside
from core.measures.measure import MAX_DIMENSIONS
from core.reading import open_regular

_NAME = re.compile(r"part-(\d{6})\.parquet")
_MOST_PARTS = 999_999
_MOST_BYTES = 8 << 30
_MOST_ROWS = 1 << 22
_MOST_VALUES = 1 << 31
"""Of the vectors of a part."""
_MOST_PATH, _MOST_REASON = 8192, 10_000
_ROWS_AT_ONCE, _VALUES_AT_ONCE = 4096, 1 << 24
_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("bytes", pa.int64()),
        ("changed", pa.int64()),
        ("reason", pa.string()),
        ("recipe", pa.string()),
        ("vector", pa.list_(pa.field("element", pa.float32()))),
    ]
)
_STAMPS = ["path", "bytes", "changed"]


class PartRow(NamedTuple):
    """One image: its path below the root, size and stamp; its vector, or the reason for none."""

    path: str
    width: int
    height: int
    n_bytes: int
    changed: int
    reason: str = ""
    vector: np.ndarray | None = None


def list_parts(folder: Path) -> list[Path]:
    """The parts of a folder, oldest first."""
    found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    if len(found) > _MOST_PARTS:
        raise GalleryError(f"'{folder}' has more than {_MOST_PARTS:,} parts.")
    return found


def write_part(folder: Path, rows: Sequence[PartRow], digest: str) -> Path:
    """Write the next part, which is there whole or not at all; its path."""
    there = list_parts(folder)
    number = int(there[-1].stem.removeprefix("part-")) + 1 if there else 1
    path = folder / f"part-{number:06d}.parquet"
    columns: dict[str, Any] = {
        "path": [row.path for row in rows],
        "width": [row.width for row in rows],
        "height": [row.height for row in rows],
        "bytes": [row.n_bytes for row in rows],
        "changed": [row.changed for row in rows],
        "reason": [row.reason or None for row in rows],
        "recipe": [digest] * len(rows),
        "vector": [row.vector for row in rows],
    }
    table = pa.table(columns, schema=_SCHEMA)
    with written_beside(path) as beside:
        pq.write_table(table, beside, compression="zstd", write_page_checksum=True)
    return path


def read_stamps(folder: Path, digest: str) -> Iterator[tuple[str, int, int]]:
    """Path, bytes and time of change of every row of a folder, without its vectors."""
    for path in list_parts(folder):
        with _opened(path, digest) as file:
            for batch in _batches(file, path, _STAMPS):
                yield from zip(*(batch.column(name).to_pylist() for name in _STAMPS), strict=True)


def read_part(path: Path, digest: str) -> Iterator[list[PartRow]]:
    """The rows of a part, some at a time. Raises GalleryError where it is none of this recipe."""
    with _opened(path, digest) as file:
        for batch in _batches(file, path, _SCHEMA.names):
            yield _rows(batch, path, digest)


def _opened(path: Path, digest: str) -> pq.ParquetFile:
    with open_regular(path, _MOST_BYTES):  # pyarrow would wait for ever for a pipe
        pass
    try:
        file = pq.ParquetFile(
            path,
            page_checksum_verification=True,
            thrift_string_size_limit=64 << 20,
            thrift_container_size_limit=1 << 20,
        )
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(path, str(error)) from error
    if not file.schema_arrow.equals(_SCHEMA):
        raise _damaged(path, "It has other columns.")
    n_rows = file.metadata.num_rows
    n_values = sum(
        file.metadata.row_group(group).column(file.metadata.num_columns - 1).num_values
        for group in range(file.metadata.num_row_groups)
    )
    if n_rows > _MOST_ROWS or n_values > _MOST_VALUES:
        raise _damaged(path, f"It has {n_rows:,} rows of {n_values:,} values.")
    return file


def _batches(file: pq.ParquetFile, path: Path, columns: Sequence[str]) -> Iterator[Any]:
    n_rows = max(1, file.metadata.num_rows)
    last = file.metadata.num_columns - 1
    n_values = sum(
        file.metadata.row_group(group).column(last).num_values
        for group in range(file.metadata.num_row_groups)
    )
    size = max(1, min(_ROWS_AT_ONCE, _VALUES_AT_ONCE * n_rows // max(1, n_values)))
    try:
        yield from file.iter_batches(batch_size=size, columns=list(columns))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(path, str(error)) from error


def _rows(batch: Any, path: Path, digest: str) -> list[PartRow]:
    names = ("path", "width", "height", "bytes", "changed", "reason", "recipe")
    columns = [batch.column(name).to_pylist() for name in names]
    vectors = batch.column("vector")
    offsets = vectors.offsets.to_numpy()
    values = vectors.values.to_numpy(zero_copy_only=False)
    found = []
    for number, (name, width, height, n_bytes, changed, reason, recipe) in enumerate(
        zip(*columns, strict=True)
    ):
        if recipe != digest:
            raise _damaged(path, "It has vectors of another recipe.")
        if None in (name, width, height, n_bytes, changed) or not _is_path(name):
            raise _damaged(path, f"Row {number} names no image below a folder.")
        vector = values[offsets[number] : offsets[number + 1]] if reason is None else None
        if vector is not None and not _is_sound(vector):
            raise _damaged(path, f"The vector of '{name}' is none.")
        if len(reason or "") > _MOST_REASON or min(width, height) < 0:
            raise _damaged(path, f"The row of '{name}' is none.")
        found.append(PartRow(name, width, height, n_bytes, changed, reason or "", vector))
    return found


def _is_path(name: str) -> bool:
    """Whether it leads to a file below a folder, and nowhere else."""
    path = PurePosixPath(name)
    is_inside = not path.is_absolute() and ".." not in path.parts
    return 0 < len(name) <= _MOST_PATH and is_inside and "\0" not in name


def _is_sound(vector: np.ndarray) -> bool:
    return 0 < vector.size <= MAX_DIMENSIONS and bool(np.isfinite(vector).all())


def _damaged(path: Path, why: str) -> GalleryError:
    return GalleryError(
        f"'{path.name}' in '{path.parent}' is no part of this index, or is damaged.",
        hint="Delete it: the next run describes its images again.",
        details=why,
    )
