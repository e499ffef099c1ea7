"""A file of descriptors sorted into lists by their nearest centroid, which faiss searches mapped.

An inverted file (Sivic and Zisserman, 2003) with the vectors as they are, faiss's IVF-Flat. It is
laid out here and not by faiss, whose reader trusts what it reads: nothing of this file but
float32 values and the numbers of rows is taken, at places that are reckoned anew from the sizes.
"""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import AppError
from core.files import written_beside
from core.mapped import make_room
from core.progress import Job, Progress
from core.reading import open_regular
from core.retrieval.vectors_file import check_whole
from core.words import plural

LIBRARY = "faiss IVF-Flat"
_ROUNDS = 10
"""Of k-means."""
ROWS_TO_A_CENTROID = 50
"""Rows that k-means sees for each."""
_ROWS_AT_ONCE = 1 << 15
_BLAS_FROM = 800
"""Products from which, a thread, faiss multiplies by BLAS. Its own bound of 1.15, 128,000, leaves
batches of up to 250 queries of 512 values on a path fifteen times as slow (faiss issue 5109)."""


class NoFaissError(AppError):
    """The library that approximate search needs is not installed."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where what lies in the file: centroids, then the sizes of the lists, then each list.

    dimension; sizes: (n_lists,) int64. A list is its rows' values, then their numbers as int64,
    with room for an even number of rows so that the numbers stand at multiples of eight.
    """

    dimension: int
    sizes: np.ndarray

    @property
    def head_bytes(self) -> int:
        """What stands before the first list."""
        return head_bytes(len(self.sizes), self.dimension)

    @property
    def capacities(self) -> np.ndarray:
        """Rows that each list has room for, (n_lists,) int64."""
        result: np.ndarray = (self.sizes + 1) // 2 * 2
        return result

    @property
    def starts(self) -> np.ndarray:
        """The byte at which each list begins, and the end of the last, (n_lists + 1,) int64."""
        lengths = self.capacities * (4 * self.dimension + 8)
        return self.head_bytes + np.concatenate(([0], np.cumsum(lengths)))

    @property
    def n_bytes(self) -> int:
        """Of the whole file."""
        return int(self.starts[-1])


def head_bytes(n_lists: int, dimension: int) -> int:
    """Of the centroids and the sizes, at a multiple of eight."""
    return (4 * n_lists * dimension + 7) // 8 * 8 + 8 * n_lists


def why_no_faiss() -> str:
    """Why approximate search can't be, in a sentence; "" where the library is there."""
    if importlib.util.find_spec("faiss") is None:
        return "Approximate search needs faiss, which is not installed: pip install faiss-cpu"
    return ""


def load_faiss() -> Any:
    """The library, set to multiply batches by BLAS. Raises NoFaissError where there is none."""
    try:
        import faiss
    except ImportError as error:
        raise NoFaissError(
            "Approximate search needs the library faiss, which is not installed.",
            hint="pip install faiss-cpu, or search exactly.",
        ) from error
    bound = _BLAS_FROM * int(faiss.omp_get_max_threads())
    if faiss.cvar.distance_compute_blas_threshold > 10_000:  # older ones count queries alone
        faiss.cvar.distance_compute_blas_threshold = bound
    return faiss


def find_centroids(sample: np.ndarray, n_lists: int) -> Job[np.ndarray]:
    """Spherical k-means: (n_lists, dimension) float32 from (n, dimension) rows of length 1."""
    faiss = load_faiss()
    centroids = sample[np.random.default_rng(3).choice(len(sample), n_lists, replace=False)]
    for number in range(_ROUNDS):  # a round at a time, so that it can be cancelled
        yield Progress(number, _ROUNDS, "rounds of k-means")
        means = faiss.Kmeans(
            sample.shape[1], n_lists, niter=1, spherical=True, min_points_per_centroid=1, seed=1,
            max_points_per_centroid=2 * ROWS_TO_A_CENTROID,
        )  # fmt: skip
        means.train(sample, init_centroids=centroids)
        centroids = np.ascontiguousarray(means.centroids, np.float32)
    return centroids


