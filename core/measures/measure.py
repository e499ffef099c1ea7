"""The measures there are: what to keep of one value of a net, for every image of a pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import msgspec
import numpy as np

from core.errors import AppError, RequestError
from core.measures.formulas import apply_formula
from core.measures.region_grid import region_grid
from core.measures.spread import MOMENTS

PoolingName = Literal[
    "flatten", "gap", "mac", "gem", "spoc", "crow", "rmac", "mac+rmac", "regions", "cells"
]
POOLINGS: tuple[PoolingName, ...] = get_args(PoolingName)
OF_MAPS: tuple[PoolingName, ...] = ("spoc", "rmac", "mac+rmac", "regions", "cells")
"""Those that ask where a place is: they need an activation with height and width."""
OF_REGIONS: tuple[PoolingName, ...] = ("rmac", "mac+rmac", "regions")
Formula = tuple[Any, ...]
"""The name of a formula in core.measures.formulas, and its arguments."""
MOST_LEVELS = 8
MAX_DIMENSIONS = 262_144
MAX_PLACES = 1 << 24
"""Up to there float32 tells every whole number from the next."""


class Keep(msgspec.Struct, frozen=True, tag="keep"):
    """The whole value, as it stands right after its layer."""

    def check(self, shape: Sequence[int]) -> None:
        """Every shape can be kept."""

    def of(self, activation: np.ndarray) -> np.ndarray:
        """The activation itself, float32 of any shape."""
        return activation

    def may_give(self, found: np.ndarray) -> bool:
        """Whether an array can be what this measure gives."""
        return found.dtype.kind == "f"

    @property
    def formula(self) -> Formula | None:
        """There is none."""
        return None


class _ByFormula(msgspec.Struct, frozen=True):
    """What one of core.measures.formulas makes of an activation."""

    def check(self, shape: Sequence[int]) -> None:
        """AppError for a shape or parameters that it can't be made of."""

    def of(self, activation: np.ndarray) -> np.ndarray:
        """The reference, in NumPy. Raises what `check` raises."""
        self.check(activation.shape)
        found: np.ndarray = apply_formula(activation, self.formula)
        return found

    def may_give(self, found: np.ndarray) -> bool:
        """Whether an array can be what this measure gives."""
        return found.dtype.kind == "f"

    @property
    def formula(self) -> Formula:
        """The name of the formula, and its arguments."""
        raise NotImplementedError


class Pool(_ByFormula, frozen=True, tag="pool"):
    """One vector an image: (n_images, channels, ...) becomes (n_images, dimension) float32.

    Nothing is normalised. method:
    - "flatten" keeps every value in a row;
    - "gap" is the mean over the places of each channel: SPoC without its prior, and SUM;
    - "mac" the maximum, not clamped (Razavian et al., 2014);
    - "gem" the generalised mean of power p, of values clamped at 1e-6 (Radenovic et al., 2018);
    - "spoc" the sum with a prior for what lies in the centre (Babenko and Lempitsky, 2015);
    - "crow" the sum weighted by place and channel, clamped at 0 (Kalantidis et al., 2016);
    - "rmac" the sum over a grid of regions of their maxima, each of length 1 (Tolias et al.,
      2016);
    - "mac+rmac" the maximum, and behind it the sum of the regions' maxima as they are;
    - "regions" the maxima of R-MAC's regions, one region after the other, and "cells" the channels
      of each place, row by row: parts, which an Encoding makes one vector of.

    p counts for "gem" alone, levels for those of regions. relu: what is below 0 becomes 0
    first, for values that are read before their ReLU.
    """

    method: PoolingName
    p: float = 3.0
    levels: int = 3
    relu: bool = False

    def check(self, shape: Sequence[int]) -> None:
        """AppError for parameters out of range or a value without the axes to pool over."""
        if self.method not in POOLINGS:
            known = ", ".join(POOLINGS)
            raise AppError(f"There is no pooling '{self.method}'.", hint=f"Known: {known}.")
        if self.method == "gem" and not self.p > 0:
            raise AppError(f"GeM pooling needs a p above 0, not {self.p:g}.")
        if not 1 <= self.levels <= MOST_LEVELS:
            raise AppError(f"R-MAC takes 1 to {MOST_LEVELS} levels, not {self.levels}.")
        if not shape or (self.method != "flatten" and len(shape) < 2):
            raise AppError(f"A value of shape {tuple(shape)} can't be pooled per image.")
        if self.method in OF_MAPS and len(shape) != 4:
            raise AppError(
                f"A value of shape {tuple(shape)} has no height and width for {self.method}.",
                hint="Choose flatten, gap, mac or gem.",
            )
        if self.method != "flatten" and 0 in shape[2:]:
            raise AppError(f"A value of shape {tuple(shape)} has no places to pool over.")

    @property
    def formula(self) -> Formula:
        """Of core.measures.places."""
        return ("pool", self.method, self.p, self.levels, self.relu)

    def dimension(self, shape: Sequence[int]) -> int:
        """How many values a vector has, of an activation of this shape."""
        if self.method in ("flatten", "cells"):
            return math.prod(shape[1:])
        if self.method == "regions":
            return shape[1] * len(region_grid(shape[2], shape[3], self.levels))
        return shape[1] * (2 if self.method == "mac+rmac" else 1)

    def fitting(self, shape: Sequence[int] | None) -> Pool:
        """The pooling to run for a value's shape: "flatten" where there is one place per channel.

        There mean and maximum are the value itself, and GeM would only cut off what is negative.
        """
        has_one_place = shape is not None and math.prod(shape[2:]) == 1
        return Pool("flatten", relu=self.relu) if has_one_place else self

    @property
    def has_levels(self) -> bool:
        """Whether it pools a grid of regions."""
        return self.method in OF_REGIONS

    @property
    def word(self) -> str:
        """The pooling in a word that `parse_poolings` reads: "gap", "relu-gem:4", "rmac:2"."""
        dial = ""
        if self.method == "gem" and self.p != 3.0:
            dial = f":{self.p:g}"
        elif self.has_levels and self.levels != 3:
            dial = f":{self.levels}"
        return f"{'relu-' if self.relu else ''}{self.method}{dial}"


