"""Two weights files held against each other: how far each layer has moved, filter by filter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.comparison.distances import share_of
from core.errors import WeightsError
from core.progress import Job, Progress
from core.weights.contents import LayerWeights, WeightBlob
from core.weights.reader import open_weights
from core.words import join_names, plural, shape_text

N_FILTERS = 12
"""How many filters of a layer are kept: those that moved most."""

_CHUNK_VALUES = 1 << 22
_MOST_NAMED = 3


@dataclass(frozen=True)
class CompareWeightsRequest:
    """Two caffemodels or HDF5 files; layers are matched by name, as Caffe binds them.

    layers: those to compare, () for all. n_filters: how many of each are kept, those that moved
    most; None for all.
    """

    first: Path
    second: Path
    layers: tuple[str, ...] = ()
    n_filters: int | None = N_FILTERS


class ArrayChange(msgspec.Struct, frozen=True):
    """One array of a layer in both files.

    change: |b - a| over |a|, in L2; infinite where the first is all zeros, None where `why_not`
    says why nothing is told. n_different: values whose bits differ. filters: (index along the
    first axis, its own change) of those that moved most, the largest first.
    """

    index: int
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    n_values: int = 0
    n_different: int = 0
    change: float | None = None
    largest: float = 0.0
    filters: tuple[tuple[int, float], ...] = ()
    why_not: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether both files hold the same bits."""
        return self.change is not None and self.n_different == 0


class LayerChange(msgspec.Struct, frozen=True):
    """One layer of either file; arrays are () where only one file has it."""

    name: str
    type: str
    in_first: bool
    in_second: bool
    arrays: tuple[ArrayChange, ...] = ()

    @property
    def change(self) -> float | None:
        """How far its first array has moved; None where that can't be said."""
        return self.arrays[0].change if self.arrays else None

    @property
    def is_equal(self) -> bool:
        """Whether every array holds the same bits in both files."""
        return bool(self.arrays) and all(array.is_equal for array in self.arrays)

    @property
    def why_not(self) -> str:
        """Why there is no change to tell, "" where there is one."""
        if not self.in_second:
            return "only in A"
        if not self.in_first:
            return "only in B"
        return self.arrays[0].why_not if self.arrays else "no arrays"


class ComparedWeights(msgspec.Struct, frozen=True):
    """Every layer with arrays, in the order of the first file, then what only the second has."""

    layers: tuple[LayerChange, ...]


def compare_weights(request: CompareWeightsRequest) -> Job[ComparedWeights]:
    """Read both files layer by layer, a few MiB at a time. Raises WeightsError."""
    yield Progress(0, 0, "files")
    first, second = open_weights(request.first), open_weights(request.second)
    names = [x.name for x in first.layers if x.blobs]
    names += [x.name for x in second.layers if x.blobs and first.get(x.name) is None]
    names = [name for name in dict.fromkeys(names) if name in (request.layers or names)]
    changes = []
    for done, name in enumerate(names):
        yield Progress(done, len(names), "layers")
        one, other = first.get(name), second.get(name)
        changes.append((yield from _compare_layer(name, one, other, request.n_filters)))
    return ComparedWeights(tuple(changes))


def sentence_of(found: ComparedWeights) -> tuple[str, str]:
    """What moved most and what is equal, in a sentence, and what only one file has."""
    told = [layer for layer in found.layers if layer.change is not None]
    n_equal = sum(layer.is_equal for layer in told)
    hint = _without_counterpart(found)
    if not told:
        return "The two files have no layer that can be held against the other.", hint
    if n_equal == len(told):
        is_are = "is" if n_equal == 1 else "are"
        return f"{plural(n_equal, 'layer')} of both files {is_are} equal, bit for bit.", hint
    worst = max((x for x in told if not x.is_equal), key=_rank)
    word = change_text(worst.change)
    moved = f"{worst.name} moved most ({word})"
    if not n_equal:
        return f"Every layer of both files moved; {moved}.", hint
    is_are = "is" if n_equal == 1 else "are"
    return f"{moved}; {plural(n_equal, 'layer')} {is_are} equal, bit for bit.", hint


def change_text(change: float | None) -> str:
    """ "1.9 %", "0.004 %", "from zero"."""
    if change is None:
        return "–"
    if math.isinf(change):
        return "from zero"
    percent = 100 * change
    if percent == 0 or percent >= 1000:
        return f"{percent:,.0f} %"
    digits = max(0, 1 - math.floor(math.log10(percent)))
    return f"{percent:.{digits}f} %"


def _rank(layer: LayerChange) -> float:
    """By the first array; of one that is equal there, by what moved besides, below all others."""
    change = layer.change
    return change if change else -1.0


