"""Every measure of a ranking against its definition, stated anew, on a thousand random rankings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from core.evaluation.scores import score_ranking, score_ranks
from core.evaluation.trapezoid import trapezoid_precision
from core.evaluation.ukbench import n_s_score
from core.progress import run_job
from core.retrieval.evaluation import evaluate

N_RANKINGS = 1000


def rankings(seed: int, *, least: int = 1) -> Iterator[list[bool]]:
    """Rankings of 2 to 60 images, `least` relevant ones or more in each, some with nothing else."""
    rng = np.random.default_rng(seed)
    for _ in range(N_RANKINGS):
        n = int(rng.integers(2, 60))
        n_relevant = int(rng.integers(least, n + 1))
        marks = np.zeros(n, dtype=bool)
        marks[rng.choice(n, n_relevant, replace=False)] = True
        yield marks.tolist()


def falling(marks: list[bool]) -> np.ndarray:
    """Scores that rank the images as they stand."""
    return -np.arange(len(marks), dtype=np.float64)


def test_ap_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    for marks in rankings(30):
        wanted = metrics.average_precision_score(marks, falling(marks))
        assert score_ranking(np.array(marks)).average_precision == pytest.approx(wanted, abs=1e-12)


def test_ndcg_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    for marks in rankings(31):
        wanted = metrics.ndcg_score([np.array(marks, dtype=float)], [falling(marks)])
        assert score_ranking(np.array(marks)).ndcg == pytest.approx(wanted, abs=1e-12)


def test_the_trapezoid_is_the_area_under_the_line_and_ap_the_area_under_the_steps() -> None:
    n_apart = 0
    for marks in rankings(32):
        found = np.cumsum(marks)
        recall = np.concatenate(([0.0], found / found[-1]))
        precision = np.concatenate(([1.0], found / np.arange(1, len(marks) + 1)))
        under_line = np.trapezoid(precision, recall)
        under_steps = np.sum(np.diff(recall) * precision[1:])
        trapezoid = trapezoid_precision(np.flatnonzero(marks), int(found[-1]))
        plain = score_ranking(np.array(marks)).average_precision
        assert trapezoid == pytest.approx(under_line, abs=1e-12)
        assert plain == pytest.approx(under_steps, abs=1e-12)
        n_apart += abs(trapezoid - plain) > 0.01
    assert n_apart > N_RANKINGS // 4  # or one was taken for the other


def test_precision_r_precision_and_recall_in_both_senses() -> None:
    for marks in rankings(33):
        score = score_ranking(np.array(marks))
        n_relevant = sum(marks)
        for k, found in ((1, score.p_at_1), (5, score.p_at_5), (10, score.p_at_10)):
            assert found == pytest.approx(sum(marks[:k]) / k)
        assert score.r_precision == pytest.approx(sum(marks[:n_relevant]) / n_relevant)
        assert score.coverage_at_10 == pytest.approx(sum(marks[:10]) / n_relevant)
        assert [score.hit_at(k) for k in (1, 2, 4, 8)] == [any(marks[:k]) for k in (1, 2, 4, 8)]
        wrong = [place for place, is_right in enumerate(marks, start=1) if not is_right]
        assert score.first_wrong == (wrong[0] if wrong else None)


def test_what_a_cut_ranking_misses_counts_as_never_found() -> None:
    """Half of a ranking, with the relevant images behind the cut still wanted."""
    for marks in rankings(34, least=2):
        n_relevant = sum(marks)
        kept = marks[: len(marks) // 2]
        ranks = np.flatnonzero(kept) + 1
        score = score_ranks(ranks, len(marks), n_relevant)
        precisions = [sum(kept[:rank]) / rank for rank in ranks]
        assert score.average_precision == pytest.approx(sum(precisions) / n_relevant)
        assert score.r_precision == pytest.approx(sum(kept[:n_relevant]) / n_relevant)
        assert score.coverage_at_10 == pytest.approx(sum(kept[:10]) / n_relevant)
        gains = sum(1 / np.log2(rank + 1) for rank in ranks)
        best = sum(1 / np.log2(place + 1) for place in range(1, n_relevant + 1))
        assert score.ndcg == pytest.approx(gains / best)


def test_n_s_is_four_times_recall_at_four() -> None:
    rng = np.random.default_rng(35)
    for _ in range(N_RANKINGS):
        n = 4 * int(rng.integers(1, 5))
        ranked = [rng.permutation(n).tolist() for _ in range(n)]
        groups = [{image for image in range(n) if image // 4 == query // 4} for query in range(n)]
        recalls = [len(groups[q] & set(ranked[q][:4])) / len(groups[q]) for q in range(n)]
        assert n_s_score(ranked) == pytest.approx(4 * np.mean(recalls))


def test_means_over_queries_and_over_classes_are_those_of_scikit_learn() -> None:
    """Classes of many sizes, images alone in their class and images without a label."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(36)
    names = [*"aaaaaaaaaaaa", *"bbbbbb", *"ccc", *"dd", "alone", None, None, None]
    labels = [names[i] for i in rng.permutation(len(names))]
    vectors = rng.standard_normal((len(labels), 6)).astype(np.float32)
    units = vectors.astype(np.float64)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    of_class: dict[str, list[float]] = {}
    for query, label in enumerate(labels):
        others = [i for i in range(len(labels)) if i != query]
        truth = [labels[i] == label for i in others]
        if label is not None and any(truth):
            ap = metrics.average_precision_score(truth, units[others] @ units[query])
            of_class.setdefault(label, []).append(float(ap))
    found = run_job(evaluate(vectors, labels))
    each = [ap for aps in of_class.values() for ap in aps]
    assert found.n_queries == len(each) == 23
    assert found.mean_ap == pytest.approx(np.mean(each), abs=1e-12)
    assert found.mean_ap_macro == pytest.approx(np.mean([np.mean(v) for v in of_class.values()]))
