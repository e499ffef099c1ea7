"""Each protocol against the publishers' definition, written here anew, and their own scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError
from core.evaluation import holidays, oxford
from core.evaluation.revisited import LEVELS, RevisitedQuery, read_revisited_truth, score_level
from core.evaluation.sanity import find_misaligned
from core.evaluation.scores import score_ranking
from core.evaluation.trapezoid import ranks_without_junk, trapezoid_precision
from core.evaluation.ukbench import n_s_score

VECTORS = [
    ("pppnn", 3, 1.0),
    ("npp", 2, 0.416667),
    ("jpnjpnnp", 3, 0.677778),
    ("pnpn", 3, 0.527778),
    ("nnnp", 1, 0.125),
    ("p", 4, 0.25),
]


@pytest.mark.parametrize(("marks", "n_relevant", "wanted"), VECTORS)
def test_trapezoid_vectors(marks: str, n_relevant: int, wanted: float) -> None:
    names = [f"{mark}{i}" for i, mark in enumerate(marks)]
    relevant = [name for name in names if name[0] == "p"]
    junk = [name for name in names if name[0] == "j"]
    ranks = ranks_without_junk(names, relevant, junk)
    assert trapezoid_precision(ranks, n_relevant) == pytest.approx(wanted, abs=1e-6)


def test_what_is_both_relevant_and_junk_is_relevant() -> None:
    assert ranks_without_junk("jxpj", {"p", "x"}, {"j", "x"}).tolist() == [0, 1]
    assert ranks_without_junk("ppnp", {"p"}).tolist() == [0]


def official_oxford(ranked: Sequence[int], positive: set[int], junk: set[int]) -> float:
    """As the program of the benchmark counts: item by item, old and new precision averaged."""
    old_recall, old_precision, ap = 0.0, 1.0, 0.0
    n_found = seen = 0
    for item in ranked:
        if item in junk:
            continue
        n_found += item in positive
        seen += 1
        recall, precision = n_found / len(positive), n_found / seen
        ap += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return ap


def official_level(ranked: Sequence[int], positive: set[int], junk: set[int]) -> list[float]:
    """AP and precision at 1, 5, 10 as the revisited benchmark has them, with 1-based ranks."""
    places, n_junk = [], 0
    for rank, item in enumerate(ranked):
        if item in positive:
            places.append(rank - n_junk + 1)
        n_junk += item in junk
    ap = 0.0
    for j, place in enumerate(places):
        before = 1.0 if place == 1 else j / (place - 1)
        ap += (before + (j + 1) / place) / (2 * len(positive))
    precisions = []
    for k in (1, 5, 10):
        most = min(max(places), k)
        precisions.append(sum(place <= most for place in places) / most)
    return [ap, *precisions]


def official_holidays(query: str, ranked: Sequence[str], positive: set[str]) -> float:
    """As the benchmark's script counts: ranks from 0, one less after the query was met."""
    ap, n_found, shift, step = 0.0, 0, 0, 1 / len(positive)
    for rank, name in enumerate(ranked):
        if name == query:
            shift = -1
        elif name in positive:
            place = rank + shift
            before = 1.0 if place == 0 else n_found / place
            ap += (before + (n_found + 1) / (place + 1)) * step / 2
            n_found += 1
    return ap


def test_a_thousand_rankings_with_junk_are_scored_as_officially() -> None:
    rng = np.random.default_rng(20)
    for _ in range(1000):
        n = int(rng.integers(8, 60))
        ranked = rng.permutation(n)
        kinds = rng.choice(4, n, p=[0.2, 0.15, 0.15, 0.5])  # easy, hard, junk, other
        kinds[rng.choice(n, 2, replace=False)] = [0, 1]
        easy, hard, junk = (set(np.flatnonzero(kinds == kind).tolist()) for kind in range(3))
        order = ranked.tolist()
        ranks = ranks_without_junk(order, easy | hard, junk)
        found = trapezoid_precision(ranks, len(easy | hard))
        assert found == pytest.approx(official_oxford(order, easy | hard, junk), abs=1e-12)
        junk |= set(rng.choice(n, 2).tolist())  # a file of one's own may name an image twice
        query = RevisitedQuery(tuple(easy), tuple(hard), tuple(junk))
        wanted = {
            "easy": official_level(order, easy, junk | hard),
            "medium": official_level(order, easy | hard, junk),
            "hard": official_level(order, hard, junk | easy),
        }
        for level in LEVELS:
            one = score_level([query], [order], level)
            got = [one.mean_ap, *(one.precision_at[k] for k in (1, 5, 10))]
            assert got == pytest.approx(wanted[level], abs=1e-12)


def test_a_thousand_rankings_of_holidays_are_scored_as_officially() -> None:
    rng = np.random.default_rng(21)
    images = [f"{group:04d}{i:02d}.jpg" for group in range(1000, 1008) for i in range(4)]
    for _ in range(1000):
        query = images[int(rng.integers(0, 8)) * 4]
        ranked = [images[i] for i in rng.permutation(len(images))]
        if rng.random() < 0.3:
            ranked.remove(query)
        positive = {name for name in images if name[:4] == query[:4] and name != query}
        found = holidays.score_query(query, ranked, images)
        assert found == pytest.approx(official_holidays(query, ranked, positive), abs=1e-12)


