"""Queries of benchmarks as rankings: what is right, what is junk, and by which rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.engines.host import EngineHost
from core.errors import AppError, GalleryError
from core.evaluation.revisited import RevisitedQuery, score_level
from core.evaluation.trapezoid import trapezoid_precision
from core.jobs.evaluate import EvaluateProtocolRequest, evaluate_by_protocol
from core.jobs.query import QueryRequest, query
from core.jobs.two_rankings import two_rankings
from core.progress import run_job
from core.retrieval.benchmarks import read_benchmark
from core.retrieval.gallery import Gallery
from core.retrieval.ranking_export import export_answer, ranks_of
from core.retrieval.search import rank
from core.retrieval.search_steps import parse_search
from core.retrieval.two_rankings import export_two_rankings
from tests.core.retrieval.test_benchmarks import gallery_of

__all__ = ["gallery_of"]
Make = Callable[[dict[str, int]], Gallery]


@pytest.fixture
def gallery(gallery_of: Make) -> Gallery:
    """a to g, of rising shades: each is the more alike the nearer its letter."""
    return gallery_of({f"{name}.png": 20 * i for i, name in enumerate("abcdefg", start=1)})


def of_holidays(gallery_of: Make) -> Gallery:
    names = {"100000": 10, "100001": 20, "100002": 60, "100100": 30, "100101": 200}
    return gallery_of({f"{name}.png": shade for name, shade in names.items()})


def test_a_query_of_holidays_is_judged_by_its_group_without_itself(gallery_of: Make) -> None:
    gallery = of_holidays(gallery_of)
    asked = QueryRequest(gallery, (Path("100000.png"),), benchmark="holidays")
    (answer,) = run_job(query(asked, EngineHost())).answers
    names = [gallery.images.paths[i] for i in answer.ranking.index]
    assert "100000.png" not in names
    assert [n for n, ok in zip(names, answer.verdicts, strict=True) if ok] == [
        "100001.png", "100002.png"
    ]  # fmt: skip
    # 100001, 100100, 100002: ranks 0 and 2 from 0
    assert answer.score.average_precision == pytest.approx(trapezoid_precision(np.array([0, 2]), 2))
    assert answer.ap_variant == "trapezoid"
    assert any("Holidays" in note for note in answer.notes)


def test_an_image_that_is_no_query_is_judged_by_its_label(gallery_of: Make) -> None:
    gallery = of_holidays(gallery_of)
    asked = QueryRequest(gallery, (Path("100001.png"),), benchmark="holidays")
    (answer,) = run_job(query(asked, EngineHost())).answers
    assert (answer.verdicts, answer.judged_by) == (None, "")


def revisited(path: Path, **more: object) -> Path:
    """b to f are the images, a and g queries: what is easy, hard and junk for a."""
    truth = {
        "imlist": list("bcdef"),
        "qimlist": ["a", "g"],
        "gnd": [
            {"easy": [0], "hard": [3], "junk": [1, 2]},
            {"easy": [], "hard": [4], "junk": []},
        ],
        **more,
    }
    path.write_text(json.dumps(truth))
    return path


@pytest.mark.parametrize("level", ["easy", "medium", "hard"])
def test_revisited_scores_are_those_of_the_published_rule(
    gallery: Gallery, tmp_path: Path, level: str
) -> None:
    truth = revisited(tmp_path / "gnd.json")
    named = f"revisited-{level}:{truth}"
    found = run_job(evaluate_by_protocol(EvaluateProtocolRequest(gallery, named), EngineHost()))
    queries = [RevisitedQuery((0,), (3,), (1, 2)), RevisitedQuery((), (4,), ())]
    # a finds b, c, d, e, f in this order, g the other way round; queries are not among the images
    official = score_level(queries, [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]], level)
    assert found.mean == pytest.approx(official.mean_ap)
    assert found.precision_at == pytest.approx(official.precision_at)
    assert len(found.queries) == official.n_queries
    assert found.to_json()["mP@1"] == pytest.approx(official.precision_at[1])


def test_junk_has_no_rank_and_neither_has_what_the_list_lacks(
    gallery: Gallery, tmp_path: Path
) -> None:
    named = f"revisited-medium:{revisited(tmp_path / 'gnd.json')}"
    asked = QueryRequest(gallery, (Path("a.png"),), benchmark=named)
    (answer,) = run_job(query(asked, EngineHost())).answers
    names = [gallery.images.paths[i] for i in answer.ranking.index]
    ranks = dict(zip(names, ranks_of(answer).tolist(), strict=True))
    assert ranks == {
        "a.png": 0, "b.png": 1, "c.png": 0, "d.png": 0, "e.png": 2, "f.png": 3, "g.png": 0
    }  # fmt: skip
    assert answer.score.average_precision == 1
    assert answer.score.first_wrong == 3
    export_answer(tmp_path / "r.csv", gallery, answer)
    rows = (tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["", "1", "", "", "2", "3", ""]
    assert [row.split(",")[-1] for row in rows].count("junk") == 4


def test_positives_that_the_gallery_lacks_are_told_and_count(
    gallery: Gallery, tmp_path: Path
) -> None:
    gnd = [{"easy": [0, 5], "hard": [], "junk": []}, {"easy": [0], "hard": [], "junk": []}]
    truth = revisited(tmp_path / "gnd.json", imlist=list("bcdefz"), gnd=gnd)
    benchmark = read_benchmark(gallery, f"revisited-easy:{truth}")
    assert any("1 positives are not in the gallery, z" in note for note in benchmark.notes)
    a, _ = benchmark.queries
    # b is first of two positives, z is never found
    assert a.score(rank(gallery, gallery.rows[0]).index.tolist()) == pytest.approx(0.5)


def test_a_ground_truth_of_another_form_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"imlist": ["a"]}')
    with pytest.raises(AppError, match="qimlist"):
        read_benchmark(gallery, f"revisited-easy:{tmp_path / 'bad.json'}")
    with pytest.raises(GalleryError, match="pickle"):
        read_benchmark(gallery, f"revisited-easy:{tmp_path / 'gnd.pkl'}")


def test_a_benchmark_is_scored_by_the_search_that_is_asked_for(gallery_of: Make) -> None:
    """Each query's score is that of its ranking, and the figures say what was done."""
    gallery = of_holidays(gallery_of)
    steps = parse_search("dba:1,qe:1")
    request = EvaluateProtocolRequest(gallery, "holidays", search=steps)
    found = run_job(evaluate_by_protocol(request, EngineHost()))
    for scored in found.queries:
        asked = QueryRequest(gallery, (Path(scored.file),), search=steps, benchmark="holidays")
        (answer,) = run_job(query(asked, EngineHost())).answers
        assert scored.score == answer.score.average_precision
    # by hand: each is a mean of itself and the nearest, whose weight is 1; then the query, too
    shades = {name: gallery.descriptors[i].astype(float) for i, name in enumerate("abcde")}
    unit = {name: row / np.linalg.norm(row) for name, row in shades.items()}
    near = {"a": "b", "b": "d", "c": "d", "d": "b", "e": "c"}  # 10, 20, 60, 30, 200
    turned = {name: unit[name] + unit[near[name]] for name in unit}
    turned = {name: row / np.linalg.norm(row) for name, row in turned.items()}
    first = max((name for name in "bcde"), key=lambda name: turned["a"] @ turned[name])
    expanded = unit["a"] + turned[first]
    order = sorted("bcde", key=lambda name: -(expanded @ turned[name]))
    ranks = np.array([order.index(name) for name in sorted("bc", key=order.index)])
    assert found.queries[0].score == pytest.approx(trapezoid_precision(ranks, 2))
    assert found.notes[-1] == "Search: augmented by 1 neighbour, queries expanded by 1 (average)."
    assert found.to_json()["search"]["steps"].startswith("augmented by 1")


