"""Re-ranking, queries of several images and "not like this", worked out by hand from the papers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ImageError, RequestError
from core.jobs.evaluate import EvaluateRequest, evaluate
from core.jobs.query import QueryRequest, query
from core.progress import run_job
from core.retrieval.backends import approximate
from core.retrieval.backends.contract import ExactSearch
from core.retrieval.cosines import Cosines
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.fusion import QueryVectors
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.queries import Answer, Answers
from core.retrieval.reranking import Diffusion, KReciprocal, diffuse, k_reciprocal_distances
from core.retrieval.search_steps import SearchSteps, parse_search
from core.retrieval.searching import Searching, prepare_search


def at(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane, (n, 2) float64."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def test_k_reciprocal_by_hand() -> None:
    """The query at 0 degrees, images at 10, 25 and -12; one neighbour each.

    0 and 10 are each other's nearest: each encodes itself by 1, the other by e = exp(-d), with
    d = 2 - 2 cos 10 = 0.030385, e = 0.970072. Their Jaccard distance is 1 - 2e / 2 = 0.029928. The
    others share nothing with the query: 1.
    """
    rows = at(0, 10, 25, -12)
    found = k_reciprocal_distances(rows @ rows.T, k1=1, k2=1, weight=0.3)
    wanted = [
        0.7 * 0.029928 + 0.3 * 0.030385,
        0.7 + 0.3 * 0.187384,  # 2 - 2 cos 25
        0.7 + 0.3 * 0.043705,  # 2 - 2 cos 12
    ]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def by_sets(similarities: np.ndarray, k1: int, k2: int, weight: float) -> list[float]:
    """The paper's equations one by one, on sets, item by item."""
    m = len(similarities)
    nearest = [
        [i, *sorted((j for j in range(m) if j != i), key=lambda j: -similarities[i, j])]
        for i in range(m)
    ]

    def mutual(i: int, k: int) -> set[int]:
        return {j for j in nearest[i][: k + 1] if i in nearest[j][: k + 1]}

    encoded = np.zeros((m, m))
    for i in range(m):
        robust = mutual(i, k1)
        for q in mutual(i, k1):
            half = mutual(q, round(k1 / 2))
            if 3 * len(mutual(i, k1) & half) >= 2 * len(half):
                robust |= half
        for j in robust:
            encoded[i, j] = np.exp(-(2 - 2 * similarities[i, j]))
    averaged = np.array([encoded[nearest[i][:k2]].mean(axis=0) for i in range(m)])
    distances = []
    for j in range(1, m):
        pairs = list(zip(averaged[0], averaged[j], strict=True))
        jaccard = 1 - sum(map(min, pairs)) / sum(map(max, pairs))
        distances.append((1 - weight) * jaccard + weight * (2 - 2 * similarities[0, j]))
    return distances


@pytest.mark.parametrize(("k1", "k2"), [(4, 1), (6, 3), (20, 6)])
def test_k_reciprocal_as_the_paper_has_it(k1: int, k2: int) -> None:
    rng = np.random.default_rng(k1)
    rows = rng.standard_normal((60, 8)) + 2 * rng.standard_normal((4, 8))[rng.integers(0, 4, 60)]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = k_reciprocal_distances(rows @ rows.T, k1, k2, 0.3)
    np.testing.assert_allclose(found, by_sets(rows @ rows.T, k1, k2, 0.3), atol=1e-9)


def test_diffusion_by_hand() -> None:
    """Images 1-2-3 in a chain of cosines 0.9 and 0.8, affinities 0.729 and 0.512; the query is next
    to the first one with 0.8, so y = 0.512; alpha 1/2.

    S12 = sqrt(0.729 / 1.241) = 0.766443, S23 = sqrt(0.512 / 1.241) = 0.642318; solved by hand.
    """
    among = np.array([[1, 0.9, -0.1], [0.9, 1, 0.8], [-0.1, 0.8, 1]])
    of_query = np.array([0.8, 0.5, 0.1])
    found = diffuse(of_query, among, k=2, alpha=0.5, n_seeds=1)
    np.testing.assert_allclose(found, [0.306127, 0.130806, 0.042010], atol=2e-6)
    # of one neighbour each only 1 and 2 are mutual: f1 = 0.256 / (1 - 1/4), f2 half of it
    found = diffuse(of_query, among, k=1, alpha=0.5, n_seeds=1)
    np.testing.assert_allclose(found, [0.341333, 0.170667, 0], atol=1e-6)


