"""Two results of the same queries: read from files, set against each other query by query."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from core.errors import GalleryError, RequestError
from core.evaluation.intervals import PairedDifference, paired_difference
from core.evaluation.scores import AP_VARIANT
from core.retrieval.sweep_file import TABLE_NAME, open_sweep
from core.typed_json import as_type, load_json
from core.words import points

SIGNIFICANT = 0.05
_MOST_BYTES = 1 << 30
_MANY = 1.05  # an official program counts a positive twice that is listed twice


class _Query(msgspec.Struct, frozen=True):
    file: str
    AP: Annotated[float, msgspec.Meta(ge=0, le=_MANY)]


class _Evaluated(msgspec.Struct, frozen=True):
    """What `evaluate --json` prints, as far as it counts here."""

    queries: tuple[_Query, ...]
    AP_variant: str


@dataclass(frozen=True)
class Result:
    """One result: what it is called, and the AP of each query by its file."""

    name: str
    precisions: dict[str, float]
    variant: str


@dataclass(frozen=True)
class ComparedQuery:
    """One query in both results."""

    file: str
    first: float
    second: float

    @property
    def difference(self) -> float:
        """How much better the second is."""
        return self.second - self.first


@dataclass(frozen=True)
class ComparedResults:
    """Both results over the queries that both have, greatest differences first.

    only_first, only_second: how many queries one alone has, which are left out.
    """

    first: Result
    second: Result
    difference: PairedDifference
    queries: tuple[ComparedQuery, ...]
    only_first: int
    only_second: int

    @property
    def means(self) -> tuple[float, float]:
        """The mAP of both over the queries that both have."""
        return (
            float(np.mean([query.first for query in self.queries])),
            float(np.mean([query.second for query in self.queries])),
        )

    @property
    def sentence(self) -> str:
        """The verdict, with what it rests on."""
        found = self.difference
        if not found.mean:
            verdict = "Both have the same mAP"
        else:
            ordered = (self.second, self.first) if found.mean > 0 else (self.first, self.second)
            verdict = f"{ordered[0].name} is {100 * abs(found.mean):.2f} points of mAP better "
            verdict += f"than {ordered[1].name}"
        doubt = "" if found.p < SIGNIFICANT else ", which may be chance"
        return (
            f"{verdict} (second minus first {points(found.mean, 2)}, 95 %: {points(found.low, 2)} "
            f"to {points(found.high, 2)}; p {found.p:.4f} by random signs{doubt}). "
            f"Of {found.n_queries:,} queries the second is better in {found.n_better:,} and "
            f"worse in {found.n_worse:,}."
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        found, means = self.difference, self.means
        return {
            "first": {"name": self.first.name, "mAP": means[0]},
            "second": {"name": self.second.name, "mAP": means[1]},
            "difference": found.mean,
            "difference_95": [found.low, found.high],
            "p": found.p,
            "n_queries": found.n_queries,
            "n_better": found.n_better,
            "n_worse": found.n_worse,
            "only_in_first": self.only_first,
            "only_in_second": self.only_second,
            "AP_variant": self.first.variant,
            "sentence": self.sentence,
            "queries": [
                {"file": q.file, "first": q.first, "second": q.second, "difference": q.difference}
                for q in self.queries
            ],
        }


def read_result(word: str) -> Result:
    """The result that a word names: a file of `evaluate --json`, or "GALLERY:LAYER,POOLING,AFTER".

    Of a sweep's rows that fit the words the best is taken; without words the best of all. Raises
    GalleryError for what is neither.
    """
    path, words = _split(word)
    if path.is_dir():
        return _of_sweep(path, words)
    if words or not path.is_file():
        raise RequestError(
            f"'{word}' names no result.",
            hint="Name a file of `evaluate --json`, or GALLERY:LAYER,POOLING,AFTER of a sweep.",
        )
    found = as_type(load_json(path, _MOST_BYTES), _Evaluated, f"'{path.name}'")
    precisions = {query.file: query.AP for query in found.queries}
    return Result(path.name, precisions, found.AP_variant)


def compare_results(first: Result, second: Result) -> ComparedResults:
    """Set two results against each other. Raises GalleryError where they have no query in common,
    or another kind of AP."""
    if first.variant != second.variant:
        raise GalleryError(
            f"One result has {first.variant} AP, the other {second.variant}: they differ by up to "
            "17 points on the same ranking.",
            hint="Evaluate both in one way.",
        )
    common = [file for file in first.precisions if file in second.precisions]
    if not common:
        raise GalleryError("The two results have no query in common.")
    pairs = [ComparedQuery(f, first.precisions[f], second.precisions[f]) for f in common]
    found = paired_difference(
        np.array([pair.first for pair in pairs]), np.array([pair.second for pair in pairs])
    )
    return ComparedResults(
        first,
        second,
        found,
        tuple(sorted(pairs, key=lambda pair: -abs(pair.difference))),
        len(first.precisions) - len(common),
        len(second.precisions) - len(common),
    )


def _split(word: str) -> tuple[Path, str]:
    """ "folder:fc7,gap" as folder and words; a name that holds a colon itself wins."""
    if Path(word).exists():
        return Path(word), ""
    path, colon, words = word.rpartition(":")
    return (Path(path), words) if colon and Path(path).is_dir() else (Path(word), "")


def _of_sweep(folder: Path, words: str) -> Result:
    if not (folder / TABLE_NAME).is_file():
        raise GalleryError(
            f"There is no sweep in '{folder}'.",
            hint="Of a gallery with one representation save what `evaluate --json` prints.",
        )
    opened = open_sweep(folder)
    rows = opened.table.rows
    if words:
        layer, pooling, after = (*(part.strip() for part in words.split(",")), "", "")[:3]
        number = opened.find(layer, pooling, after)
    else:
        number = max(range(len(rows)), key=lambda i: rows[i].mAP)
    precisions = dict(zip(opened.table.queries, opened.precisions[number].tolist(), strict=True))
    return Result(f"{folder.name}: {rows[number].words}", precisions, AP_VARIANT)
