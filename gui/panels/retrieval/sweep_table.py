"""What the sweep view shows: the layers, their poolings, and what was measured of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.representations.titles import AFTER_TITLES, POOLING_TITLES, pooling_title
from core.words import percent_number, plural
from gui.panels.retrieval.view import RecipeChoice

AFTER_TIPS = {
    "l2": "Each descriptor over its length",
    "power": "The signed square root first: what is great counts less",
    "pca": "Projected on the main directions of these images, an eighth as many as images",
    "white": "The same, each direction over its spread",
    "power+white": "The signed square root, then whitening",
}
LAYER_NAMES = {"default": "ReLU, pooling, Concat", "all": "All values"}
LAYER_TIPS = {
    "default": "The values after a ReLU, a pooling or a Concat: the cheapest, mostly the best",
    "all": "Every value of the net, the versions that in-place layers hide among them",
}
Place = tuple[str, str, str]
"""Layer, top and pooling: a cell of the matrix."""


@dataclass(frozen=True)
class SweepOptions:
    """What is to be swept, in the words of the command: see LAYER_NAMES and AFTER_TITLES.

    fit_on: what PCA and whitening are fitted on, as `RecipeChoice` has it.
    """

    layers: str = "default"
    poolings: tuple[str, ...] = ("gap", "mac", "rmac")
    afters: tuple[str, ...] = ("l2",)
    fit_on: str = ""


@dataclass(frozen=True)
class SweptLayer:
    """A row of the matrix: a value in the one spelling, and the family of its layer."""

    layer: str
    top: str
    text: str
    family: str = ""


@dataclass(frozen=True)
class SweptRow:
    """One representation after one post-processing, measured; shares are 0 to 1.

    pooling: the word that `parse_pooling` reads. after: with its dimension, "white:28".
    number: of the representation in the sweep's gallery; None for several put together.
    separation: None where it has no meaning.
    """

    layer: str
    top: str
    text: str
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
    sparsity: float
    effective_rank: float
    hubness: float
    separation: float | None
    number: int | None
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Its cell."""
        return self.layer, self.top, self.pooling

    @property
    def after_key(self) -> str:
        """The post-processing without its dimension: "white"."""
        return self.after.split(":")[0]

    @property
    def pooling_text(self) -> str:
        """ "R-MAC", "GeM"."""
        return pooling_title(self.pooling)

    @property
    def percent(self) -> str:
        """mAP in percent: "86.4"."""
        return percent_number(self.mean_ap)

    @property
    def words(self) -> str:
        """All of it in a line, for a tip and for who does not see the cell."""
        after = AFTER_TITLES.get(self.after_key, self.after)
        return (
            f"{self.text}, {self.pooling_text}, {after}: mAP {self.percent} % "
            f"(95 %: {percent_number(self.low)} to {percent_number(self.high)})"
        )

    @property
    def choice(self) -> RecipeChoice:
        """How the ranking page searches by it."""
        method, _, dial = self.pooling.partition(":")
        p = float(dial) if method == "gem" and dial else 3.0
        return RecipeChoice(self.layer, self.top, method, p, self.after_key)


@dataclass(frozen=True)
class SweepTable:
    """All of a sweep, as far as it is.

    planned: cells that are measured sooner or later. left_out: why others have no meaning.
    rest: what the finished sweep says behind its first sentence.
    """

    layers: tuple[SweptLayer, ...] = ()
    poolings: tuple[str, ...] = ()
    rows: tuple[SweptRow, ...] = ()
    planned: frozenset[Place] = frozenset()
    left_out: Mapping[Place, str] = field(default_factory=dict)
    rest: str = ""
    is_finished: bool = False

    @property
    def afters(self) -> tuple[str, ...]:
        """The post-processings that something was measured after."""
        return tuple(dict.fromkeys(row.after_key for row in self.rows))

    @property
    def leader(self) -> SweptRow | None:
        """The row with the greatest mAP, the first of equals."""
        return max(self.rows, key=lambda row: row.mean_ap, default=None)

    def near(self, row: SweptRow) -> bool:
        """Whether it leads or lies within the interval of the one that does."""
        leader = self.leader
        return leader is not None and row.mean_ap >= leader.low

    def after(self, key: str) -> dict[Place, SweptRow]:
        """The rows of one post-processing by cell."""
        return {row.place: row for row in self.rows if row.after_key == key}

    def why_not(self, place: Place) -> str:
        """Why a cell is empty, in a sentence."""
        if place in self.planned:
            return "" if self.is_finished else "Not measured yet."
        layer, top, _ = place
        reason = self.left_out.get(place) or self.left_out.get((layer, top, ""), "")
        flat = (layer, top, "flatten")
        if not reason and (flat in self.planned or any(row.place == flat for row in self.rows)):
            reason = "one place for each channel, so every pooling is the value itself"
        return f"Has no meaning there: {reason.rstrip('.')}." if reason else "Not measured."

    @property
    def headline(self) -> str:
        """Which leads, and how many can't be told from it; "" without a row."""
        leader = self.leader
        if leader is None:
            return ""
        n_near = sum(self.near(row) for row in self.rows) - 1
        which = f"{leader.text} with {leader.pooling_text}"
        if len(self.afters) > 1:
            which += f" ({AFTER_TITLES.get(leader.after_key, leader.after)})"
        lead = f"{'' if self.is_finished else 'So far '}{which} leads: mAP {leader.percent} %."
        if len(self.rows) == 1:
            return lead
        if not n_near:
            return f"{lead} No other lies within its interval."
        verb = "lies" if n_near == 1 else "lie"
        return f"{lead} {plural(n_near, 'other')} {verb} within its interval."

    def best_by_layer(self) -> dict[str, SweptRow]:
        """The best row of each layer, whatever its top, pooling and post-processing."""
        best: dict[str, SweptRow] = {}
        for row in self.rows:
            if row.number is not None and (
                row.layer not in best or row.mean_ap > best[row.layer].mean_ap
            ):
                best[row.layer] = row
        return best


def in_order(words: Sequence[str]) -> tuple[str, ...]:
    """Poolings as the page lists them, flatten first, as the matrix has its columns."""
    known = ["flatten", *(name for name in POOLING_TITLES if name != "flatten")]
    methods = [word.partition(":")[0] for word in words]
    pairs = sorted(
        zip(words, methods, strict=True),
        key=lambda pair: known.index(pair[1]) if pair[1] in known else len(known),
    )
    return tuple(dict.fromkeys(word for word, _ in pairs))
