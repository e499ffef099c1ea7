"""Approximate search: lists of like descriptors beside a gallery, a few of which are looked at.

How many of the true nearest images it finds is measured when it is made, against exact search.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Annotated

import msgspec
import numpy as np

from core.errors import AppError, GalleryError
from core.progress import Job, Progress
from core.retrieval.backends.inverted_lists import (
    ROWS_TO_A_CENTROID,
    MappedLists,
    checksum,
    find_centroids,
    write_lists,
)
from core.retrieval.block_checksums import read_checksums
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.gallery_contents import TURNED, stamp_of
from core.retrieval.gallery_database import GalleryDatabase, get_meta, set_meta
from core.retrieval.gallery_rows import DESCRIPTORS_NAME
from core.retrieval.gallery_store import approximate_name
from core.retrieval.representations import representation_name
from core.retrieval.search import Ranking, best_by, order_images
from core.typed_json import as_type, parse_json

LIBRARY = "faiss IVF-Flat"
K = 10
"""Of recall: the share of the ten nearest images that is found."""
N_FOUND = 1000
"""Images that an approximate ranking lists at most; beyond them it has found none."""
_WANTED_RECALL = 0.99
_N_SAMPLED = 100
_MOST_LISTS = 1 << 16
_KEY = "approximate"
_NOISE = 1e-9
_TIE = 1e-14
"""Between cosines that the rounding of sums may have parted."""
_VALUES_AT_ONCE = 1 << 22
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
_Lists = Annotated[int, msgspec.Meta(ge=1, le=_MOST_LISTS)]


class _Note(msgspec.Struct, frozen=True):
    """What the database says of one file of lists: of which rows it is, and how well it finds."""

    content: str
    n_rows: _Count
    dimension: _Count
    n_lists: _Lists
    n_probed: _Lists
    recall: Annotated[float, msgspec.Meta(ge=0, le=1)]
    n_sampled: _Count
    n_bytes: _Count
    changed: int
    crc: _Count


@dataclass(frozen=True, eq=False)
class ApproximateSearch:
    """What answers with the images of the lists that are nearest to a query.

    recall: the share of the K nearest others that it finds, in the mean of n_sampled images.
    """

    cosines: Cosines
    lists: MappedLists
    n_probed: int
    recall: float
    n_sampled: int

    def describe(self) -> str:
        """ "approximate (faiss IVF-Flat, 16 of 2,048 lists): finds 99.1 % of the 10 nearest"."""
        return (
            f"approximate ({LIBRARY}, {self.n_probed:,} of {self.lists.n_lists:,} lists): finds "
            f"{100 * self.recall:.1f} % of the {K} nearest, in the mean of {self.n_sampled:,} of "
            "its images against exact search"
        )

    def note(self) -> str:
        """What a reader of a ranking has to know."""
        said = self.describe()
        return (
            f"{said[0].upper()}{said[1:]}. A ranking lists {N_FOUND:,} at most: of the others "
            "nothing is known."
        )

    def to_json(self) -> dict[str, object]:
        """A JSON-able dictionary."""
        return {
            "kind": "approximate",
            "library": LIBRARY,
            "lists": self.lists.n_lists,
            "lists_probed": self.n_probed,
            f"recall@{K}": self.recall,
            "recall_of": f"{self.n_sampled} images of the gallery against exact search",
        }

    def best(self, query: np.ndarray, k: int, *, exclude: Excluded = None) -> Ranking:
        """The best k that are found for a (dimension,) query; scores are exact cosines.

        With as few calls as it takes: each is dear beside a search of half a millisecond.
        """
        exact = np.asarray(query, np.float64)
        length = math.sqrt(np.vecdot(exact, exact))
        if not math.isfinite(length):
            raise _not_finite()
        if length == 0:  # all are equally far: no list is nearer
            return best_by(self.cosines, exact, k, exclude=exclude)
        take = k + (0 if exclude is None else np.size(exclude)) + self._n_wasted
        rows = self.lists.search_one((exact / length).astype(np.float32), take, self.n_probed)
        images = self.cosines.image_of_row[rows]
        if exclude is not None or self._n_wasted:
            is_there = (images >= 0) & ~np.isin(images, () if exclude is None else exclude)
            rows, images = rows[is_there], images[is_there]
        cosines = self.cosines.of_rows_of_one(exact, length, rows)
        order = cosines.argsort()[::-1]
        cosines = cosines[order]
        if (cosines[:-1] - cosines[1:]).min(initial=1.0) <= _TIE:
            return self._told_apart(exact, images, k)
        return Ranking(images[order[:k]], cosines[:k].astype(np.float32), 0)

    def best_of_many(
        self, queries: np.ndarray, k: int, exclude: Sequence[Excluded]
    ) -> list[Ranking]:
        """The same for each of (n_queries, dimension) queries; exclude: for each of them."""
        if len(queries) == 1:
            return [self.best(queries[0], k, exclude=exclude[0])]
        exact = np.asarray(queries, np.float64)
        lengths = np.sqrt(np.vecdot(exact, exact))
        if not np.isfinite(lengths).all():
            raise _not_finite()
        n_more = max((np.size(own) for own in exclude if own is not None), default=0)
        unit = (exact / np.where(lengths == 0, 1.0, lengths)[:, None]).astype(np.float32)
        take = k + n_more + self._n_wasted
        rankings: list[Ranking] = []
        step = max(1, _VALUES_AT_ONCE // max(1, take * exact.shape[1]))
        for start in range(0, len(exact), step):
            part = slice(start, start + step)
            rows = self.lists.search(unit[part], take, self.n_probed)
            rankings += self._ranked(exact[part], lengths[part], rows, k, exclude[part])
        return rankings

    def _ranked(
        self,
        queries: np.ndarray,
        lengths: np.ndarray,
        rows: np.ndarray,
        k: int,
        exclude: Sequence[Excluded],
    ) -> list[Ranking]:
        """Rows found for queries, (n_queries, n_found), as rankings by their exact cosines."""
        images = self.cosines.image_of_row[rows]
        images[rows < 0] = -1
        cosines = self.cosines.of_rows(queries, lengths, rows)
        cosines[images < 0] = -np.inf
        for place, own in enumerate(exclude):
            if own is not None:
                cosines[place, np.isin(images[place], own)] = -np.inf
        order = np.argsort(-cosines, axis=1)
        images = np.take_along_axis(images, order, axis=1)
        cosines = np.take_along_axis(cosines, order, axis=1)
        is_there = cosines > -np.inf
        counts = np.minimum(np.count_nonzero(is_there, axis=1), k).tolist()
        is_near = (cosines[:, :-1] <= cosines[:, 1:] + _TIE) & is_there[:, 1:]
        has_ties: np.ndarray = np.asarray(is_near.any(axis=1))
        scores = cosines.astype(np.float32)
        rankings = []
        for place, count in enumerate(counts):
            if lengths[place] == 0:  # all are equally far: no list is nearer
                rankings.append(best_by(self.cosines, queries[place], k, exclude=exclude[place]))
            elif has_ties[place]:
                some = images[place][is_there[place]]
                rankings.append(self._told_apart(queries[place], some, k))
            else:
                rankings.append(Ranking(images[place, :count], scores[place, :count], 0))
        return rankings

    def _told_apart(self, query: np.ndarray, images: np.ndarray, k: int) -> Ranking:
        """Copies among some images, which are ranked by number, or one row that is found twice."""
        return order_images(self.cosines, query, np.unique(images), k)

    @cached_property
    def _n_wasted(self) -> int:
        """Places among the found ones that rows may take which no image names."""
        return min(len(self.cosines.stored) - len(self.cosines), N_FOUND)


def _not_finite() -> GalleryError:
    return GalleryError("The query's descriptor holds NaN or infinity.")


def open_approximate(gallery: Gallery) -> Job[ApproximateSearch]:
    """The approximate search of a gallery, made anew where there is none or its rows are others.

    Raises NoFaissError without the library, GalleryError where it can't be written.
    """
    check_not_empty(gallery)
    if gallery.number == TURNED:
        raise GalleryError(
            "A row of a sweep that is turned as it is read has no lists for approximate search.",
            hint="Search exactly, or index with the same steps.",
        )
    content = _content_of(gallery)
    note = _read_note(gallery)
    if note is not None and note.content == content:
        search = yield from _open(gallery, note)
        if search is not None:
            return search
    return (yield from make_approximate(gallery))


def make_approximate(gallery: Gallery) -> Job[ApproximateSearch]:
    """Sort a gallery's descriptors into lists, measure recall, and keep it beside them."""
    check_not_empty(gallery)
    cosines, content = gallery.cosines, _content_of(gallery)
    factors = cosines.inverse_lengths
    if factors is None:
        raise GalleryError(
            "The gallery's descriptors are too long or too short for approximate search.",
            hint="Search exactly.",
        )
    rows = cosines.stored
    n_lists = _n_lists(len(gallery))
    n_sampled = min(len(rows), ROWS_TO_A_CENTROID * n_lists)
    some = np.sort(np.random.default_rng(5).choice(len(rows), n_sampled, replace=False))
    sample = np.asarray(rows[some], np.float32) * factors[some, None]
    centroids = yield from find_centroids(sample, n_lists)
    path = gallery.folder / approximate_name(gallery.number)
    crc = yield from write_lists(path, rows, factors, centroids)
    lists = MappedLists(path, len(rows), gallery.dimension, n_lists)
    search = yield from _measured(cosines, lists)
    stamp = stamp_of(path)
    _write_note(
        gallery,
        _Note(
            content, len(rows), gallery.dimension, n_lists, search.n_probed, search.recall,
            search.n_sampled, stamp.n_bytes, stamp.changed, crc,
        ),
    )  # fmt: skip
    return search