ARC = [*range(8, 64, 8), -30, -31, -32]
"""An arc that leads away from the query at 0, and a knot apart that is nearer than its end."""


def searching(rows: np.ndarray, words: str) -> Searching:
    return Searching(ExactSearch(Cosines(rows.astype(np.float32))), parse_search(words))


def test_diffusion_follows_the_arc() -> None:
    rows = at(*ARC)
    plain = searching(rows, "").rank(at(0)[0], None).index.tolist()
    assert plain[-3:] == [4, 5, 6]  # the end of the arc, behind the knot
    # fewer seeds than the default, which reach over to the knot
    steps = SearchSteps(reranking=Diffusion(2, 0.99, 2))
    found = Searching(ExactSearch(Cosines(rows.astype(np.float32))), steps).rank(at(0)[0], None)
    assert set(found.index[:7].tolist()) == set(range(7))
    np.testing.assert_allclose(found.score, (rows @ at(0)[0])[found.index], atol=1e-6)


def test_only_the_first_are_re_ranked() -> None:
    rows = at(*ARC)
    plain = searching(rows, "").rank(at(0)[0], None)
    found = searching(rows, "kreciprocal:2:1:0.3,top:4").rank(at(0)[0], None)
    assert set(found.index[:4].tolist()) == set(plain.index[:4].tolist())
    np.testing.assert_array_equal(found.index[4:], plain.index[4:])


def test_rocchio_and_several_queries_by_hand() -> None:
    """Lengths do not count; the image at 45 degrees is between both queries."""
    cosines = Cosines(np.array([[4, 0], [1, 1], [0, 2], [3, -1]], np.float32))
    search = Searching(ExactSearch(cosines))
    both = np.array([[5, 0], [0, 1]], np.float32)
    mean = search.rank_for(QueryVectors(both))
    assert mean.index.tolist() == [1, 0, 2, 3]
    np.testing.assert_allclose(mean.score[:2], [1, np.sqrt(0.5)], atol=1e-6)
    most = search.rank_for(QueryVectors(both, fusion="max"))
    assert most.index.tolist() == [0, 2, 3, 1]
    np.testing.assert_allclose(most.score, [1, 1, 3 / np.sqrt(10), np.sqrt(0.5)], atol=1e-6)
    # (1, 0) - 0.5 (0, 1): what leans the other way comes before what is equal to the query
    unlike = search.rank_for(QueryVectors(both[:1], unlike=both[1:] * 7))
    assert unlike.index.tolist() == [3, 0, 1, 2]
    np.testing.assert_allclose(
        unlike.score,
        [3.5 / np.sqrt(10 * 1.25), 1 / np.sqrt(1.25), 0.5 / np.sqrt(2.5), -0.5 / np.sqrt(1.25)],
        atol=1e-6,
    )
    plain = search.rank_for(QueryVectors(both[:1], unlike=both[1:], unlike_weight=0))
    assert plain.index.tolist() == [0, 3, 1, 2]


def test_words() -> None:
    assert parse_search("kreciprocal").reranking == KReciprocal(20, 6, 0.3, 1000)
    assert parse_search("top:50,kreciprocal:8:2:0.1").reranking == KReciprocal(8, 2, 0.1, 50)
    assert parse_search("qe:3,diffusion:30:0.9").reranking == Diffusion(30, 0.9)
    assert parse_search("kreciprocal").describe() == (
        "the first 1,000 re-ranked by k-reciprocal encoding (k1 20, k2 6, lambda 0.3)"
    )
    for wrong in ("top:5", "kreciprocal,diffusion", "kreciprocal:0", "diffusion:5:1",
                  "approximate:3", "kreciprocal:5:5:nan", "kreciprocal:5:5:.3:9",
                  "top:9999,diffusion"):  # fmt: skip
        with pytest.raises(RequestError):
            parse_search(wrong)


