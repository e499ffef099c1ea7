"""Further representations of a gallery's images: a file of rows each, numbered as the first's.

All are of one net, one preprocessing and one pass; only the value and its pooling differ. Their
rows are written before the database says that they count, as those of the first are.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from core.errors import GalleryError
from core.net.identity import Place
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery_database import set_meta
from core.retrieval.gallery_meta import read_meta
from core.retrieval.vectors_file import append_rows, count_rows

_NAME = re.compile(r"descriptors-\d{5}\.npy")
MOST = 20_000
PLACES_KEY = "representation_places"


@dataclass(frozen=True)
class StoredRepresentation:
    """One of them: its number from 1, its recipe, its dimension, 0 before the first image."""

    number: int
    recipe: DescriptorRecipe
    dimension: int

    @property
    def file_name(self) -> str:
        """The name of its file in the gallery's folder."""
        return representation_name(self.number)


def representation_name(number: int) -> str:
    """The file of a further representation, by its number from 1."""
    return f"descriptors-{number:05d}.npy"


def is_representation(name: str) -> bool:
    """Whether a file of this name holds the rows of one."""
    return _NAME.fullmatch(name) is not None


def note_representations(db: sqlite3.Connection, recipes: Sequence[DescriptorRecipe]) -> None:
    """Note them in a new gallery, in their order."""
    if len(recipes) > MOST:
        raise GalleryError(f"A gallery has {MOST:,} representations at most, not {len(recipes):,}.")
    rows = [
        (number, one.layer, one.top, one.pooling, one.p, one.levels, int(one.relu), 0)
        for number, one in enumerate(recipes, start=1)
    ]
    db.executemany("INSERT INTO representations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    set_meta(db, PLACES_KEY, [one.place for one in recipes])


def read_representations(
    db: sqlite3.Connection, first: DescriptorRecipe
) -> tuple[StoredRepresentation, ...]:
    """What the database notes; () in a gallery of an earlier format, which may note no places.

    Raises ValueError for values of another kind, GalleryError for a pooling that is none.
    """
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'representations'").fetchone()
    if known is None:
        return ()
    found = db.execute("SELECT * FROM representations ORDER BY number LIMIT ?", (MOST + 1,))
    places = read_meta(db).representation_places or ()
    rows = zip_longest(found.fetchall(), places)
    return tuple(_representation(first, place, *row) for row, place in rows if row is not None)


def append_representations(
    db: sqlite3.Connection, folder: Path, n_rows: int, arrays: Sequence[np.ndarray]
) -> None:
    """Write the rows of new images behind the first n_rows of each file.

    arrays: (n_new, dimension) float32 for each, in their order. Raises GalleryError for another
    dimension than the rows before have.
    """
    noted = db.execute("SELECT number, dimension FROM representations ORDER BY number").fetchall()
    if len(noted) != len(arrays):
        raise GalleryError(
            f"The gallery has {len(noted)} further representations, not {len(arrays)}."
        )
    for (number, dimension), array in zip(noted, arrays, strict=True):
        if n_rows and dimension != array.shape[1]:
            raise GalleryError(
                f"A descriptor has {array.shape[1]} values where the gallery's have {dimension}.",
                hint="'flatten' needs inputs of one size: warp or crop, or choose gap.",
            )
        append_rows(folder / f"descriptors-{number:05d}.npy", n_rows, array)
        if not n_rows:
            db.execute(
                "UPDATE representations SET dimension = ? WHERE number = ?",
                (int(array.shape[1]), number),
            )


def fill_lost_rows(folder: Path, stored: Sequence[StoredRepresentation], n_rows: int) -> int:
    """How many of the first rows every file has; what is lost behind them is filled with zeros."""
    least = n_rows
    for one in stored:
        path = folder / one.file_name
        n_there = count_rows(path, one.dimension) if path.is_file() else 0
        if n_there < n_rows:
            least = min(least, n_there)
            append_rows(path, n_there, np.zeros((n_rows - n_there, one.dimension), np.float32))
    return least


def _representation(
    first: DescriptorRecipe,
    place: Place | None,
    number: int,
    layer: str,
    top: str,
    pooling: str,
    p: float,
    levels: int,
    relu: int,
    dimension: int,
) -> StoredRepresentation:
    kinds = [(number, int), (layer, str), (top, str), (pooling, str), (p, float), (levels, int)]
    kinds += [(relu, int), (dimension, int)]
    if not all(isinstance(value, kind) for value, kind in kinds) or not 0 <= dimension < 1 << 31:
        raise ValueError("a representation has a value of another kind")
    recipe = replace(
        first, layer=layer, top=top, pooling=pooling, p=p, levels=levels, relu=bool(relu),
        place=place,
    )  # fmt: skip
    return StoredRepresentation(number, recipe, dimension)
