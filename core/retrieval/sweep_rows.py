"""The rows of a sweep: each representation after each post-processing, measured and explained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import AppError, GalleryError
from core.evaluation.diagnostics import Diagnostics, chosen_images, diagnose
from core.progress import Job
from core.representations.after import After, concatenated
from core.representations.pca import PcaFit, PcaSums
from core.representations.titles import after_title, pooling_title
from core.retrieval.cosines import Cosines
from core.retrieval.evaluation import evaluate
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_contents import DescriptorRows
from core.words import percent_number, plural, points

_VALUES_AT_ONCE = 1 << 22
TRANSDUCTIVE = (
    "PCA and whitening are fitted on the images that are measured (transductive): other images may "
    "gain less. Name others to fit on."
)


@dataclass(frozen=True, eq=False)
class SweepRow:
    """One row of the table.

    numbers: of the representations in the gallery, 0 for the first; several that were put together
    have their names joined by +. after: with its dimension, where
    the fit's images decided it. fit_on: the images of the fit, "" without one. precisions: (n,)
    float64, the AP of each query, in the order of the gallery's images that are queries.
    """

    numbers: tuple[int, ...]
    layer: str
    top: str
    pooling: str
    after: str
    dimension: int
    mean_ap: float
    low: float
    high: float
    p_at_1: float
    p_at_10: float
    n_queries: int
    n_ties: int
    of_chance: float
    diagnostics: Diagnostics
    precisions: np.ndarray
    fit_on: str = ""
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """ "fire9/concat, CroW, L2"."""
        return f"{self.layer}, {pooling_title(self.pooling)}, {after_title(self.after)}"

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return {
            "layer": self.layer,
            "top": self.top,
            "pooling": self.pooling,
            "after": self.after,
            "dimension": self.dimension,
            "mAP": self.mean_ap,
            "mAP_95": [self.low, self.high],
            "P@1": self.p_at_1,
            "P@10": self.p_at_10,
            "n_queries": self.n_queries,
            "n_ties": self.n_ties,
            "mAP_of_random_descriptors": self.of_chance,
            **self.diagnostics.to_json(),
            "representation": self.numbers[0] if len(self.numbers) == 1 else None,
            "representations": list(self.numbers),
            "fit_on": self.fit_on or None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, eq=False)
class Described:
    """The descriptors of a gallery's images by one representation, or by several put together.

    numbers: of the representations in the gallery; made_for: what tells that a fit is of the same
    ones. rows: (n_images, dimension) float32, where they lie, or made of several.
    """

    numbers: tuple[int, ...]
    layer: str
    top: str
    pooling: str
    made_for: str
    rows: np.ndarray | DescriptorRows


def described_by(gallery: Gallery, numbers: Sequence[int]) -> Described:
    """One representation where it lies; of several each gets length 1, and all stand in a row."""
    parts = [gallery.representation(number) for number in numbers]
    recipes = [part.recipe for part in parts]
    rows: np.ndarray | DescriptorRows = parts[0].rows
    if len(parts) > 1:
        rows = concatenated([part.descriptors for part in parts])
    return Described(
        tuple(numbers),
        "+".join(recipe.layer for recipe in recipes),
        "+".join(recipe.top for recipe in recipes),
        "+".join(dict.fromkeys(recipe.measure.word for recipe in recipes)),
        "+".join(recipe.digest for recipe in recipes),
        rows,
    )


def fit_after(described: Described, after: After, name: str) -> PcaFit:
    """The fit of descriptors for what comes after pooling. Raises AppError."""
    sums = PcaSums(name, f"{described.made_for}, {'power' if after.has_power else 'l2'}")
    for block in _blocks(described.rows):
        sums.add(after.prepared(block))
    return sums.fit()


def measure_row(
    described: Described,
    after: After,
    labels: Sequence[str | None],
    fit: PcaFit | None = None,
    notes: tuple[str, ...] = (),
) -> Job[SweepRow]:
    """Rank the gallery for every labelled image by its descriptors, and average.

    Raises GalleryError for descriptors with NaN or infinity, or labels that leave nothing to find.
    """
    settled = after.settled(fit)
    if settled.projection and fit is not None:
        said = fit.warning(settled.dimension, whiten=settled.projection == "white")
        notes = (*notes, said) if said else notes
    rows = _after_rows(described, settled, fit)
    found = yield from evaluate(_finite(rows, described), labels)
    chosen = chosen_images(len(labels))
    return SweepRow(
        numbers=described.numbers,
        layer=described.layer,
        top=described.top,
        pooling=described.pooling,
        after=settled.word,
        dimension=int(rows[:1].shape[1]),
        mean_ap=found.mean_ap,
        low=found.mean_ap_low,
        high=found.mean_ap_high,
        p_at_1=found.p_at_1,
        p_at_10=found.p_at_10,
        n_queries=found.n_queries,
        n_ties=found.n_ties,
        of_chance=found.mean_ap_of_chance,
        diagnostics=diagnose(np.asarray(rows[chosen]), [labels[i] for i in chosen]),
        precisions=found.precisions,
        fit_on=fit.image_set if fit is not None and settled.projection else "",
        notes=notes,
    )


def _after_rows(
    described: Described, after: After, fit: PcaFit | None
) -> np.ndarray | DescriptorRows:
    """The rows to compare; where only their lengths change, those that lie in the file."""
    if after == After():
        return described.rows
    return np.concatenate([after.apply(block, fit) for block in _blocks(described.rows)])


def _finite(rows: np.ndarray | DescriptorRows, described: Described) -> Cosines:
    cosines = Cosines(rows)
    n_bad = int(np.count_nonzero(~np.isfinite(cosines.lengths)))
    if n_bad:
        raise GalleryError(f"Layer '{described.layer}' gives NaN or infinity for {n_bad:,} images.")
    return cosines


def _blocks(rows: np.ndarray | DescriptorRows) -> Iterator[np.ndarray]:
    """The rows of a gallery a few megabytes at a time."""
    step = max(1, _VALUES_AT_ONCE // max(1, int(rows[:1].shape[1])))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def summarise(
    rows: Sequence[SweepRow], pairs: Sequence[tuple[tuple[str, str], tuple[str, str]]]
) -> str:
    """What the table says, in sentences: which leads, which are within its interval, and what the
    poolings, the ReLU and the fully connected layers make of it.

    pairs: (layer, top) before and after each ReLU. Raises AppError without rows.
    """
    if not rows:
        raise AppError("There is no row to say anything of.")
    leader = max(rows, key=lambda row: row.mean_ap)
    others = [row for row in rows if row is not leader]
    near = [row for row in others if row.mean_ap >= leader.low]
    said = [
        f"{leader.words} leads with mAP {percent_number(leader.mean_ap)} % "
        f"(95 %: {percent_number(leader.low)} to {percent_number(leader.high)})"
    ]
    if others and not near:
        said[0] += "; no other is within its interval"
    elif others:
        layers = len({row.layer for row in near} | {leader.layer})
        said[0] += (
            f"; {len(near)} of the {len(others)} others {'is' if len(near) == 1 else 'are'} within "
            "its interval, "
            f"from {layers} layer{'' if layers == 1 else 's'}"
        )
    said += [_poolings(rows), _rectified(rows, pairs), _flat(rows, leader)]
    return " ".join(f"{sentence}." for sentence in said if sentence)


def _poolings(rows: Sequence[SweepRow]) -> str:
    """The mean of each pooling over what has all of them."""
    by_place: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in rows:
        if row.pooling != "flatten" and len(row.numbers) == 1:
            place = row.layer, row.top, row.after.split(":")[0]
            by_place.setdefault(place, {})[row.pooling] = row.mean_ap
    names = list(dict.fromkeys(name for found in by_place.values() for name in found))
    whole = [found for found in by_place.values() if len(found) == len(names)]
    if len(names) < 2 or not whole:
        return ""
    means = {name: float(np.mean([found[name] for found in whole])) for name in names}
    ordered = sorted(means, key=lambda name: -means[name])
    listed = ", ".join(f"{pooling_title(name)} {percent_number(means[name])} %" for name in ordered)
    return f"Over {len(whole)} layers and steps that have all poolings, the mean mAP is {listed}"


def _rectified(
    rows: Sequence[SweepRow], pairs: Sequence[tuple[tuple[str, str], tuple[str, str]]]
) -> str:
    """What reading after the ReLU changes, over the pairs that were read."""
    found = {(row.layer, row.top, row.pooling, row.after): row.mean_ap for row in rows}
    gains = [
        found[(*after, row.pooling, row.after)] - row.mean_ap
        for row in rows
        for before, after in pairs
        if before == (row.layer, row.top) and (*after, row.pooling, row.after) in found
    ]
    if not gains:
        return ""
    n_better = sum(gain > 0 for gain in gains)
    return (
        f"After the ReLU mAP is {points(float(np.mean(gains)))} points in the mean of "
        f"{plural(len(gains), 'pair')}, better in {n_better}"
    )


def _flat(rows: Sequence[SweepRow], leader: SweepRow) -> str:
    """The best of the layers that have one place per channel, fully connected ones above all."""
    flat = [row for row in rows if row.pooling == "flatten" and len(row.numbers) == 1]
    if not flat or len(flat) == len(rows):
        return ""
    best = max(flat, key=lambda row: row.mean_ap)
    if best is leader:
        return "It has one place per channel, as fully connected layers have"
    distance = leader.mean_ap - best.mean_ap
    chance = "" if math.isnan(best.of_chance) else f"; chance is {percent_number(best.of_chance)} %"
    return (
        f"Of the values with one place per channel {best.words} is best with "
        f"{percent_number(best.mean_ap)} %, {percent_number(distance)} points below{chance}"
    )