def _n_lists(n_images: int) -> int:
    """A power of two near twice the root of n: 2,048 for a million, 512 for 100,000."""
    return min(_MOST_LISTS, 1 << round(math.log2(2 * math.sqrt(n_images)))) if n_images > 3 else 1


def _measured(cosines: Cosines, lists: MappedLists) -> Job[ApproximateSearch]:
    """The search with as few lists as find the wanted share; its recall, measured."""
    n = len(cosines)
    n_sampled, k = min(n, _N_SAMPLED), min(K, n - 1)
    if k < 1:
        return ApproximateSearch(cosines, lists, 1, 1.0, n_sampled)
    own = np.sort(np.random.default_rng(7).choice(n, n_sampled, replace=False))
    queries = np.asarray(cosines.descriptors[own])
    yield Progress(0, lists.n_lists, "lists looked at, measuring recall")
    true = [
        order_images(cosines, query, images, k).score[-1]
        for query, images in zip(
            queries, cosines.nearest_of_many(queries, k, own.tolist()), strict=True
        )
    ]
    n_probed = 1
    while True:
        yield Progress(n_probed, lists.n_lists, "lists looked at, measuring recall")
        search = ApproximateSearch(cosines, lists, n_probed, 0.0, n_sampled)
        found = search.best_of_many(queries, k, own.tolist())
        # By score and not by number: of two copies either is right.
        shares = [
            np.count_nonzero(one.score >= least - _NOISE) / k
            for one, least in zip(found, true, strict=True)
        ]
        recall = float(np.mean(shares))
        if recall >= _WANTED_RECALL or n_probed >= lists.n_lists:
            return ApproximateSearch(cosines, lists, n_probed, recall, n_sampled)
        n_probed *= 2


