"""INRIA Holidays: groups by number, trapezoid AP without the query itself (Jegou et al., 2008)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import GalleryError
from core.evaluation.trapezoid import ranks_without_junk, trapezoid_precision
from core.reading import read_file

_MOST_BYTES = 64 << 20
_NUMBERED = re.compile(r"\d{6}")
_IN_A_GROUP = 100


def group_of(name: str) -> int:
    """The group of an image: "100501.jpg" is of 1005. Raises GalleryError for another name."""
    stem = PurePosixPath(name).stem
    if not _NUMBERED.fullmatch(stem):
        raise GalleryError(f"'{name}' is no name of Holidays, which has numbers of six digits.")
    return int(stem) // _IN_A_GROUP


def is_query(name: str) -> bool:
    """Whether an image is a query: its number ends in 00."""
    return int(PurePosixPath(name).stem) % _IN_A_GROUP == 0


def read_holidays_images(path: Path) -> tuple[str, ...]:
    """The names of `holidays_images.dat`, one a line, in their order. Raises GalleryError."""
    names = tuple(_lines(path))
    for name in names:
        group_of(name)
    return names


def read_holidays_results(path: Path) -> dict[str, tuple[str, ...]]:
    """Rankings by query, of lines "query rank name rank name ...". Raises GalleryError."""
    found = {}
    for number, line in enumerate(_lines(path), start=1):
        query, *pairs = line.split()
        if len(pairs) % 2 or not all(rank.isdecimal() for rank in pairs[::2]):
            raise GalleryError(f"'{path.name}', line {number}, has no pairs of rank and name.")
        order = sorted(
            zip(map(int, pairs[::2]), pairs[1::2], strict=True), key=lambda pair: pair[0]
        )
        found[query] = tuple(name for _, name in order)
    return found


def score_query(query: str, ranking: Sequence[str], images: Sequence[str]) -> float:
    """Trapezoid AP over the group's other images; the query itself takes no rank."""
    group = group_of(query)
    positives = {name for name in images if name != query and group_of(name) == group}
    return trapezoid_precision(ranks_without_junk(ranking, positives, {query}), len(positives))


def mean_precision(images: Sequence[str], rankings: dict[str, Sequence[str]]) -> float:
    """The mean over all queries; one without a ranking counts 0."""
    queries = [name for name in images if is_query(name)]
    return float(np.mean([score_query(q, rankings.get(q, ()), images) for q in queries]))


def _lines(path: Path) -> list[str]:
    written = read_file(path, _MOST_BYTES, what="The file of Holidays", error=GalleryError)
    return [line.strip() for line in written.decode("utf-8", "replace").split("\n") if line.strip()]
