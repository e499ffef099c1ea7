"""Evaluation against hand-calculated values and the figures of real Caffe's features."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import GalleryError
from core.evaluation.intervals import bootstrap_interval
from core.evaluation.scores import average_precision, chance_precision
from core.progress import Progress, run_job
from core.retrieval.evaluation import (
    OutsideQueries,
    evaluate,
    evaluate_outside,
)
from core.retrieval.ground_truth import prefix_label

# Angles in degrees. a: 0, 10, 25; b: 20, 40; c alone at 90; one without a label at 5.
ANGLES = np.deg2rad([0, 10, 25, 20, 40, 90, 5])
VECTORS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32) * 7
LABELS = ["a", "a", "a", "b", "b", "c", None]


def random_descriptors(n_images: int, dimension: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n_images, dimension), dtype=np.float32)


def test_small_gallery_by_hand() -> None:
    result = run_job(evaluate(VECTORS, LABELS))
    # a at 0: 5n 10p 20n 25p ..: (1/2 + 2/4) / 2; a at 10: 5n 0p 20n 25p (0 and 20 tie at 10
    # degrees only up to rounding, either way one before the other); a at 25 and the b's below.
    found = {query.index: query.score.average_precision for query in result.queries}
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert found[0] == pytest.approx((1 / 2 + 2 / 4) / 2)
    # a at 25: 20n, 10p and 40n both 15 away, 5n, 0p.
    assert found[2] in (pytest.approx((1 / 2 + 2 / 5) / 2), pytest.approx((1 / 3 + 2 / 5) / 2))
    # b at 40: 25n, 20p.
    assert found[4] == pytest.approx(1 / 2)
    assert (result.n_queries, result.n_alone, result.n_unlabelled, result.n_images) == (5, 1, 1, 7)
    assert result.mean_ap == pytest.approx(np.mean(list(found.values())))
    a, b = result.classes
    assert (a.label, a.n_queries, b.label, b.n_queries) == ("a", 3, "b", 2)
    assert a.mean_ap == pytest.approx(np.mean([found[0], found[1], found[2]]))
    assert result.mean_ap_macro == pytest.approx((a.mean_ap + b.mean_ap) / 2)


def test_perfect_and_duplicate_descriptors() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
    result = run_job(evaluate(vectors, list("xyzxyz")))
    assert (result.mean_ap, result.mean_ap_low, result.mean_ap_high) == (1.0, 1.0, 1.0)
    assert (result.p_at_1, result.p_at_5, result.r_precision) == pytest.approx((1.0, 0.2, 1.0))
    assert (result.n_queries_with_ties, result.n_ties) == (6, 6)
    assert result.queries[0].score.first_wrong == 2


def test_zero_vectors_tie_in_index_order() -> None:
    result = run_job(evaluate(np.zeros((4, 3), np.float32), ["a", "b", "a", "b"]))
    # Ranked 1 2 3, 0 2 3, 0 1 3, 0 1 2: relevant at 2, 3, 1, 2.
    assert [q.score.average_precision for q in result.queries] == pytest.approx(
        [1 / 2, 1 / 3, 1, 1 / 2]
    )
    assert result.n_queries_with_ties == 4


@pytest.mark.parametrize(("n", "n_relevant"), [(1, 1), (2, 1), (5, 1), (5, 2), (6, 5), (6, 6)])
def test_chance_is_the_mean_over_all_orders(n: int, n_relevant: int) -> None:
    orders = set(itertools.permutations([True] * n_relevant + [False] * (n - n_relevant)))
    mean = np.mean([average_precision(np.array(order)) for order in orders])
    assert chance_precision(n, n_relevant) == pytest.approx(mean, rel=1e-12)


def test_chance_counts_what_is_ranked() -> None:
    """A query of the gallery ranks the others, one from outside them all."""
    within = run_job(evaluate(VECTORS, LABELS))
    assert within.mean_ap_of_chance == pytest.approx(
        (3 * chance_precision(6, 2) + 2 * chance_precision(6, 1)) / 5
    )
    apart = OutsideQueries(VECTORS[:1], ["a"], [None])
    found = run_job(evaluate_outside(VECTORS, LABELS, apart))
    assert found.mean_ap_of_chance == pytest.approx(chance_precision(7, 3))


def test_nothing_to_evaluate() -> None:
    for labels in ([None, None], ["a", "b"], ["a", None]):
        with pytest.raises(GalleryError, match="No label has two images"):
            run_job(evaluate(np.eye(2), labels))
    with pytest.raises(GalleryError, match="1 labels for 2 images"):
        run_job(evaluate(np.eye(2), ["a"]))


def test_json_and_progress() -> None:
    steps: list[Progress] = []
    result = run_job(
        evaluate(random_descriptors(600, 8, 1), [str(i % 7) for i in range(600)]), steps.append
    )
    assert [step.done for step in steps] == [0, 512, 600]
    document = json.loads(
        json.dumps(result.to_json([f"{i}.jpg" for i in range(600)]), allow_nan=False)
    )
    assert document["AP_variant"] == "non-interpolated"
    assert document["n_queries"] == len(document["queries"]) == 600
    assert document["mAP_95"][0] < document["mAP"] < document["mAP_95"][1]
    assert document["queries"][17]["file"] == "17.jpg"
    assert "queries" not in result.to_json()


def test_bootstrap_covers_the_mean() -> None:
    values = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap_interval(values)
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.015)
    assert high == pytest.approx(values.mean() + half, abs=0.015)
    assert bootstrap_interval(values) == (low, high)


def test_the_interval_is_of_95_percent() -> None:
    """Half of 400 values are 0, half 1: their mean spreads by 0.025, 1.96 of which lie each way."""
    low, high = bootstrap_interval(np.repeat([0.0, 1.0], 200), n_resamples=4000)
    assert low == pytest.approx(0.5 - 0.049, abs=0.0035)
    assert high == pytest.approx(0.5 + 0.049, abs=0.0035)


@pytest.mark.parametrize("dataset", ["corel1k", "instances", "pixabay"])
def test_map_of_real_caffe_features(material: Callable[[str], Path], dataset: str) -> None:
    goldens = np.load(material("goldens/squeezenet_images.npz"), allow_pickle=False)
    figures = json.loads(material("goldens/squeezenet_images.json").read_text())
    wanted = figures["retrieval_cosine_leave_one_out"][dataset]
    label_rows = json.loads(material("images/labels.json").read_text())
    label_of = {row["file"]: row.get("label") for row in label_rows}
    files = [str(name) for name in goldens["files"]]
    mine = [i for i, name in enumerate(files) if name.startswith(dataset + "/")]
    labels = [label_of[files[i]] for i in mine]
    if dataset == "pixabay":
        assert labels == [prefix_label(files[i]) for i in mine]
    features = goldens["fire9_gap"][mine].astype(np.float32)
    result = run_job(evaluate(features, labels))
    assert len(mine) == wanted["n"]
    assert result.mean_ap == pytest.approx(wanted["mAP"], abs=1e-4)
    assert result.p_at_1 == pytest.approx(wanted["P@1"], abs=1e-9)
    by_chance = run_job(evaluate(random_descriptors(len(mine), 512, 7), labels))
    assert by_chance.mean_ap_high < result.mean_ap_low
    assert result.mean_ap_of_chance == by_chance.mean_ap_of_chance
    low, high = by_chance.mean_ap_low, by_chance.mean_ap_high
    assert low - (high - low) < result.mean_ap_of_chance < high + (high - low)


def test_queries_apart_by_hand() -> None:
    """At 12 degrees a: images at 10 (a), 20 (b), 0 (a), 25 (a), 5 (none), 40 (b), 90 (c)."""
    angles = np.deg2rad([12, 41, 0, 1])
    asked = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    queries = OutsideQueries(asked, ["a", "b", "d", None], [None, None, None, None])
    result = run_job(evaluate_outside(VECTORS, LABELS, queries))
    found = {query.index: query.score for query in result.queries}
    # 12: 10a 5- 20b 0a 25a; distances 2, 7, 8, 12, 13
    assert found[0].average_precision == pytest.approx((1 + 2 / 4 + 3 / 5) / 3)
    # 41: 40b 25a 20b
    assert found[1].average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert found[1].n_relevant == 2
    assert (result.n_queries, result.n_alone, result.n_unlabelled, result.n_images) == (2, 1, 1, 7)


def test_a_query_that_is_in_the_gallery_does_not_find_itself() -> None:
    own = OutsideQueries(VECTORS, LABELS, list(range(len(LABELS))))
    apart, within = (
        run_job(evaluate_outside(VECTORS, LABELS, own)),
        run_job(evaluate(VECTORS, LABELS)),
    )
    assert apart.queries == within.queries
    assert (apart.mean_ap, apart.n_alone) == (within.mean_ap, within.n_alone)
    alone = OutsideQueries(VECTORS[5:6], ["c"], [5])
    with pytest.raises(GalleryError, match="No query has the label"):
        run_job(evaluate_outside(VECTORS, LABELS, alone))
    elsewhere = OutsideQueries(VECTORS[5:6], ["c"], [None])
    assert run_job(evaluate_outside(VECTORS, LABELS, elsewhere)).mean_ap == 1
