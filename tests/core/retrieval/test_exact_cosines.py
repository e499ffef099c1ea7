"""Scores, ranks and AP against sums without any error, sorted in full: written apart from ours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from core.errors import GalleryError
from core.evaluation.scores import score_ranking, score_ranks
from core.progress import run_job
from core.retrieval import cosines as module
from core.retrieval.block_scan import kth_largest
from core.retrieval.cosines import Cosines
from core.retrieval.evaluation import OutsideQueries, evaluate, evaluate_outside
from core.retrieval.gallery_contents import DescriptorRows
from core.retrieval.query_scores import AskedQuery, QueryScorer
from core.retrieval.relevant_ranks import relevant_ranks
from core.retrieval.search import best_by, order_scores, rank_by, rank_vectors

RNG = np.random.default_rng(17)
FLOAT32 = np.finfo(np.float32)


def exact_cosine(one: np.ndarray, other: np.ndarray) -> float:
    """By sums that round once."""
    x, y = [float(v) for v in one], [float(v) for v in other]
    lengths = math.sqrt(math.fsum(v * v for v in x)) * math.sqrt(math.fsum(v * v for v in y))
    return math.fsum(a * b for a, b in zip(x, y, strict=True)) / lengths if lengths else 0.0


def copies_among(n: int, dimension: int) -> np.ndarray:
    """Rows of which half are copies of a few, some of zeros, some longer or shorter ones."""
    rows = RNG.standard_normal((n, dimension)).astype(np.float32)
    rows[RNG.permutation(n)[: n // 2]] = rows[RNG.integers(0, 3, n // 2)]
    rows[RNG.permutation(n)[: n // 10]] = 0
    rows[:: n // 7] *= np.float32(1000)
    return rows


KINDS: dict[str, Callable[[int, int], np.ndarray]] = {
    "random": lambda n, d: RNG.standard_normal((n, d)).astype(np.float32),
    "copies and zeros": copies_among,
    "zeros": lambda n, d: np.zeros((n, d), np.float32),
    "subnormal": lambda n, d: RNG.integers(-9, 9, (n, d)).astype(np.float32) * FLOAT32.tiny / 64,
    "huge": lambda n, d: RNG.choice([-1, 1, 0.5], (n, d)).astype(np.float32) * FLOAT32.max,
    "of all sizes": lambda n, d: (10 ** RNG.uniform(-42, 38, (n, d))).astype(np.float32),
    "whole numbers": lambda n, d: RNG.integers(0, 3, (n, d)).astype(np.float32),
    "nearly equal": lambda n, d: (1 + RNG.integers(0, 2, (n, d)) * FLOAT32.eps).astype(np.float32),
}


@pytest.fixture(params=KINDS)
def rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """203 rows, in blocks of 48 or 96 that they do not fill."""
    monkeypatch.setattr(module, "_VALUES_FOR_ONE", 48 * 19 + 5)
    monkeypatch.setattr(module, "_VALUES_FOR_MANY", 96 * 19 + 5)
    return KINDS[request.param](203, 19)


@pytest.mark.parametrize("n_queries", [1, 3, 40])
def test_scores_are_rounded_once(rows: np.ndarray, n_queries: int) -> None:
    queries = np.concatenate([rows[:2], KINDS["random"](n_queries, 19)])[:n_queries]
    found = Cosines(rows).of(queries)
    wanted = np.array([[exact_cosine(query, row) for row in rows] for query in queries])
    assert found.dtype == np.float32
    half_a_step = np.spacing(np.abs(wanted).astype(np.float32)).astype(np.float64) / 2
    assert (np.abs(found - wanted) <= half_a_step * 1.001).all()


@pytest.mark.parametrize("n_queries", [1, 40])
def test_equal_rows_score_the_same_wherever_they_stand(rows: np.ndarray, n_queries: int) -> None:
    queries = KINDS["random"](n_queries, 19)
    order = RNG.permutation(len(rows))
    found, permuted = Cosines(rows).of(queries), Cosines(rows[order]).of(queries)
    np.testing.assert_array_equal(permuted, found[:, order])
    of_one = np.concatenate([Cosines(rows).of(query[None]) for query in queries])
    np.testing.assert_array_equal(of_one, found)


def test_rows_that_lie_in_no_order(rows: np.ndarray) -> None:
    """Among rows of no image."""
    order = RNG.permutation(len(rows))[:150]
    queries = rows[:20] + np.float32(1)
    there = DescriptorRows(rows, order)
    np.testing.assert_array_equal(Cosines(there).of(queries), Cosines(rows[order]).of(queries))
    np.testing.assert_array_equal(Cosines(there).lengths, Cosines(rows[order]).lengths)


def test_a_ranking_is_that_of_a_full_sort(rows: np.ndarray) -> None:
    """By sums without any error; rows that are the same follow one another by number."""
    query = rows[5]
    exact = np.array([exact_cosine(query, row) for row in rows])
    found = rank_vectors(rows, query)
    assert sorted(found.index.tolist()) == list(range(len(rows)))
    assert (np.diff(exact[found.index]) <= 1e-13).all()
    keys = [(row + 0).tobytes() for row in rows]
    for before, after in itertools.pairwise(found.index.tolist()):
        assert keys[before] != keys[after] or before < after
    np.testing.assert_array_equal(found.score, Cosines(rows).of(query[None])[0][found.index])
    n_copies = sum(keys.count(key) > 1 for key in keys)
    assert found.n_ties >= n_copies
    without = rank_vectors(rows, query, exclude=5)
    assert without.index.tolist() == [i for i in found.index.tolist() if i != 5]


def test_scores_that_float32_makes_equal_are_told_apart() -> None:
    """Copies alone are ties, whatever the rounded scores of rows that are much alike."""
    noise = np.random.default_rng(8).standard_normal((2000, 24))
    rows = (1 + 0.01 * noise).astype(np.float32)
    rows[[700, 1900]] = rows[30]
    found = rank_vectors(rows, rows[0])
    assert len(set(found.score.tolist())) < len(rows) - 500
    assert found.n_ties == 3
    exact = np.array([exact_cosine(rows[0], row) for row in rows])
    assert (np.diff(exact[found.index]) <= 2e-14).all()
    labels = ["a" if i % 200 == 0 else None for i in range(len(rows))]
    scored = run_job(evaluate(rows, labels))
    assert (scored.n_ties, scored.n_queries_with_ties) == (3, scored.n_queries)


def test_one_descriptor_in_two_lengths_ranks_by_its_number() -> None:
    rows = np.random.default_rng(4).integers(1, 50, (400, 31)).astype(np.float32)
    rows[200:] = np.float32(3) * rows[:200]  # the very same direction, rounded otherwise
    found = rank_vectors(rows, rows[0] + np.float32(0.5)).index.tolist()
    assert all(after == before + 200 for before, after in zip(found[::2], found[1::2], strict=True))


def test_the_copy_of_a_query_is_no_tie_in_its_own_ranking() -> None:
    rows = np.random.default_rng(4).standard_normal((9, 5)).astype(np.float32)
    rows[4] = rows[2]
    scored = run_job(evaluate(rows, ["a"] * 9))
    # 2 and 4 leave one of the pair in their rankings, where it has no copy
    assert (scored.n_ties, scored.n_queries_with_ties) == (2, 7)


def test_a_query_that_is_not_finite_is_refused() -> None:
    for value in (np.nan, np.inf):
        with pytest.raises(GalleryError, match="NaN or infinity"):
            Cosines(np.eye(3, dtype=np.float32)).of(np.array([[1, value, 0]], np.float32))


SCORES: dict[str, Callable[[int], np.ndarray]] = {
    "random": lambda n: RNG.uniform(-1, 1, n),
    "one": lambda n: np.full(n, 0.25),
    "zeros of both signs": lambda n: RNG.choice([0.0, -0.0], n),
    "few values": lambda n: RNG.choice([-0.5, -0.0, 0.0, 0.125, 1.0], n),
    "neighbours": lambda n: 0.7 + RNG.integers(0, 5, n) * 2.0**-24,
    "subnormal": lambda n: RNG.integers(-3, 3, n) * float(FLOAT32.smallest_subnormal),
    "one far": lambda n: np.where(np.arange(n) == n // 2, -1, 1 - RNG.integers(0, 9, n) * 2.0**-24),
}


@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("n", [1, 2, 7, 500])
def test_ranks_of_some_are_those_of_a_full_sort(kind: str, n: int) -> None:
    for n_relevant in {1, n // 2, n} - {0}:
        scores = SCORES[kind](n).astype(np.float32)
        relevant = np.sort(RNG.permutation(n)[:n_relevant])
        order = sorted(range(n), key=lambda i: (-float(scores[i]), i))
        wanted = sorted(order.index(i) + 1 for i in relevant)
        assert relevant_ranks(scores, relevant).tolist() == wanted
        assert order_scores(scores).index.tolist() == order


def test_an_evaluation_is_that_of_full_rankings(rows: np.ndarray) -> None:
    labels = [None if i % 13 == 0 else f"{i % 5}" for i in range(len(rows))]
    result = run_job(evaluate(rows, labels))
    assert result.n_queries == sum(label is not None for label in labels)
    for query in result.queries:
        order = rank_vectors(rows, rows[query.index], exclude=query.index).index.tolist()
        verdicts = np.array([labels[i] == query.label for i in order])
        assert query.score == score_ranking(verdicts)
        ranks = [rank for rank, is_right in enumerate(verdicts, start=1) if is_right]
        by_hand = math.fsum((k + 1) / rank for k, rank in enumerate(ranks)) / len(ranks)
        assert query.score.average_precision == pytest.approx(by_hand, rel=1e-13)
    keys = [(row + 0).tobytes() for row in rows]
    n_tied = sum(
        not rows[q.index].any() or len({*keys[: q.index], *keys[q.index + 1 :]}) < len(rows) - 1
        for q in result.queries
    )
    assert result.n_queries_with_ties == n_tied


def test_queries_apart_rank_as_they_do_alone(rows: np.ndarray) -> None:
    labels = [f"{i % 5}" for i in range(len(rows))]
    queries = OutsideQueries(rows[:40], labels[:40], [i if i % 2 else None for i in range(40)])
    result = run_job(evaluate_outside(rows, labels, queries))
    for query in result.queries:
        ranking = rank_vectors(rows, rows[query.index], exclude=queries.own[query.index])
        verdicts = np.array([labels[i] == query.label for i in ranking.index])
        assert query.score == score_ranking(verdicts)


NEAR = {
    **KINDS,
    "a breath apart": lambda n, d: (
        (1 + 0.01 * RNG.standard_normal(d)) * (1 + 1e-6 * RNG.standard_normal((n, d)))
    ).astype(np.float32),
    "copies and lengths": lambda n, d: (
        RNG.integers(1, 9, (n // 4 + 1, d)).repeat(4, axis=0)[:n] * RNG.choice([1, 3, 7], (n, 1))
    ).astype(np.float32),
}


@pytest.mark.parametrize("dimension", [3, 64, 700])
@pytest.mark.parametrize("kind", NEAR)
def test_the_best_are_the_first_of_the_whole_ranking(kind: str, dimension: int) -> None:
    """Number for number and bit for bit, though float32 sums alone can't tell them apart."""
    stored = NEAR[kind](403, dimension)
    rows = DescriptorRows(stored, RNG.permutation(len(stored))[:350])
    queries = [rows[3], stored[7] + np.float32(0.25), np.zeros(dimension, np.float32)]
    for query, exclude in itertools.product(queries, (None, 3)):
        for k in (1, 10, 100, 349, 500):
            found = best_by(Cosines(rows), query, k, exclude=exclude)
            whole = rank_by(Cosines(rows), query, exclude=exclude)
            np.testing.assert_array_equal(found.index, whole.index[:k])
            assert found.score.tobytes() == whole.score[:k].tobytes()