def _open(gallery: Gallery, note: _Note) -> Job[ApproximateSearch | None]:
    """The search that a note is of; None where its file is not what was noted."""
    cosines, path = gallery.cosines, gallery.folder / approximate_name(gallery.number)
    rows = cosines.stored
    if not path.is_file() or rows.shape != (note.n_rows, note.dimension):
        return None
    stamp = stamp_of(path)
    if stamp.n_bytes != note.n_bytes:
        return None
    try:
        # A copy of the gallery has other times: all of the file is read once to know it.
        if stamp.changed != note.changed and (yield from checksum(path)) != note.crc:
            return None
        lists = MappedLists(path, note.n_rows, note.dimension, note.n_lists)
    except (ValueError, AppError):
        return None
    return ApproximateSearch(cosines, lists, note.n_probed, note.recall, note.n_sampled)


def _content_of(gallery: Gallery) -> str:
    """What tells that the recipe and the rows are the same: of these their checksums, or the file's
    size and time where it has none."""
    noted = {**gallery.recipe.to_json(), "preprocess": None}  # whose files may lie elsewhere now
    recipe = sha256(repr(sorted(noted.items())).encode()).hexdigest()[:16]
    n_rows = len(gallery.cosines.stored)
    blocks = None
    if gallery.number == 0:
        with GalleryDatabase(gallery.folder).reading() as db:
            blocks = read_checksums(db, n_rows)
    if blocks is None:
        name = representation_name(gallery.number) if gallery.number else DESCRIPTORS_NAME
        stamp = stamp_of(gallery.folder / name)
        return f"{recipe} {n_rows} {stamp.n_bytes} {stamp.changed}"
    return f"{recipe} {n_rows} {zlib.crc32(repr(sorted(blocks.items())).encode())}"


def _read_note(gallery: Gallery) -> _Note | None:
    with GalleryDatabase(gallery.folder).reading() as db:
        found = db.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    try:
        notes = {} if found is None else as_type(parse_json(found[0], _KEY), dict[str, _Note], _KEY)
    except AppError:
        return None
    return notes.get(str(gallery.number))


def _write_note(gallery: Gallery, note: _Note) -> None:
    with GalleryDatabase(gallery.folder).changing() as db:
        notes = get_meta(db, _KEY)
        notes = notes if isinstance(notes, dict) else {}
        set_meta(db, _KEY, {**notes, str(gallery.number): msgspec.to_builtins(note)})
