"""Query expansion and database augmentation, against sums written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import RequestError
from core.progress import run_job
from core.retrieval.cosines import Cosines
from core.retrieval.expansion import (
    Expansion,
    augment,
    expand_queries,
)
from core.retrieval.search_steps import SearchSteps, parse_search


def at(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def direction(row: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(row[1], row[0])))


GALLERY = at(10, 30, 80, 200) * np.array([[1], [5], [2], [1]], np.float32)
QUERY = at(0)


def expected(*weighted: tuple[float, float]) -> float:
    """The direction of a sum of (weight, degrees)."""
    total = sum(w * at(d)[0].astype(np.float64) for w, d in weighted)
    return direction(np.asarray(total))


def test_expansions_by_hand() -> None:
    cosines = Cosines(GALLERY)
    c10, c30 = np.cos(np.radians([10, 30]))
    wanted = {
        Expansion(2): expected((1, 0), (1, 10), (1, 30)),
        Expansion(2, "rank"): expected((1, 0), (1, 10), (0.5, 30)),
        Expansion(2, "alpha", 3.0): expected((1, 0), (c10**3, 10), (c30**3, 30)),
        # of four answers one is behind: it counts nothing
        Expansion(4, "alpha", 1.0): expected(
            (1, 0), (c10, 10), (c30, 30), (np.cos(np.radians(80)), 80)
        ),
    }
    for expansion, degrees in wanted.items():
        (found,) = expand_queries(cosines, QUERY * 7, [None], expansion)
        assert direction(found) == pytest.approx(degrees, abs=1e-4), expansion
        assert np.linalg.norm(found) == pytest.approx(1)


def test_a_query_of_the_gallery_does_not_find_itself() -> None:
    (found,) = expand_queries(Cosines(GALLERY), GALLERY[:1], [0], Expansion(1))
    assert direction(found) == pytest.approx(20, abs=1e-4)


def test_more_neighbours_than_there_are() -> None:
    found = expand_queries(Cosines(GALLERY[:2]), GALLERY[:1], [0], Expansion(50))
    assert direction(found[0]) == pytest.approx(20, abs=1e-4)
    alone = expand_queries(Cosines(GALLERY[:1]), GALLERY[:1], [0], Expansion(5))
    assert direction(alone[0]) == pytest.approx(10, abs=1e-4)


def test_augmentation_by_hand() -> None:
    found = run_job(augment(Cosines(GALLERY), 2))
    assert direction(found[0]) == pytest.approx(expected((1, 10), (1, 30), (0.5, 80)), abs=1e-4)
    assert direction(found[2]) == pytest.approx(expected((1, 80), (1, 30), (0.5, 10)), abs=1e-4)


def test_many_rows_go_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(2).standard_normal((50, 6)).astype(np.float32)
    whole = run_job(augment(Cosines(rows), 3))
    expanded = expand_queries(Cosines(rows), rows, range(50), Expansion(3))
    monkeypatch.setattr("core.retrieval.expansion._QUERIES_AT_ONCE", 7)
    np.testing.assert_allclose(run_job(augment(Cosines(rows), 3)), whole, rtol=1e-6)
    again = expand_queries(Cosines(rows), rows, range(50), Expansion(3))
    np.testing.assert_allclose(again, expanded, rtol=1e-6)


def test_words_for_search_steps() -> None:
    assert parse_search("dba:20, qe:10") == SearchSteps(20, Expansion(10))
    assert parse_search("alphaqe:5:2") == SearchSteps(0, Expansion(5, "alpha", 2.0))
    assert parse_search("") == SearchSteps()
    assert parse_search("dba:20,rankqe:10").describe() == (
        "augmented by 20 neighbours, queries expanded by 10 (rank)"
    )


@pytest.mark.parametrize("words", ["qe", "qe:0", "qe:x", "qe:1:2", "best:3", "alphaqe:3:-1"])
def test_words_that_name_no_step(words: str) -> None:
    with pytest.raises(RequestError):
        parse_search(words)