_SPELLINGS = {"sum": "gap", "ave": "gap", "avg": "gap", "max": "mac"}
"""What others call a pooling: a sum is the mean but for its length."""


def parse_poolings(words: str) -> tuple[Pool, ...]:
    """The poolings of "gap,mac,gem:4,rmac:2,relu-mac", each once.

    After the colon stands p or the number of levels. Raises RequestError for a word that is none.
    """
    pools = [_parse_pooling(word) for word in filter(None, map(str.strip, words.split(",")))]
    if not pools:
        raise RequestError("The words name no pooling.", hint=f"Known: {', '.join(POOLINGS)}.")
    return tuple(dict.fromkeys(pools))


def parse_pooling(word: str, p: float | None = None) -> Pool:
    """The one pooling of a word; p: for "gem" without a number of its own. Raises RequestError."""
    pools = parse_poolings(word)
    if len(pools) > 1:
        raise RequestError(f"'{word}' names {len(pools)} poolings where one is asked for.")
    is_open = pools[0].method == "gem" and ":" not in word and p is not None
    return Pool("gem", p or 0.0, relu=pools[0].relu) if is_open else pools[0]


POOLING_HELP = (
    "flatten, gap (also sum), mac, gem, gem:P, spoc (with its centre prior), crow, rmac, "
    "rmac:LEVELS, mac+rmac, regions, cells; relu- before any of them"
)


def _parse_pooling(word: str) -> Pool:
    name, has_dial, dial = word.lower().partition(":")
    is_rectified = name.startswith("relu-")
    name = name.removeprefix("relu-")
    found = next((one for one in POOLINGS if one == _SPELLINGS.get(name, name)), None)
    if found is None:
        raise RequestError(
            f"There is no pooling '{word}'.", hint=f"Known: {', '.join(POOLINGS)}; gem:4, rmac:2."
        )
    try:
        if found == "gem" and has_dial:
            pool = Pool(found, p=float(dial), relu=is_rectified)
        elif found in OF_REGIONS and has_dial:
            pool = Pool(found, levels=int(dial), relu=is_rectified)
        elif has_dial:
            raise RequestError(f"The pooling {found} takes no number, as '{word}' has.")
        else:
            pool = Pool(found, relu=is_rectified)
    except ValueError as error:
        raise RequestError(f"'{dial}' is no number for {found}.") from error
    pool.check((1, 1, 1, 1))
    return pool