def test_what_a_benchmark_ranks_can_not_be_chosen(gallery_of: Make) -> None:
    asked = QueryRequest(
        of_holidays(gallery_of), (Path("100000.png"),), benchmark="holidays", without_copies=3
    )
    with pytest.raises(AppError, match="part of a benchmark's rule"):
        run_job(query(asked, EngineHost()))


def test_moves_between_two_rankings_pass_over_junk(gallery: Gallery, tmp_path: Path) -> None:
    """e is hard: behind b, with c and d junk, it has rank 2 of 5 in both orders of these."""
    named = f"revisited-medium:{revisited(tmp_path / 'gnd.json')}"
    plain = QueryRequest(gallery, (Path("a.png"),), benchmark=named)
    expanded = replace(plain, search=parse_search("qe:6"))
    two = run_job(two_rankings(plain, expanded, EngineHost()))
    second = [gallery.images.paths[i][0] for i in two.second.answer.ranking.index]
    ranked = [name for name in second if name in "bef"]  # a and g are not in the list
    assert two.moves.first_ranks.tolist() == [0, 1, 0, 0, 2, 3, 0]  # a b c d e f g
    assert two.moves.second_ranks.tolist() == [
        ranked.index(name) + 1 if name in ranked else 0 for name in "abcdefg"
    ]
    gains = dict(zip("abcdefg", two.moves.gains.tolist(), strict=True))
    assert gains["e"] == 2 - (ranked.index("e") + 1)
    assert gains["c"] == 0
    assert two.notes == (
        "Search: queries expanded by 6 (average).",
        "Right, wrong and junk as revisited Oxford or Paris, medium has it.",
    )
    export_two_rankings(tmp_path / "two.csv", two)
    lines = (tmp_path / "two.csv").read_text(encoding="utf-8-sig").splitlines()
    assert "# AP: trapezoid" in lines
    rows = {line.split(",")[0]: line.split(",") for line in lines if not line.startswith("#")}
    assert (rows["c.png"][2], rows["c.png"][3], rows["c.png"][7]) == ("junk", "", "")
    assert (rows["e.png"][2], rows["e.png"][3]) == ("1", "2")