def _without_counterpart(found: ComparedWeights) -> str:
    parts = []
    alone = [x.name for x in found.layers if not (x.in_first and x.in_second)]
    if alone:
        parts.append(f"Only in one file: {_named(alone)}.")
    other = [x.name for x in found.layers if x.in_first and x.in_second and x.change is None]
    if other:
        parts.append(f"Not told apart, as shapes differ: {_named(other)}.")
    return " ".join(parts)


def _named(names: list[str]) -> str:
    shown = names[:_MOST_NAMED]
    more = len(names) - len(shown)
    return join_names([*shown, f"{more:,} more"] if more else shown)


def _compare_layer(
    name: str, one: LayerWeights | None, other: LayerWeights | None, n_filters: int | None
) -> Job[LayerChange]:
    both = LayerChange(
        name, one.type if one else other.type if other else "", one is not None, other is not None
    )
    if one is None or other is None:
        return both
    arrays = []
    for index in range(max(one.n_parameters, other.n_parameters)):
        blobs = one.blob(index), other.blob(index)
        arrays.append((yield from _compare_array(index, *blobs, n_filters)))
    return msgspec.structs.replace(both, arrays=tuple(arrays))


def _compare_array(
    index: int, one: WeightBlob | None, other: WeightBlob | None, n_filters: int | None
) -> Job[ArrayChange]:
    if one is None or other is None:
        shapes = (one.shape if one else (), other.shape if other else ())
        return ArrayChange(index, shapes, why_not=f"only in {'A' if one else 'B'}")
    shapes = (_plain(one), _plain(other))
    if shapes[0] != shapes[1] or one.n_values != other.n_values:
        words = f"{shape_text(shapes[0])} and {shape_text(shapes[1])}"
        return ArrayChange(index, shapes, why_not=words)
    try:
        first, second = one.array(), other.array()
    except WeightsError as error:
        return ArrayChange(index, shapes, why_not=error.sentence)
    rows = shapes[0][0] if len(shapes[0]) > 1 else 1
    sums = _Sums(rows)
    for start, a, b in _chunks(first.reshape(rows, -1), second.reshape(rows, -1)):
        yield Progress(0, 0, "values")
        sums.add(start, a, b)
    return sums.change(index, shapes, n_filters=n_filters if rows > 1 else 0)


def _plain(blob: WeightBlob) -> tuple[int, ...]:
    """A shape without the ones that legacy files put before it."""
    shape = blob.shape
    while blob.is_legacy and len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return shape


def _chunks(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Some whole rows at a time; a row longer than a chunk comes alone."""
    step = max(1, _CHUNK_VALUES // max(1, first.shape[1]))
    for start in range(0, first.shape[0], step):
        yield start, first[start : start + step], second[start : start + step]


class _Sums:
    """Squares by row, which chunk by chunk give the change of a whole array and of its rows."""

    def __init__(self, n_rows: int) -> None:
        self._norms, self._moved = np.zeros(n_rows), np.zeros(n_rows)
        self._n_values = self._n_different = 0
        self._largest = 0.0

    def add(self, start: int, first: np.ndarray, second: np.ndarray) -> None:
        a, b = (np.ascontiguousarray(x, np.float32) for x in (first, second))
        self._n_values += a.size
        self._n_different += int(np.count_nonzero(a.view(np.uint32) != b.view(np.uint32)))
        one = a.astype(np.float64)
        gap = b.astype(np.float64) - one
        end = start + len(a)
        self._norms[start:end] = np.einsum("ij,ij->i", one, one)
        self._moved[start:end] = np.einsum("ij,ij->i", gap, gap)
        self._largest = max(self._largest, float(np.abs(gap).max(initial=0.0)))

    def change(
        self,
        index: int,
        shapes: tuple[tuple[int, ...], tuple[int, ...]],
        *,
        n_filters: int | None,
    ) -> ArrayChange:
        norms, moved = np.sqrt(self._norms), np.sqrt(self._moved)
        filters: tuple[tuple[int, float], ...] = ()
        if n_filters != 0 and self._n_different:
            each = [share_of(float(m), float(n)) for m, n in zip(moved, norms, strict=True)]
            order = sorted(range(len(each)), key=lambda i: -each[i])[:n_filters]
            filters = tuple((i, each[i]) for i in order if each[i] > 0)
        whole = share_of(float(np.sqrt(self._moved.sum())), float(np.sqrt(self._norms.sum())))
        return ArrayChange(
            index, shapes, self._n_values, self._n_different, whole, self._largest, filters
        )
