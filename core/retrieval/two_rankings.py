"""One query ranked by two representations of a folder, and the table of it as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from core.csv_table import write_csv
from core.retrieval.gallery import Gallery
from core.retrieval.queries import Answer
from core.retrieval.rank_moves import (
    NOWHERE,
    RankMoves,
    common_numbers,
    moves_sentence,
    rank_moves,
)
from core.retrieval.ranking_export import JUNK, ranks_of

_COLUMNS = ("file", "label", "relevant", "rank_A", "score_A", "rank_B", "score_B", "ranks_earlier")


@dataclass(frozen=True, eq=False)
class RankedIn:
    """The ranking of a query in one gallery."""

    gallery: Gallery
    answer: Answer

    @property
    def average_precision(self) -> float | None:
        """AP, 0 to 1; None for a query without a label."""
        score = self.answer.score
        return None if score is None else score.average_precision


@dataclass(frozen=True, eq=False)
class TwoRankings:
    """A and B on one query, and where each image of one is in the other.

    search_notes: what was done beside plain exact search, and left out, in sentences.
    """

    first: RankedIn
    second: RankedIn
    moves: RankMoves
    search_notes: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of both has to know: the search, and what judges."""
        judged_by = self.first.answer.judged_by
        judged = (f"Right, wrong and junk as {judged_by} has it.",) if judged_by else ()
        return (*self.search_notes, *judged)

    @property
    def sentence(self) -> str:
        """What changes from A to B, as counted."""
        return moves_sentence(
            self.moves, self.first.average_precision, self.second.average_precision
        )


def set_against(
    first: RankedIn, second: RankedIn, search_notes: tuple[str, ...] = ()
) -> TwoRankings:
    """Find each image of one ranking in the other, by its path below the folder."""
    numbers = common_numbers(first.gallery, second.gallery)
    own, other = first.answer.ranking.index, numbers[second.answer.ranking.index]
    ranks = ranks_of(first.answer), ranks_of(second.answer)
    moves = rank_moves(own, other, first.answer.verdicts, ranks)
    return TwoRankings(first, second, moves, search_notes)


def export_two_rankings(path: Path, two: TwoRankings, caption: Sequence[str] = ()) -> None:
    """Write both ranks and scores of each image, in A's order, then those that B alone has.

    ranks_earlier: by how many ranks B has it before A; empty where one does not have it. caption:
    lines before the headings, each behind a #. Raises AppError when the disk refuses.
    """
    lines = (two.sentence, *two.notes, f"AP: {two.first.answer.ap_variant}", *caption)
    write_csv(path, chain(((f"# {line}",) for line in lines), (_COLUMNS,), _rows(two)))


def _rows(two: TwoRankings) -> Iterator[tuple[object, ...]]:
    moves, gains = two.moves, two.moves.gains
    first, second = two.first.answer, two.second.answer
    for place in range(len(first.ranking)):
        other = int(moves.in_second[place])
        there: tuple[object, ...] = ("", "", "")
        if other != NOWHERE:
            rank = int(moves.second_ranks[place])
            score = f"{second.ranking.score[other - 1]:.6f}"
            there = rank or "", score, int(gains[place]) if rank else ""
        here = int(moves.first_ranks[place]) or "", f"{first.ranking.score[place]:.6f}"
        yield (*_named(two.first, place), *here, *there)
    of_second = ranks_of(second)
    for place in np.flatnonzero(moves.in_first == NOWHERE).tolist():
        here = int(of_second[place]) or "", f"{second.ranking.score[place]:.6f}"
        yield (*_named(two.second, place), "", "", *here, "")


def _named(side: RankedIn, place: int) -> tuple[object, ...]:
    answer = side.answer
    image = side.gallery.images[int(answer.ranking.index[place])]
    verdict: object = "" if answer.verdicts is None else int(answer.verdicts[place])
    if answer.junk is not None and answer.junk[place]:
        verdict = JUNK
    return image.path, image.label or "", verdict