@pytest.fixture
def gallery(tmp_path: Path, recipe: DescriptorRecipe) -> Gallery:
    """The arc under one label, the knot under another."""
    folder = tmp_path / "gallery"
    store = GalleryStore(folder)
    store.create(recipe, tmp_path / "images")
    images = [
        StoredImage(f"{'arc' if i < 7 else 'knot'}/{i}.png", "arc" if i < 7 else "knot", 8, 8,
                    FileStamp(1, i))
        for i in range(len(ARC))
    ]  # fmt: skip
    store.begin(len(images))
    store.add(images, at(*ARC).astype(np.float32))
    store.finish()
    return open_gallery(folder)


def asked(gallery: Gallery, *paths: str, **how: Any) -> Answers:
    found: Answers = run_job(query(QueryRequest(gallery, tuple(map(Path, paths)), **how), None))  # type: ignore[arg-type]  # runs no net
    return found


def names(gallery: Gallery, answer: Answer) -> list[str]:
    return [gallery.images.paths[index] for index in answer.ranking.index]


def test_a_query_of_several_images_is_one_and_leaves_all_of_them_out(gallery: Gallery) -> None:
    found = asked(gallery, "arc/0.png", "arc/2.png", fusion="mean")
    (answer,) = found.answers
    assert names(gallery, answer)[0] == "arc/1.png"
    assert {"arc/0.png", "arc/2.png"}.isdisjoint(names(gallery, answer))
    assert answer.label == "arc"
    assert answer.score is not None
    assert answer.score.n_relevant == 5
    said = "One query of 2 images, mean of their descriptors: 0.png, 2.png."
    assert said in answer.notes
    (mixed,) = asked(gallery, "arc/0.png", "knot/8.png", fusion="max").answers
    assert (mixed.label, mixed.score, mixed.verdicts) == (None, None, None)
    assert {name[:4] for name in names(gallery, mixed)[:3]} == {"arc/", "knot"}


def test_unlike_sinks_what_is_like_it(gallery: Gallery) -> None:
    plain = names(gallery, asked(gallery, "arc/0.png").answers[0])
    (answer,) = asked(gallery, "arc/0.png", unlike=(Path("knot/8.png"),)).answers
    assert plain.index("knot/7.png") < plain.index("arc/6.png")
    assert names(gallery, answer)[-1].startswith("knot/")
    assert names(gallery, answer).index("arc/6.png") < names(gallery, answer).index("knot/7.png")
    assert "Not like (Rocchio, weight 0.5): 8.png." in answer.notes
    with pytest.raises(ImageError):
        asked(gallery, "arc/0.png", unlike=(Path("nothing.png"),))


@pytest.mark.parametrize("words", ["kreciprocal:3:2:0.3", "diffusion:2:0.9", "diffusion:2,qe:1"])
def test_an_evaluation_ranks_as_queries_do(gallery: Gallery, words: str) -> None:
    steps = parse_search(words)
    found = run_job(evaluate(EvaluateRequest(gallery, search=steps)))
    assert f"Search: {steps.describe()}." in found.notes
    for one in found.evaluation.queries:
        (answer,) = asked(gallery, gallery.images.paths[one.index], search=steps).answers
        assert answer.score == one.score
    assert found.searching is not None
    assert found.searching.to_json()["steps"] == steps.describe()


@pytest.mark.parametrize("n_found", [3, 1000])
def test_an_approximate_evaluation_counts_what_it_misses(
    gallery: Gallery, n_found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss", reason="faiss-cpu is not installed")
    monkeypatch.setattr(approximate, "N_FOUND", n_found)
    found = run_job(evaluate(EvaluateRequest(gallery, search=parse_search("faiss"))))
    exact = run_job(evaluate(EvaluateRequest(gallery)))
    is_told = "that approximate search finds" in found.evaluation.ap_variant
    assert is_told is (n_found < len(gallery) - 1)
    for one, other in zip(found.evaluation.queries, exact.evaluation.queries, strict=True):
        assert one.score.n_relevant == other.score.n_relevant
        assert one.score.average_precision <= other.score.average_precision + 1e-12
    with_few_lists = run_job(prepare_search(gallery, parse_search("faiss,diffusion:2")))
    assert len(with_few_lists.rank(gallery.rows[0], 0)) <= len(ARC) - 1
