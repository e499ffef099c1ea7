"""What the retrieval panel shows: recipe choices, gallery, query, ranking and evaluations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import numpy as np

from core.evaluation.scores import AP_VARIANT
from core.evaluation.ukbench import GROUP_SIZE
from core.images.box import Box
from core.layers.traits import ValueTraits
from core.measures.measure import MAX_DIMENSIONS
from core.representations.after import parse_after
from core.representations.titles import ENCODED_TITLES, POOLING_TITLES
from core.retrieval.cautions import cautions
from core.retrieval.evaluation import ScoredQuery
from core.retrieval.finish import parse_pooled
from core.words import percent_number, plural

NOT_NEGATIVE = ValueTraits(may_be_negative=False)
RELEVANT, NOT_RELEVANT, UNLABELLED, JUNK = "relevant", "not relevant", "", "junk"
AP_NAME = f"{AP_VARIANT} AP"
OWN_SET, OWN_WORDS = "own", "the searched images"
"""What stands for fitting on the images that are searched, in place of a folder."""


@dataclass(frozen=True)
class LayerChoice:
    """A value that can be searched with: (layer, top), its words and its shape without batch.

    is_free_size: whether each picture keeps a size of its own, so that the shape varies. traits:
    what the layers tell of its values.
    """

    layer: str
    top: str
    text: str
    shape: tuple[int, ...] | None
    is_free_size: bool = False
    traits: ValueTraits = NOT_NEGATIVE

    @property
    def is_spatial(self) -> bool:
        """Whether pooling over positions means anything for it."""
        shape = self.shape or ()
        return len(shape) == 3 and shape[1] * shape[2] > 1

    def why_not(self, pooling: str) -> str:
        """Why it can't be pooled so, in a sentence; "" where it can."""
        if not self.is_spatial:
            said = "It has one place for each channel, so every pooling is the value itself."
            return "" if pooling == "flatten" else said
        if pooling != "flatten":
            return ""
        if self.is_free_size:
            return "Pictures keep sizes of their own, so that each would have another length."
        n_values = math.prod(self.shape or ())
        if n_values > MAX_DIMENSIONS:
            return f"{plural(n_values, 'number')} an image; the limit is {MAX_DIMENSIONS:,}."
        return ""

    def caution(self, pooling: str) -> str:
        """What to know of it under a pooling, in a sentence; "" for nothing."""
        found = cautions(self.traits, parse_pooled(pooling)[0])
        said = "; ".join(found)
        return f"{said[:1].upper()}{said[1:]}." if said else ""


@dataclass(frozen=True)
class RecipeChoice:
    """The chosen representation; `p` is GeM's exponent.

    after: what follows pooling, as `parse_after` reads it. fit_on: the folder that fits are made
    on, OWN_SET for the images that are searched, "" for what is found by itself; found: that, as
    `fit_on` would have it, "" where nothing is fitted.
    """

    layer: str
    top: str
    pooling: str
    p: float = 3.0
    after: str = "l2"
    fit_on: str = ""
    found: str = field(default="", compare=False)

    @property
    def settled(self) -> RecipeChoice:
        """The same as if what was found to fit on had been named."""
        return replace(self, fit_on=self.fit_on or self.found)

    @property
    def pooling_text(self) -> str:
        """ "GAP", "GeM p=3", "GAP, whitening on others"."""
        name = {**POOLING_TITLES, **ENCODED_TITLES}.get(self.pooling, self.pooling)
        name += f" p={self.p:g}" if self.pooling == "gem" else ""
        return name if self.after == "l2" else f"{name}, {self.after_text}"

    @property
    def after_text(self) -> str:
        """ "L2", "signed power, L2", "L2, whitening, L2, fitted on others"."""
        after = parse_after(self.after)[0]
        has_fit = bool(after.projection) or self.pooling in ENCODED_TITLES
        fit_on = self.fit_on or self.found
        fitted = f", fitted on {fit_set_name(fit_on)}" if has_fit and fit_on else ""
        return f"{after.describe()}{fitted}"