@pytest.mark.parametrize("n", [1, 10, 4096, 8192, 8193, 50_001])
@pytest.mark.parametrize("kind", ["normal", "rising", "equal", "three values"])
def test_the_kth_largest_is_that_of_a_full_sort(n: int, kind: str) -> None:
    values = {
        "normal": RNG.standard_normal(n),
        "rising": np.arange(n),
        "equal": np.full(n, -np.inf),
        "three values": RNG.integers(0, 3, n),
    }[kind].astype(np.float32)
    for k in {1, 2, 11, 1024, 1025, n} & set(range(1, n + 1)):
        assert kth_largest(values, k) == np.sort(values)[-k]


def test_few_are_scored_exactly_for_the_best() -> None:
    rows = RNG.standard_normal((5000, 64)).astype(np.float32)
    nearest = Cosines(rows).nearest(rows[0], 100)
    assert 100 <= nearest.size < 120
    rows[0] *= np.float32(1e30)  # too long for float32 sums: all are left to the exact ones
    assert Cosines(rows).nearest(rows[1], 100).size == len(rows)


@pytest.mark.parametrize("most_near", [2000, 5])
def test_ranks_by_float32_sums_are_those_of_exact_ones(
    most_near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies, rows that differ by a rounding, zeros; 5: nearly all are left to exact sums."""
    monkeypatch.setattr("core.retrieval.relevant_ranks._MOST_NEAR", most_near)
    rng = np.random.default_rng(8)
    rows = rng.standard_normal((700, 48)).astype(np.float32)
    rows[300:330] = rows[0]
    rows[400:430] = rows[0] * np.float32(3)
    rows[500:530] = np.nextafter(rows[1], np.float32(9))
    rows[600] = 0
    cosines = Cosines(rows)
    exact = rows.astype(np.float64)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True) + (np.arange(700) == 600)[:, None]
    asked, wanted = [], []
    for query in range(0, 300, 10):
        own = query if query % 20 else None
        relevant = np.flatnonzero(np.arange(700) % 7 == query % 7)
        asked.append(AskedQuery(partial(cosines.exactly, rows[query]), relevant, own))
        scores = np.round(exact @ exact[query], 13)
        order = [n for n in np.lexsort((np.arange(700), -scores)) if n != own]
        ranks = np.flatnonzero(np.isin(order, relevant)) + 1
        wanted.append(score_ranks(ranks, len(order)))
    with ThreadPoolExecutor(1) as thread:
        scorer = QueryScorer(cosines, thread)
        vectors = rows[range(0, 300, 10)]
        first, second = scorer.begin(vectors), scorer.begin(vectors[:9])
        assert scorer.score(vectors, asked, first.result()) == wanted
        assert scorer.score(vectors[:9], asked[:9], second.result()) == wanted[:9]
        assert scorer.score(vectors, asked, None) == wanted
