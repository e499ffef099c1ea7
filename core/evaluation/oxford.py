"""Oxford and Paris buildings: reading their ground truth, scoring rankings by their rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import GalleryError
from core.evaluation.trapezoid import ranks_without_junk, trapezoid_precision
from core.reading import names_in, read_file

_MOST_BYTES = 16 << 20
_KINDS = ("good", "ok", "junk")
_OXFORD_PREFIX = "oxc1_"


@dataclass(frozen=True)
class OxfordQuery:
    """One query: its name as "all_souls_1", its image without ending, what answers it.

    box: left, top, right, bottom in pixels of the upright image; not left, top, width, height, as
    it is often read. The image itself stays in the gallery and is one of the positives.
    """

    name: str
    image: str
    box: tuple[float, float, float, float]
    good: frozenset[str]
    ok: frozenset[str]
    junk: frozenset[str]

    @property
    def positives(self) -> frozenset[str]:
        """Images that show it, in good and in fair view."""
        return self.good | self.ok

    def score(self, ranking: Sequence[str]) -> float:
        """Trapezoid AP of image names without ending, best first."""
        ranks = ranks_without_junk(ranking, self.positives, self.junk)
        return trapezoid_precision(ranks, len(self.positives))


def read_oxford_queries(folder: Path) -> tuple[OxfordQuery, ...]:
    """Every query of a folder of `NAME_query.txt`, `NAME_good.txt`, `NAME_ok.txt`, `NAME_junk.txt`.

    Raises GalleryError where there is none, or a file is missing or of another form.
    """
    ending = "_query.txt"
    names = sorted(name[: -len(ending)] for name in names_in(folder) if name.endswith(ending))
    if not names:
        raise GalleryError(
            f"There are no files '..._query.txt' in '{folder}'.",
            hint="The ground truth of Oxford and Paris has four files for each query.",
        )
    return tuple(_read_query(folder, name) for name in names)


def mean_precision(queries: Iterable[OxfordQuery], rankings: dict[str, Sequence[str]]) -> float:
    """The mean of the queries' AP; rankings: by the query's name."""
    return float(np.mean([query.score(rankings[query.name]) for query in queries]))


def _read_query(folder: Path, name: str) -> OxfordQuery:
    words = _read_lines(folder / f"{name}_query.txt")
    fields = words[0].split() if words else []
    numbers = [_number(word) for word in fields[1:]]
    if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
        raise GalleryError(
            f"'{name}_query.txt' is not an image and four numbers.",
            hint="It has left, top, right and bottom of the query in pixels.",
        )
    left, top, right, bottom = numbers
    good, ok, junk = (frozenset(_read_lines(folder / f"{name}_{kind}.txt")) for kind in _KINDS)
    image = fields[0].removeprefix(_OXFORD_PREFIX)
    return OxfordQuery(name, image, (left, top, right, bottom), good, ok, junk)


def _read_lines(path: Path) -> list[str]:
    written = read_file(path, _MOST_BYTES, what="The ground truth", error=GalleryError)
    return [line.strip() for line in written.decode("utf-8", "replace").split("\n") if line.strip()]


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