def fit_set_name(fit_on: str) -> str:
    """What images to fit on are called."""
    return OWN_WORDS if fit_on == OWN_SET else Path(fit_on).name


@dataclass(frozen=True)
class ResultTile:
    """One image of the gallery; `rank` counts from 1, 0 for one that is not ranked, as junk is.

    label: "" for none. width, height: of the upright picture in pixels, 0 where not known, as is
    n_bytes.
    """

    rank: int
    index: int
    path: Path
    name: str
    score: float
    mark: str = UNLABELLED
    label: str = ""
    width: int = 0
    height: int = 0
    n_bytes: int = 0

    @property
    def is_found(self) -> bool:
        """Whether it has a place in a ranking, if with no rank as junk has."""
        return bool(self.rank) or self.mark == JUNK


class Tiles(Sequence[ResultTile]):
    """Tiles of a ranking, or of a part of it, each made when it is asked for.

    make: the tile at a place, from 0, of the whole ranking. is_relevant: (n,) bool by place, None
    where the query has no label. places: (n_shown,) int64, the places of the part. is_junk: (n,)
    bool, images that take no rank, None for none.
    """

    # A million tiles take seconds to make and half a gigabyte; a screen shows thirty.

    def __init__(
        self,
        make: Callable[[int], ResultTile],
        places: np.ndarray,
        is_relevant: np.ndarray | None = None,
        is_junk: np.ndarray | None = None,
    ) -> None:
        self._make, self.places, self.is_relevant = make, places, is_relevant
        self.is_junk = is_junk

    @classmethod
    def of(cls, tiles: Sequence[ResultTile]) -> Tiles:
        """Tiles that are there already."""
        if isinstance(tiles, Tiles):
            return tiles
        marks = [tile.mark for tile in tiles]
        has_marks = UNLABELLED not in marks
        is_relevant = np.array([mark == RELEVANT for mark in marks]) if has_marks else None
        is_junk = np.array([mark == JUNK for mark in marks]) if JUNK in marks else None
        return cls(tiles.__getitem__, np.arange(len(tiles)), is_relevant, is_junk)

    def part(self, places: np.ndarray) -> Tiles:
        """Those of some places of the whole ranking."""
        return Tiles(self._make, places, self.is_relevant, self.is_junk)

    @property
    def n_junk(self) -> int:
        """How many images of the whole ranking take no rank."""
        return 0 if self.is_junk is None else int(self.is_junk.sum())

    def without_junk(self, found: np.ndarray) -> np.ndarray:
        """(n,) bool of the whole ranking, with what is junk left out."""
        return found if self.is_junk is None else found & ~self.is_junk

    def __len__(self) -> int:
        return int(self.places.size)

    @overload
    def __getitem__(self, index: int) -> ResultTile: ...

    @overload
    def __getitem__(self, index: slice) -> Tiles: ...

    def __getitem__(self, index: int | slice) -> ResultTile | Tiles:
        if isinstance(index, slice):
            return self.part(self.places[index])
        return self._make(int(self.places[index]))


@dataclass(frozen=True)
class QueryView:
    """The query and how well its ranking does; AP and the rest are None without labels.

    scores: (n,) float32, the cosine of each ranked image, the best first. box: the part of the
    picture that is searched with, None for all of it; size: (width, height) of the upright picture
    in pixels, known where there is a box. ap_name: the kind of AP. n_junk: images that take no
    rank. measures: others that the truth has, by name.
    """

    path: Path
    name: str
    note: str
    average_precision: float | None = None
    precisions: tuple[tuple[int, float], ...] = ()
    n_relevant: int | None = None
    n_ties: int = 0
    label: str = ""
    scores: np.ndarray | None = None
    box: Box | None = None
    size: tuple[int, int] = (0, 0)
    ap_name: str = AP_NAME
    n_junk: int = 0
    measures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class GalleryView:
    """An indexed folder: facts about descriptor and gallery, and the files that were left out.

    n_missing: files that the index has not come to, where it was cancelled.
    """

    folder: Path
    n_images: int
    n_groups: int
    descriptor: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...] = ()
    n_missing: int = 0


