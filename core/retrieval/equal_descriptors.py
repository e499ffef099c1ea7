"""Descriptors that are all alike, which rank in the order of the files and mean nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.retrieval.descriptor import l2_normalise
from core.retrieval.gallery_contents import DescriptorRows

Descriptors = np.ndarray | DescriptorRows
_MOST = 0.9
_TOLERANCE = 1e-5
_N_SAMPLED = 1024
_BYTES_SAMPLED = 64 << 20
_BYTES_AT_ONCE = 2 << 20
"""Of float64, where all are read: so many stay in the cache of a core."""
_CAUSES = (
    "The layer may be dead (every value below its ReLU), lack its trained weights, or get pictures "
    "of another scale or mean: look at its values with extract, or in the window."
)


@dataclass(frozen=True)
class EqualDescriptors:
    """How many of n descriptors have one direction, and how many are of zeros only.

    is_constant_by_label: all of one label are equal, for every label, while labels differ.
    """

    n: int
    n_equal: int
    n_zero: int
    is_constant_by_label: bool = False

    def describe(self) -> str:
        """ "all 12 descriptors are equal", "180 of 192 descriptors are equal"; "" if few are."""
        if self.n == self.n_zero == 1:
            return "the only descriptor is of zeros"
        if self.n > 1 and self.n_equal >= _MOST * self.n:
            why = " (the layer gives zeros)" if self.n_zero >= _MOST * self.n_equal else ""
            n = "all" if self.n_equal == self.n else f"{self.n_equal:,} of"
            return f"{n} {self.n:,} descriptors are equal{why}"
        if self.is_constant_by_label:
            return "all descriptors of one label are equal"
        return ""

    def note(self) -> str | None:
        """What a reader of results has to know, with likely causes; None if few are equal."""
        said = self.describe()
        if not said:
            return None
        if self.is_constant_by_label:
            causes = "The images of a label may be copies of one file."
        else:
            causes = _CAUSES
        return f"{said[0].upper()}{said[1:]}, so that no ranking means anything. {causes}"


def find_equal_descriptors(
    descriptors: Descriptors, labels: Sequence[str | None] = (), *, floor: float = 0.0
) -> EqualDescriptors:
    """Count equal and zero descriptors, in bounded memory.

    descriptors: (n_images, dimension) of any length; labels: one each, or none at all; floor: what
    the pooling makes of zeros. Where a sample has no equal ones the rest is not read.
    """
    n = len(descriptors)
    if not n:
        return EqualDescriptors(0, 0, 0)
    sample = _sample(descriptors)
    sampled = descriptors[sample]
    rows = l2_normalise(sampled)
    common = _most_common(rows)
    n_alike = int(_is_like(rows, common).sum())
    by_label = _is_constant_by_label(descriptors, labels, sample)
    if len(sample) < n and n_alike >= _MOST / 2 * len(sample):
        n_alike = sum(int(_is_like(rows, common).sum()) for rows in _normalised(descriptors))
    by_label = by_label and n_alike < _MOST * n
    if len(sample) < n and by_label:
        by_label = _is_constant_by_label(descriptors, labels, np.arange(n))
    is_zero = np.abs(sampled).max(axis=1, initial=0) <= floor * 1.001
    n_zero = min(n_alike, round(n * float(is_zero.mean())))
    return EqualDescriptors(n, n_alike, n_zero, by_label)


def _sample(descriptors: Descriptors) -> np.ndarray:
    """Indices of up to 1,024 descriptors at random, fewer of long ones, the same every time."""
    n = len(descriptors)
    n_sampled = min(n, _N_SAMPLED, _n_rows(descriptors, _BYTES_SAMPLED))
    return np.sort(np.random.default_rng(0).choice(n, n_sampled, replace=False))


def _n_rows(descriptors: Descriptors, n_bytes: int) -> int:
    """How many descriptors fit into so many bytes of float64, but 16 of the longest too."""
    dimension = int(descriptors[:1].shape[1])
    return max(16, n_bytes // (8 * max(1, dimension)))


def _most_common(rows: np.ndarray) -> np.ndarray:
    """The direction that most rows have."""
    keys = [row.tobytes() for row in np.round(rows, 4) + np.float32(0)]  # adding 0: -0 is 0
    ((key, _),) = Counter(keys).most_common(1)
    common: np.ndarray = rows[keys.index(key)]
    return common


def _is_like(rows: np.ndarray, one: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.abs(rows - one).max(axis=1, initial=0) <= _TOLERANCE
    return result


def _normalised(descriptors: Descriptors) -> Iterator[np.ndarray]:
    step = _n_rows(descriptors, _BYTES_AT_ONCE)
    for start in range(0, len(descriptors), step):
        yield l2_normalise(descriptors[start : start + step])


def _is_constant_by_label(
    descriptors: Descriptors, labels: Sequence[str | None], indices: np.ndarray
) -> bool:
    """Whether labels of several images have one direction each, and there are two such labels."""
    if not labels:
        return False
    first: dict[str, np.ndarray] = {}
    again: set[str] = set()
    step = _n_rows(descriptors, _BYTES_AT_ONCE)
    for start in range(0, len(indices), step):
        chunk = indices[start : start + step]
        named = [labels[index] for index in chunk.tolist()]
        places = [place for place, label in enumerate(named) if label is not None]
        rows = l2_normalise(descriptors[chunk[places]])
        like = np.empty_like(rows)
        for number, place in enumerate(places):
            label = str(named[place])
            if label in first:
                again.add(label)
            else:
                first[label] = rows[number].copy()  # a view would keep the whole chunk
            like[number] = first[label]
        if (np.abs(rows - like).max(axis=1, initial=0) > _TOLERANCE).any():
            return False
    return len(again) > 1
