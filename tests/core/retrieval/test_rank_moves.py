"""Moves between two rankings and the sentence about them, against ranks counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.retrieval.rank_moves import moves_sentence, rank_moves


def moves(first: str, second: str, relevant: str = ""):
    """Orders of images named by letters; those of `relevant` have the query's label."""
    numbers = {letter: number for number, letter in enumerate(sorted({*first, *second}))}
    marks = np.array([letter in relevant for letter in first]) if relevant else None
    return rank_moves(*(np.array([numbers[x] for x in order]) for order in (first, second)), marks)


def test_ranks_of_each_in_the_other_by_hand() -> None:
    found = moves("abcd", "cabx")
    assert found.in_second.tolist() == [2, 3, 1, 0]
    assert found.in_first.tolist() == [3, 1, 2, 0]
    assert found.gains.tolist() == [-1, -1, 2, 0]
    assert (found.n_only_first, found.n_only_second) == (1, 1)


def test_of_the_relevant_images_those_that_moved_most_come_first() -> None:
    assert moves("abcde", "edabc", "ace").greatest(9).tolist() == [4, 0, 2]
    assert moves("abcde", "edabc", "ace").greatest(1).tolist() == [4]
    assert moves("abcde", "edabc").greatest(3).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("first", "second", "relevant", "aps", "said"),
    [
        # e and d come earlier, a and b later, c stays
        ("abcde", "edcba", "ade", (0.881, 0.904),
         "B finds 2 relevant images earlier, 1 later; AP 88.1 to 90.4 %."),
        ("abcd", "bacd", "b", (0.5, 1.0),
         "B finds 1 relevant image earlier, none later; AP 50.0 to 100.0 %."),
        ("abcd", "bacd", "a", (1.0, 0.5),
         "B finds no relevant image earlier, 1 later; AP 100.0 to 50.0 %."),
        ("abcd", "abdc", "ab", (1.0, 1.0),
         "B finds every relevant image where A does; AP 100.0 % in both."),
        ("abcdefghijkl", "lbcdefghijka", "", (None, None),
         "9 of the first 10 of A are among the first 10 of B."),
        ("abcd", "dbax", "", (None, None),
         "3 of the first 4 of A are among the first 4 of B."
         " In A alone 1 image, in B alone 1 image."),
    ],
)  # fmt: skip
def test_the_sentence_counts_what_moved(first, second, relevant, aps, said) -> None:
    assert moves_sentence(moves(first, second, relevant), *aps) == said