def test_oxford_files_and_official_scores(material: Callable[[str], Path]) -> None:
    truth = {q.name: q for q in oxford.read_oxford_queries(material("groundtruth/oxford5k"))}
    assert len(truth) == 55
    first = truth["all_souls_1"]
    assert (first.image, first.box) == ("all_souls_000013", (136.5, 34.1, 648.5, 955.7))
    assert sum(len(query.positives) for query in truth.values()) == 2840
    assert all(query.image in query.positives for query in truth.values())
    scores = material("groundtruth/official_scores/oxford_compute_ap.json")
    official = json.loads(scores.read_text())
    names = official["db"]
    for result in official["results"]:
        ranking = [names[i] for i in result["ranking"]]
        found = truth[result["query"]].score(ranking)
        assert found == pytest.approx(result["ap"], rel=2e-5)
    for edge in official["edge"]:
        found = truth[edge["query"]].score(edge["ranking_names"])
        # the official program counts a positive twice that is listed twice
        assert found == pytest.approx(min(1.0, edge["ap"]), rel=2e-5)


def test_holidays_files_and_official_scores(material: Callable[[str], Path]) -> None:
    folder = material("groundtruth/holidays")
    images = holidays.read_holidays_images(folder / "holidays_images.dat")
    assert (len(images), sum(map(holidays.is_query, images))) == (1491, 500)
    scores = material("groundtruth/official_scores/holidays_map.json")
    official = json.loads(scores.read_text())
    for name, wanted in official["mAP"].items():
        found = holidays.mean_precision(images, holidays.read_holidays_results(folder / name))
        assert found == pytest.approx(wanted, abs=1e-5), name


def test_ukbench_counts_the_query_itself() -> None:
    assert n_s_score([[i, i ^ 1, i ^ 2, i ^ 3] for i in range(8)]) == 4
    assert n_s_score([[0, 4, 5, 1], [0, 1, 2, 7]]) == 2.5


def test_revisited_leaves_out_queries_without_positives_and_cut_rankings() -> None:
    nothing = RevisitedQuery((), (1,), ())
    found = score_level([nothing, RevisitedQuery((0,), (), ())], [[1, 0], [0, 1]], "easy")
    assert (found.n_queries, found.mean_ap, found.precision_at[1]) == (1, 1.0, 1.0)
    assert np.isnan(found.precisions[0])
    cut = score_level([RevisitedQuery((7,), (), ())], [[1, 0]], "easy")
    assert (cut.mean_ap, cut.precision_at[5]) == (0.0, 0.0)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    pickled = tmp_path / "gnd_roxford5k.pkl"
    pickled.write_bytes(b"cos\nsystem\n")
    with pytest.raises(AppError, match="never opened"):
        read_revisited_truth(pickled)
    written = tmp_path / "gnd.json"
    one = {"easy": [0], "hard": [], "junk": [2], "bbx": [1.0, 2.0, 3.0, 4.0]}
    written.write_text(json.dumps({"imlist": ["a"], "qimlist": ["q"], "gnd": [one]}))
    assert read_revisited_truth(written).gnd[0].bbx == (1.0, 2.0, 3.0, 4.0)


@pytest.mark.parametrize("line", ["oxc1_a 1 2 3", "oxc1_a 1 2 3 x", "", "oxc1_a 1 2 3 nan"])
def test_a_query_of_another_form_is_refused(tmp_path: Path, line: str) -> None:
    for kind in ("good", "ok", "junk"):
        (tmp_path / f"a_1_{kind}.txt").write_text("x\n")
    (tmp_path / "a_1_query.txt").write_text(line)
    with pytest.raises(AppError, match="four numbers"):
        oxford.read_oxford_queries(tmp_path)


def test_folders_without_ground_truth_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="no files"):
        oxford.read_oxford_queries(tmp_path)
    (tmp_path / "list.dat").write_text("one.jpg\n")
    with pytest.raises(AppError, match="six digits"):
        holidays.read_holidays_images(tmp_path / "list.dat")


def test_ndcg_recall_and_hits_by_hand() -> None:
    score = score_ranking(np.array([mark == "p" for mark in "npnnnnnnnnpp"]))
    assert score.first_right == 2
    assert [score.hit_at(k) for k in (1, 2, 8)] == [False, True, True]
    assert score.coverage_at_10 == pytest.approx(1 / 3)
    gains = 1 / np.log2([3, 12, 13])
    assert score.ndcg == pytest.approx(gains.sum() / (1 / np.log2([2, 3, 4])).sum())


def test_shifted_names_are_noticed() -> None:
    rng = np.random.default_rng(2)
    stored = rng.standard_normal((20, 8)).astype(np.float32)
    stored[7] = stored[3]  # a copy may be found in its place
    own = np.array([3, 5, 9])
    fresh = stored[own] * 2 + 1e-6
    assert find_misaligned(fresh, own, stored) == ()
    assert find_misaligned(fresh, own + 1, stored) == ((4, 3), (6, 5), (10, 9))
    assert find_misaligned(np.zeros((1, 8), np.float32), own[:1], stored) == ()
