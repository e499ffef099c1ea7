"""The result of a sweep beside its gallery: the table as JSON, the AP of every query as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from core.errors import GalleryError
from core.files import write_file, written_beside
from core.npy_file import NotNpyError, read_npy
from core.representations.titles import after_title, pooling_title
from core.retrieval.gallery_store import SWEEP_NAMES
from core.retrieval.sweep_rows import SweepRow
from core.typed_json import as_type, load_json

TABLE_NAME, PRECISIONS_NAME, _ = SWEEP_NAMES
_MOST_BYTES = 256 << 20
_MOST_PRECISIONS = 8 << 30
Share = Annotated[float, msgspec.Meta(ge=-0.001, le=1.001)]


class StoredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table as the file has it; names are those of `SweepRow.to_json`."""

    layer: str
    top: str
    pooling: str
    after: str
    dimension: int
    mAP: Share
    mAP_95: tuple[Share, Share]
    p_at_1: Share = msgspec.field(name="P@1")
    p_at_10: Share = msgspec.field(name="P@10")
    n_queries: int
    n_ties: int
    representation: int | None = None
    representations: tuple[int, ...] = ()
    sparsity: float
    effective_rank: float
    hubness: float
    separation: float | None = None
    fit_on: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """ "fire9/concat, CroW, L2"."""
        return f"{self.layer}, {pooling_title(self.pooling)}, {after_title(self.after)}"


class StoredSweep(msgspec.Struct, frozen=True):
    """What the file says: the sentence, the truth, the queries by file, the rows."""

    sentence: str
    truth: str
    queries: tuple[str, ...]
    rows: tuple[StoredRow, ...]


@dataclass(frozen=True, eq=False)
class OpenedSweep:
    """A stored sweep with its numbers: (n_rows, n_queries) float32, the AP of each query."""

    table: StoredSweep
    precisions: np.ndarray

    def find(self, layer: str, pooling: str = "", after: str = "") -> int:
        """The number of the best row that these words fit. Raises GalleryError for none."""
        fitting = [
            number
            for number, row in enumerate(self.table.rows)
            if row.layer == layer
            and pooling in ("", row.pooling)
            and (after in ("", row.after) or row.after.startswith(f"{after}:"))
        ]
        if not fitting:
            words = ", ".join(filter(None, (layer, pooling, after)))
            raise GalleryError(f"The sweep has no row '{words}'.")
        return max(fitting, key=lambda number: self.table.rows[number].mAP)


def save_sweep(
    folder: Path, rows: Sequence[SweepRow], sentence: str, truth: str, queries: Sequence[str]
) -> None:
    """Write the table and the numbers into the gallery's folder, the numbers first."""
    precisions = np.array([row.precisions for row in rows], np.float32)
    with written_beside(folder / PRECISIONS_NAME) as partial, partial.open("wb") as file:
        np.save(file, precisions)
    document: dict[str, Any] = {
        "sentence": sentence,
        "truth": truth,
        "queries": list(queries),
        "rows": [row.to_json() for row in rows],
    }
    written = msgspec.json.format(msgspec.json.encode(document), indent=1)
    write_file(folder / TABLE_NAME, written + b"\n")


def open_sweep(folder: Path) -> OpenedSweep:
    """The sweep of a gallery's folder. Raises GalleryError for none, or a damaged one."""
    path = folder / TABLE_NAME
    if not path.is_file():
        raise GalleryError(f"There is no sweep in '{folder}'.", hint="Run sweep first.")
    table = as_type(load_json(path, _MOST_BYTES), StoredSweep, "The sweep")
    try:
        numbers = read_npy(
            folder / PRECISIONS_NAME, _MOST_PRECISIONS, what="The sweep", error=GalleryError
        )
    except NotNpyError as error:
        raise GalleryError(f"The sweep in '{folder}' is damaged: {error}") from error
    if numbers.shape != (len(table.rows), len(table.queries)) or numbers.dtype != np.float32:
        raise GalleryError(f"The sweep in '{folder}' is damaged: table and numbers do not fit.")
    return OpenedSweep(table, numbers)
