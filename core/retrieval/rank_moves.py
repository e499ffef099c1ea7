"""Two rankings of one query set against each other: where each image goes, and what that proves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.retrieval.gallery import Gallery
from core.words import percent_number, plural

FIRST_K = 10
NOWHERE = 0
"""The rank of an image that the other ranking does not hold."""


@dataclass(frozen=True, eq=False)
class RankMoves:
    """Where the images of ranking A are in ranking B, and those of B in A.

    in_second: (n_first,) int64, the place in B, from 1, of the image at each place of A; in_first:
    (n_second,) likewise. is_relevant: (n_first,) bool by place of A, None without a label. ranks:
    of both by place, 0 for junk, which takes none; None where every place is a rank.
    """

    in_second: np.ndarray
    in_first: np.ndarray
    is_relevant: np.ndarray | None = None
    ranks: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def first_ranks(self) -> np.ndarray:
        """The rank in A of the image at each place of A, (n_first,) int64; 0 for junk."""
        return np.arange(1, self.in_second.size + 1) if self.ranks is None else self.ranks[0]

    @property
    def second_ranks(self) -> np.ndarray:
        """The rank in B of the image at each place of A; 0 for junk, and where B lacks it."""
        if self.ranks is None:
            return self.in_second
        ranks: np.ndarray = np.append(NOWHERE, self.ranks[1])[self.in_second]
        return ranks

    @property
    def gains(self) -> np.ndarray:
        """How many ranks earlier B has the image at each place of A; 0 where one has no rank."""
        own, other = self.first_ranks, self.second_ranks
        return np.where((own == NOWHERE) | (other == NOWHERE), 0, own - other)

    @property
    def n_only_first(self) -> int:
        """How many images B does not rank."""
        return int(np.count_nonzero(self.in_second == NOWHERE))

    @property
    def n_only_second(self) -> int:
        """How many images A does not rank."""
        return int(np.count_nonzero(self.in_first == NOWHERE))

    def greatest(self, most: int) -> np.ndarray:
        """Places of A, (n,) int64: the relevant images by how far they moved, the farthest first.

        Without a label those of the first ranks. most: how many at most.
        """
        if self.is_relevant is None:
            return np.arange(min(most, self.in_second.size))
        places = np.flatnonzero(self.is_relevant)
        return places[np.argsort(-np.abs(self.gains[places]), kind="stable")][:most]


def rank_moves(
    first: np.ndarray,
    second: np.ndarray,
    is_relevant: np.ndarray | None = None,
    ranks: tuple[np.ndarray, np.ndarray] | None = None,
) -> RankMoves:
    """The moves between two orders of the same numbered images, each without repeats.

    first, second: (n_first,), (n_second,) int64 from 0, the best first. is_relevant: (n_first,)
    bool by place of `first`; ranks: of both by place, where not every place is one.
    """
    n = int(max(first.max(initial=-1), second.max(initial=-1))) + 1
    return RankMoves(_ranks(second, n)[first], _ranks(first, n)[second], is_relevant, ranks)


def common_numbers(first: Gallery, second: Gallery) -> np.ndarray:
    """The number in `first`, by path, of each image of `second`; new ones for its own alone.

    Returns (n_second,) int64.
    """
    if first.images.paths == second.images.paths:
        return np.arange(len(second))
    number_of = {path: number for number, path in enumerate(first.images.paths)}
    numbers = (
        number_of.get(path, len(first) + place) for place, path in enumerate(second.images.paths)
    )
    return np.fromiter(numbers, np.int64, len(second))


def moves_sentence(moves: RankMoves, first_ap: float | None, second_ap: float | None) -> str:
    """What B does with A's images, as counted: "B finds 3 relevant images earlier, 1 later; AP ..."

    first_ap, second_ap: 0 to 1, None without labels, where the first ranks are counted instead.
    """
    alone = _alone(moves)
    if moves.is_relevant is None or first_ap is None or second_ap is None:
        k = min(FIRST_K, moves.in_second.size)
        head = moves.in_second[:k]
        n_kept = int(np.count_nonzero((head != NOWHERE) & (head <= k)))
        return f"{n_kept} of the first {k} of A are among the first {k} of B.{alone}"
    gains = moves.gains[moves.is_relevant]
    n_earlier, n_later = int(np.count_nonzero(gains > 0)), int(np.count_nonzero(gains < 0))
    before, after = percent_number(first_ap), percent_number(second_ap)
    ap = f"AP {before} % in both" if before == after else f"AP {before} to {after} %"
    if not n_earlier and not n_later:
        return f"B finds every relevant image where A does; {ap}.{alone}"
    earlier = plural(n_earlier, "relevant image") if n_earlier else "no relevant image"
    return f"B finds {earlier} earlier, {n_later or 'none'} later; {ap}.{alone}"


def _alone(moves: RankMoves) -> str:
    counts = ((moves.n_only_first, "A"), (moves.n_only_second, "B"))
    said = ", ".join(f"in {side} alone {plural(n, 'image')}" for n, side in counts if n)
    return f" I{said[1:]}." if said else ""


def _ranks(order: np.ndarray, n: int) -> np.ndarray:
    """The rank, from 1, of each of n images; NOWHERE for those that are not in `order`."""
    ranks = np.full(n, NOWHERE, dtype=np.int64)
    ranks[order] = np.arange(1, order.size + 1)
    return ranks