class ChannelPeaks(_ByFormula, frozen=True, tag="peaks"):
    """Where each channel is greatest and least: (n_images, channels, 4) float32.

    The maximum, its place, the minimum, its place. A place is the number of a value in its channel
    in reading order, from 0, exact in float32; of equal values the first counts, NaN as both.
    """

    def check(self, shape: Sequence[int]) -> None:
        """AppError for a value without images, channels or places, or with too many places."""
        check_has_channels(shape)

    @property
    def formula(self) -> Formula:
        """Of core.measures.peaks."""
        return ("peaks",)


class PositiveShare(_ByFormula, frozen=True, tag="positive"):
    """The share of each channel's places that is above 0: (n_images, channels) float32."""

    def check(self, shape: Sequence[int]) -> None:
        """AppError as for ChannelPeaks."""
        check_has_channels(shape)

    @property
    def formula(self) -> Formula:
        """Of core.measures.peaks."""
        return ("positive",)


class Moments(_ByFormula, frozen=True, tag="moments"):
    """Counts, ends, mean and squared deviations: (9,) float64, see core.measures.spread.MOMENTS."""

    def may_give(self, found: np.ndarray) -> bool:
        """Whether an array can be what this measure gives."""
        return found.dtype == np.float64 and found.shape == (len(MOMENTS),)

    @property
    def formula(self) -> Formula:
        """Of core.measures.spread."""
        return ("moments",)


class ChannelRange(_ByFormula, frozen=True, tag="channel range"):
    """The least and greatest finite value of each channel, (2, channels) float32; NaN for none."""

    def may_give(self, found: np.ndarray) -> bool:
        """Whether an array can be what this measure gives."""
        return found.dtype.kind == "f" and found.ndim == 2 and len(found) == 2

    @property
    def formula(self) -> Formula:
        """Of core.measures.spread."""
        return ("channel range",)


class CellCounts(_ByFormula, frozen=True, tag="cell counts"):
    """The finite values counted in cells of 1/128 of their size, (n_cells, 2) int64: cell, count.

    The grid is the same for every activation (core.measures.spread.cell_counts), so that counts of
    passes add up and go into wider bins later.
    """

    def may_give(self, found: np.ndarray) -> bool:
        """Whether an array can be what this measure gives."""
        return found.dtype == np.int64 and found.ndim == 2 and found.shape[1] == 2

    @property
    def formula(self) -> Formula:
        """Of core.measures.spread."""
        return ("cell counts",)


class Histogram(_ByFormula, frozen=True, tag="histogram"):
    """The values counted between edges as np.histogram does: (len(edges) - 1,) int64.

    edges: finite and ascending, 2 at least.
    """

    edges: tuple[float, ...]

    def check(self, shape: Sequence[int]) -> None:
        """AppError for edges that are none."""
        bounds = np.asarray(self.edges, np.float64)
        if bounds.size < 2 or not np.isfinite(bounds).all() or (np.diff(bounds) <= 0).any():
            raise AppError("The edges of a histogram are two or more ascending numbers.")

    def may_give(self, found: np.ndarray) -> bool:
        """Whether an array can be what this measure gives."""
        return found.dtype == np.int64 and found.shape == (len(self.edges) - 1,)

    @property
    def formula(self) -> Formula:
        """Of core.measures.spread."""
        return ("edge counts", self.edges)


Measure = (
    Keep | Pool | ChannelPeaks | PositiveShare | Moments | ChannelRange | CellCounts | Histogram
)
KEEP = Keep()


def check_has_channels(shape: Sequence[int]) -> None:
    """AppError for a value whose channels can't be told apart, or whose places not be counted."""
    if len(shape) < 2:
        raise AppError(f"A value of shape {tuple(shape)} has no channels for each image.")
    n_places = math.prod(shape[2:])
    if not 0 < n_places <= MAX_PLACES:
        raise AppError(
            f"A channel of a value of shape {tuple(shape)} has {n_places:,} places, and 1 to "
            f"{MAX_PLACES:,} can be told apart."
        )


def check_flatten(shape: Sequence[int], layer_name: str = "this layer") -> None:
    """AppError if a flattened value (n_images, ...) is too long for a descriptor.

    262,144 values an image, which is 1 MB, is the most.
    """
    n_values = math.prod(shape[1:])
    if n_values > MAX_DIMENSIONS:
        raise AppError(
            f"Flattened, '{layer_name}' gives {n_values:,} values an image, "
            f"{n_values * 4 / 1e6:.1f} MB.",
            hint=f"Choose gap, mac or gem; flatten takes up to {MAX_DIMENSIONS:,} values.",
        )