def write_lists(
    path: Path, rows: np.ndarray, factors: np.ndarray, centroids: np.ndarray
) -> Job[int]:
    """Write all rows, each times its factor, into the list of their centroid.

    rows: (n, dimension) float32, which are read in their order; factors: (n,) float32. Returns the
    CRC-32 of the file. Memory: of some thousand rows, whatever n.
    """
    faiss = load_faiss()
    n_lists, dimension = centroids.shape
    quantizer = faiss.IndexFlatIP(dimension)
    quantizer.add(centroids)
    list_of = np.empty(len(rows), np.int32)
    for start, block in _blocks(rows, factors):
        yield Progress(start, len(rows), "descriptors sorted into lists")
        list_of[start : start + len(block)] = quantizer.search(block, 1)[1][:, 0]
    layout = Layout(dimension, np.bincount(list_of, minlength=n_lists).astype(np.int64))
    with written_beside(path) as partial:
        with partial.open("wb") as file:
            make_room(file, layout.n_bytes)
        yield from _fill(partial, layout, rows, factors, centroids, list_of)
        return (yield from checksum(partial))


def _fill(
    path: Path,
    layout: Layout,
    rows: np.ndarray,
    factors: np.ndarray,
    centroids: np.ndarray,
    list_of: np.ndarray,
) -> Job[None]:
    """Write everything where it belongs; list_of: (n,) int32, the list of each row."""
    n_lists, dimension = centroids.shape
    mapped = np.memmap(path, np.uint8, "r+", shape=(layout.n_bytes,))
    _put(mapped, 0, centroids.astype("<f4"))
    _put(mapped, layout.head_bytes - 8 * n_lists, layout.sizes.astype("<i8"))
    starts, capacities = layout.starts, layout.capacities
    filled = np.zeros(n_lists, np.int64)
    for start, block in _blocks(rows, factors):
        yield Progress(start, len(rows), "descriptors written to lists")
        lists = list_of[start : start + len(block)]
        order = np.argsort(lists, kind="stable")
        there, firsts, counts = np.unique(lists[order], return_index=True, return_counts=True)
        for number, first, count in zip(there, firsts, counts, strict=True):
            some = order[first : first + count]
            at = int(starts[number] + 4 * dimension * filled[number])
            _put(mapped, at, block[some].astype("<f4"))
            at = int(starts[number] + 4 * dimension * capacities[number] + 8 * filled[number])
            _put(mapped, at, (some + start).astype("<i8"))
            filled[number] += count
    mapped.flush()


def checksum(path: Path) -> Job[int]:
    """The CRC-32 of a file."""
    done, crc = 0, 0
    with open_regular(path) as file:
        for piece in file.pieces():
            yield Progress(done, file.n_bytes, "bytes of the lists summed")
            crc = zlib.crc32(piece, crc)
            done += len(piece)
    return crc


class MappedLists:
    """An open file of lists, of which a search reads those that it probes.

    Raises ValueError for a file that is not as long as its sizes say or has other sizes than rows,
    AppError for one that can't be read.
    """

    def __init__(self, path: Path, n_rows: int, dimension: int, n_lists: int) -> None:
        head = head_bytes(n_lists, dimension)
        with open_regular(path) as file:
            n_bytes = file.n_bytes
            raw = file.read(head)
            self._map = file.map() if raw else None
        if len(raw) < head:
            raise ValueError("its head is cut off")
        sizes = np.frombuffer(raw, "<i8", n_lists, head - 8 * n_lists).astype(np.int64)
        if (sizes < 0).any() or (sizes > n_rows).any() or int(sizes.sum()) != n_rows:
            raise ValueError("its lists have other sizes than it has rows")
        layout = Layout(dimension, sizes)
        if layout.n_bytes != n_bytes:
            raise ValueError("it has another length than its lists")
        centroids = np.frombuffer(raw, "<f4", n_lists * dimension).reshape(n_lists, dimension)
        if not np.isfinite(centroids).all():
            raise ValueError("its centroids are no numbers")
        self.n_lists, self.n_rows, self._n_probed = n_lists, n_rows, 0
        self._index, self._held = _open_index(path, layout, centroids.astype(np.float32))

    @property
    def efforts(self) -> tuple[int, int]:
        """Lists that are probed."""
        return 1, self.n_lists

    def describe(self, effort: int) -> str:
        """ "faiss IVF-Flat, 16 of 2,048 lists"."""
        return f"{LIBRARY}, {effort:,} of {self.n_lists:,} lists"

    def to_json(self, effort: int) -> dict[str, object]:
        """A JSON-able dictionary."""
        return {"library": LIBRARY, "lists": self.n_lists, "lists_probed": effort}

    def search(self, queries: np.ndarray, k: int, effort: int) -> np.ndarray:
        """Up to k rows for each query from its nearest lists, best first by float32 sums.

        queries: (n_queries, dimension) float32 of length 1. Returns (n_queries, k) int64, -1 where
        there is none; a stranger's file may give one row twice.
        """
        found = self.search_alone(queries, k, effort)
        found[found >= self.n_rows] = -1  # nor need the rows be there that such a file numbers
        return found

    def search_one(self, query: np.ndarray, k: int, effort: int) -> np.ndarray:
        """The same for one (dimension,) query: (n_found,) int64, those alone that are there."""
        found: np.ndarray = self.search_alone(query[None], k, effort)[0]
        numbers = found.tolist()  # of which Python finds the ends sooner than NumPy of few
        if numbers and (min(numbers) < 0 or max(numbers) >= self.n_rows):
            found = found[(found >= 0) & (found < self.n_rows)]
        return found

    def search_alone(self, queries: np.ndarray, k: int, n_probed: int) -> np.ndarray:
        """As faiss answers: (n_queries, k) int64, best first, -1 where there is none.

        Raises GalleryError where the file was cut off since it was opened.
        """
        if n_probed != self._n_probed:  # to set it takes as long as two calls of NumPy
            self._index.nprobe = min(n_probed, self.n_lists)
            self._n_probed = n_probed
        check_whole(self._map)
        found: np.ndarray
        _, found = self._index.search(np.ascontiguousarray(queries), min(k, self.n_rows))
        return found