@dataclass(frozen=True)
class Offer:
    """One line over the ranking: what it is about, how that stands, and a button for what helps.

    tip: where the figures of the button come from.
    """

    words: str
    rest: str
    button: str
    tip: str = ""


@dataclass(frozen=True)
class EvaluationRow:
    """mAP of one representation over every labelled image, with its 95 % interval; 0 to 1.

    is_part: of an unfinished gallery, so that it can't be compared with the others. queries: those
    that it is the mean of, the worst first. measure: "mAP", or "N-S" of UKBench as its share of 4.
    variant: of the AP. truth: what judges, "" for labels. without: what was left out, "" for
    nothing. search: what was done beside exact search, "" for nothing, which the label has too.
    paths: of the images, by the index that a query has.
    """

    recipe: RecipeChoice
    label: str
    dimension: int
    mean_ap: float
    low: float
    high: float
    precision_at_1: float
    n_queries: int
    is_part: bool = False
    queries: tuple[ScoredQuery, ...] = field(default=(), compare=False, repr=False)
    measure: str = "mAP"
    variant: str = AP_VARIANT
    truth: str = ""
    without: str = ""
    search: str = ""
    paths: Sequence[str] = field(default=(), compare=False, repr=False)

    @property
    def measure_text(self) -> str:
        """What the numbers are: "mAP, %", "N-S"."""
        return "mAP, %" if self.measure == "mAP" else self.measure

    def number(self, share: float) -> str:
        """A value from 0 to 1 as it is written: "79.3" of 100, "3.17" of 4."""
        return percent_number(share) if self.measure == "mAP" else f"{GROUP_SIZE * share:.2f}"


def relevant(tiles: Sequence[ResultTile]) -> Tiles:
    """The relevant results of a whole ranking, best first."""
    return _chosen(tiles, is_relevant=True)


def first_wrong(tiles: Sequence[ResultTile]) -> Tiles:
    """The results that are not relevant, best first."""
    return _chosen(tiles, is_relevant=False)


def missed(tiles: Sequence[ResultTile]) -> Tiles:
    """Relevant images ranked behind the place they could all have had, best first."""
    found = relevant(tiles)
    if found.is_relevant is None:
        return found
    is_ranked = found.without_junk(np.ones(found.is_relevant.size, dtype=bool))
    ranks = np.cumsum(is_ranked)[found.places]
    return found.part(found.places[ranks > len(found)])


def least_similar(tiles: Sequence[ResultTile]) -> Tiles:
    """The whole ranking from its end."""
    return Tiles.of(tiles)[::-1]


def _chosen(tiles: Sequence[ResultTile], *, is_relevant: bool) -> Tiles:
    ranking = Tiles.of(tiles)
    if ranking.is_relevant is None:
        return ranking[:0]
    wanted = ranking.without_junk(ranking.is_relevant == is_relevant)
    return ranking.part(np.flatnonzero(wanted))


def evaluation_note(rows: Sequence[EvaluationRow]) -> str:
    """Which representation leads, and whether its interval overlaps with others."""
    rows = [row for row in rows if not row.is_part]
    if len(rows) < 2:
        return ""
    best, *others = sorted(rows, key=lambda row: -row.mean_ap)
    n_overlapping = sum(row.high >= best.low for row in others)
    if not n_overlapping:
        return f"{best.label} leads, and no interval overlaps its own."
    which = "the next one" if n_overlapping == 1 else f"the next {n_overlapping}"
    return f"{best.label} leads, but its interval overlaps {which}."
