"""Cosines of queries with many descriptors, summed exactly, block by block where the rows lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np

from core.errors import GalleryError
from core.mapped import map_of
from core.retrieval.block_scan import best_rows, kth_largest
from core.retrieval.gallery_contents import DescriptorRows
from core.retrieval.vectors_file import check_whole

_VALUES_FOR_ONE = 1 << 18
"""Values of a block for one query: 2 MB of float64, which stay in a core's cache."""
_VALUES_FOR_MANY = 1 << 22
"""And for many, where the product takes longer than bringing the block near."""
_MANY = 16
_FEW = 4
"""Queries for which a pass for each is as fast as one for all: reading the rows is what takes."""
_N_THREADS = 2
Excluded = int | np.ndarray | None
"""An image that a ranking leaves out, or (n,) int64 of them."""
_ROUNDING = 2.0**-24
_MOST_ERROR = 0.01
"""Of float32 sums: beyond it they tell too little, and the bound's higher terms begin to count."""
_SHORTEST, _LONGEST = 1e-12, 1e18
"""Lengths between which the products and sums of float32 neither vanish nor run over."""


class Cosines:
    """Answers with the cosines of the same descriptors to any query.

    descriptors: (n, dimension) of any length. They are neither copied nor normalised: their lengths
    are taken once, and each product is divided by both lengths. A row of zeros has the cosine 0.
    """

    def __init__(self, descriptors: np.ndarray | DescriptorRows) -> None:
        self.descriptors = descriptors
        if isinstance(descriptors, DescriptorRows):
            # A plain array over the same map: each slice of a memmap runs Python code of NumPy's.
            self._stored, self._rows = np.asarray(descriptors.stored), descriptors.rows
        else:
            self._stored = np.asarray(descriptors)
            self._rows = np.arange(len(self._stored))
        self._map = map_of(self._stored)

    def __len__(self) -> int:
        return int(self._rows.size)

    @cached_property
    def lengths(self) -> np.ndarray:
        """The Euclidean length of each descriptor, (n,) float64; infinite or NaN for a damaged one.

        A square of a float32 fits a float64, so that no good descriptor is too long or too short.
        """
        result: np.ndarray = self._stored_lengths[self._rows]
        return result

    def of(self, queries: np.ndarray) -> np.ndarray:
        """The cosines of (n_queries, dimension) queries, (n_queries, n) float32.

        Sums are float64 and rounded once, so that equal descriptors get equal scores wherever they
        stand. Raises GalleryError for a query that is not finite.
        """
        return self._of(queries, np.float32)

    def roughly(self, queries: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, float] | None:
        """`of` by float32 sums, in half the time, and how far they may be from the exact ones.

        out: (n_queries, n_rows) float32, one for each stored row, whose content is lost.
        None where their error would tell too little, or a length is beyond them.
        """
        exact = np.asarray(queries, dtype=np.float64)
        lengths = _lengths_of(exact)
        error = (exact.shape[1] + 8) * _ROUNDING
        inverse = self.inverse_lengths
        if inverse is None or not lengths.all() or error > _MOST_ERROR:
            return None
        np.matmul((exact / lengths[:, None]).astype(np.float32), self.stored.T, out=out)
        out *= inverse
        return self._in_order(out), error

    def of_one(self, query: np.ndarray) -> np.ndarray:
        """The cosines of one (dimension,) query before they are rounded, (n,) float64."""
        result: np.ndarray = self._of(query[None], np.float64)[0]
        return result

    def _of(self, queries: np.ndarray, to: type[np.floating[Any]]) -> np.ndarray:
        # A float32 product adds in an order that depends on where a row stands in its block: copies
        # of one image would score a bit apart, in an order that changes with the gallery's size.
        exact = np.asarray(queries, dtype=np.float64)
        of_queries = _lengths_of(exact)
        scores = np.empty((len(exact), len(self._stored)), dtype=to)
        of_rows, of_queries = _divisors(self._stored_lengths), _divisors(of_queries)

        def take(start: int, block: np.ndarray, n: int) -> None:
            here = slice(start, start + n)
            products = _products(exact, block)[:, :n]
            products /= of_rows[here]
            np.divide(products, of_queries[:, None], out=scores[:, here], casting="same_kind")

        self._take_blocks(take, n_queries=len(exact))
        return self._in_order(scores)

    def nearest(self, query: np.ndarray, k: int, *, exclude: Excluded = None) -> np.ndarray:
        """The images that may be the first k of a (dimension,) query's ranking, rising, int64.

        All that share a score with one of them are among these, and seldom many more. They are
        found by float32 sums where the rows lie, whose error is at most the number of values times
        the rounding of one (Higham, Accuracy and Stability, 3.1), relative to both lengths.
        exclude: images that are none. Raises GalleryError for a query that is not finite.
        """
        exact = np.asarray(query, dtype=np.float64)
        (length,) = _lengths_of(exact[None])
        error = (exact.size + 8) * _ROUNDING
        inverse = self.inverse_lengths
        if inverse is None or length == 0 or error > _MOST_ERROR:
            images = np.arange(len(self))
        else:
            sums = self._rough_sums((exact / length).astype(np.float32))
            sums *= inverse
            sums[self._rows_of_none] = -np.inf
            if exclude is not None:
                sums[self._rows[exclude]] = -np.inf
            least = np.float64(kth_largest(sums, min(k, len(self)))) - 2 * error
            images = np.sort(self.image_of_row[np.flatnonzero(sums >= least)])
            images = images[np.searchsorted(images, 0) :]
        return images if exclude is None else images[~np.isin(images, exclude)]

    def nearest_of_many(
        self, queries: np.ndarray, k: int, exclude: Sequence[Excluded]
    ) -> list[np.ndarray]:
        """`nearest` for each of (n_queries, dimension) queries, in one pass over the rows.

        exclude: for each query.
        """
        exact = np.asarray(queries, dtype=np.float64)
        lengths = _lengths_of(exact)
        error = (exact.shape[1] + 8) * _ROUNDING
        inverse = self.inverse_lengths
        if len(exact) < _FEW or inverse is None or not lengths.all() or error > _MOST_ERROR:
            return [
                self.nearest(query, k, exclude=own)
                for query, own in zip(exact, exclude, strict=True)
            ]
        n_more = max(np.size(own) if own is not None else 0 for own in exclude)
        factors = np.where(self.image_of_row < 0, np.float32(np.nan), inverse)
        unit = (exact / lengths[:, None]).astype(np.float32)
        found = best_rows(self.stored, factors, unit, k + n_more, 2 * error)
        images = [np.sort(self.image_of_row[rows]) for rows in found]
        return [
            some if own is None else some[~np.isin(some, own)]
            for some, own in zip(images, exclude, strict=True)
        ]

    def of_rows(self, queries: np.ndarray, lengths: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """`exactly` for stored rows of each query, (n_queries, n_found) float64.

        queries: (n_queries, dimension) float64; lengths: theirs, (n_queries,); rows: (n_queries,
        n_found) int64, any value for a negative one.
        """
        near = np.asarray(self.stored[rows], dtype=np.float64)
        products = np.vecdot(near, queries[:, None, :]) / _divisors(self._stored_lengths[rows])
        result: np.ndarray = products / _divisors(lengths)[:, None]
        return result

    def of_rows_of_one(self, query: np.ndarray, length: float, rows: np.ndarray) -> np.ndarray:
        """The same for one (dimension,) float64 query of a length above 0 and rows, (n,) int64."""
        products = np.vecdot(self.stored.take(rows, axis=0), query)
        result: np.ndarray = products / self._row_divisors.take(rows) / length
        return result

    @cached_property
    def _row_divisors(self) -> np.ndarray:
        return _divisors(self._stored_lengths)

    @cached_property
    def image_of_row(self) -> np.ndarray:
        """The number of the image of each stored row, (n_rows,) int64; -1 for a row of none."""
        numbers = np.full(len(self._stored), -1)
        numbers[self._rows] = np.arange(len(self))
        return numbers

    @cached_property
    def _rows_of_none(self) -> np.ndarray:
        return np.flatnonzero(self.image_of_row < 0)

    @property
    def stored(self) -> np.ndarray:
        """All rows where they lie, (n_rows, dimension), those of no image among them.

        To be read now. Raises GalleryError where their file was cut off since it was opened.
        """
        check_whole(self._map)
        return self._stored

    def exactly(self, query: np.ndarray, images: np.ndarray) -> np.ndarray:
        """The cosines of one (dimension,) query with some images, (n,) float64, not rounded.

        Each row's sum is added in the same order wherever it stands: equal rows get equal ones,
        those of `of_one`.
        """
        exact = np.asarray(query, dtype=np.float64)
        rows = np.asarray(self.stored[self._rows[images]], dtype=np.float64)
        products = np.vecdot(rows, exact) / _divisors(np.sqrt(np.vecdot(rows, rows)))
        result: np.ndarray = products / _divisors(np.sqrt(np.vecdot(exact, exact)))
        return result

    def _rough_sums(self, query: np.ndarray) -> np.ndarray:
        """The float32 products of the stored rows with a (dimension,) one, (n_rows,) float32.

        Row by row: OpenBLAS reads the matrix of a matrix-vector product at two thirds of the speed.
        """
        sums = np.empty(len(self._stored), np.float32)
        if self._stored.size < _VALUES_FOR_MANY:
            np.vecdot(self.stored, query, out=sums)
            return sums
        size = -(-sums.size // _N_THREADS)
        parts = [slice(start, start + size) for start in range(0, sums.size, size)]

        def take(part: slice) -> None:
            np.vecdot(self.stored[part], query, out=sums[part])

        with ThreadPoolExecutor(_N_THREADS) as threads:
            list(threads.map(take, parts))
        return sums

    @cached_property
    def _stored_lengths(self) -> np.ndarray:
        lengths = np.empty(len(self._stored))

        def take(start: int, block: np.ndarray, n: int) -> None:
            lengths[start : start + n] = np.sqrt(np.vecdot(block, block))[:n]

        self._take_blocks(take, n_queries=1)
        return lengths

    @cached_property
    def _is_in_order(self) -> bool:
        return np.array_equal(self._rows, np.arange(len(self._stored)))

    @cached_property
    def inverse_lengths(self) -> np.ndarray | None:
        """To multiply float32 sums by, one a stored row; None where sums may run over or vanish."""
        lengths = self._stored_lengths
        is_none = lengths == 0
        is_plain = is_none | ((lengths > _SHORTEST) & (lengths < _LONGEST))
        if self._stored.dtype != np.float32 or not is_plain.all():
            return None
        return (1 / _divisors(lengths)).astype(np.float32)

    def _take_blocks(self, take: Callable[[int, np.ndarray, int], None], n_queries: int) -> None:
        """Bring the rows to float64 block by block: the first one's number, the block, its rows.

        All blocks have one size, so that products add in one order in each of them: behind the
        last rows of all comes whatever the buffer held.
        """
        n, dimension = self._stored.shape
        n_values = _VALUES_FOR_ONE if n_queries < _MANY else _VALUES_FOR_MANY
        size = max(_MANY, min(n_values // max(1, dimension), n) // _MANY * _MANY)
        starts = range(0, n, size)

        def take_some(some: range) -> None:
            block = np.zeros((size, dimension))
            for start in some:
                rows = self.stored[start : start + size]
                block[: len(rows)] = rows
                take(start, block, len(rows))

        if n_queries >= _MANY or len(starts) == 1:  # a large product is on all cores by itself
            take_some(starts)
            return
        with ThreadPoolExecutor(_N_THREADS) as threads:
            list(threads.map(take_some, [starts[i::_N_THREADS] for i in range(_N_THREADS)]))

    def _in_order(self, scores: np.ndarray) -> np.ndarray:
        """Scores of the stored rows as those of the descriptors; in place, for they are many."""
        n = len(self)
        if self._is_in_order:
            return scores
        for of_one in scores:
            of_one[:n] = of_one[self._rows]
        return scores[:, :n]


def _products(queries: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Inner products, (n_queries, n_block) float64."""
    result: np.ndarray
    result = np.vecdot(block, queries)[None] if len(queries) == 1 else queries @ block.T
    return result


def _lengths_of(queries: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.sqrt(np.vecdot(queries, queries))
    if not np.isfinite(lengths).all():
        raise GalleryError("The query's descriptor holds NaN or infinity.")
    return lengths


def _divisors(lengths: np.ndarray) -> np.ndarray:
    """Lengths to divide by: a row of zeros stays one."""
    return np.where(lengths == 0, 1.0, lengths)