@dataclass(frozen=True, eq=False)
class ListsAndNewer:
    """Lists, and rows that were added behind theirs, of which every one is compared.

    newer: (n_newer, dimension) float32 of length 1.
    """

    lists: MappedLists
    newer: np.ndarray

    @property
    def n_rows(self) -> int:
        """Of both."""
        return self.lists.n_rows + len(self.newer)

    @property
    def efforts(self) -> tuple[int, int]:
        """Lists that are probed."""
        return self.lists.efforts

    def describe(self, effort: int) -> str:
        """ "faiss IVF-Flat, 16 of 2,048 lists, and 1,000 newer images one by one"."""
        newer = plural(len(self.newer), "newer image")
        return f"{self.lists.describe(effort)}, and {newer} one by one"

    def to_json(self, effort: int) -> dict[str, object]:
        """A JSON-able dictionary."""
        return {**self.lists.to_json(effort), "newer": len(self.newer)}

    def search(self, queries: np.ndarray, k: int, effort: int) -> np.ndarray:
        """As `RowIndex` has it, up to k of the lists and up to k of the newer ones."""
        scores = queries @ self.newer.T
        n = min(k, len(self.newer))
        best = np.argpartition(scores, len(self.newer) - n, axis=1)[:, len(self.newer) - n :]
        return np.hstack((self.lists.search(queries, k, effort), best + self.lists.n_rows))

    def search_one(self, query: np.ndarray, k: int, effort: int) -> np.ndarray:
        """As `RowIndex` has it."""
        found = self.search(query[None], k, effort)[0]
        result: np.ndarray = found[found >= 0]
        return result


def _open_index(path: Path, layout: Layout, centroids: np.ndarray) -> tuple[Any, tuple[Any, ...]]:
    """faiss's index over the mapped file, and what must live as long as it."""
    faiss = load_faiss()
    dimension = layout.dimension
    quantizer = faiss.IndexFlatIP(dimension)
    quantizer.add(centroids)
    lists = faiss.OnDiskInvertedLists()
    lists.nlist, lists.code_size = len(layout.sizes), 4 * dimension
    lists.filename, lists.totsize, lists.read_only = str(path), layout.n_bytes, True
    # Else 32 threads of each search go on reading behind its answer, whatever becomes of the file.
    lists.prefetch_nthread = 0
    starts, capacities = layout.starts.tolist(), layout.capacities.tolist()
    for size, capacity, start in zip(layout.sizes.tolist(), capacities, starts, strict=False):
        one = faiss.OnDiskOneList()
        one.size, one.capacity, one.offset = size, capacity, start
        lists.lists.push_back(one)
    lists.do_mmap()
    index = faiss.IndexIVFFlat(quantizer, dimension, len(layout.sizes), faiss.METRIC_INNER_PRODUCT)
    index.replace_invlists(lists, False)
    index.ntotal, index.is_trained = int(layout.sizes.sum()), True
    return index, (quantizer, lists)


def _blocks(rows: np.ndarray, factors: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The number of the first row and the rows times their factors, float32."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        yield start, np.ascontiguousarray(rows[part] * factors[part, None], np.float32)


def _put(mapped: np.ndarray, at: int, values: np.ndarray) -> None:
    raw = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    mapped[at : at + raw.size] = raw
