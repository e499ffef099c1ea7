"""Search, ties and measures of a ranking against hand-calculated values."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError, GalleryDamaged, GalleryError
from core.evaluation.scores import average_precision, score_ranking
from core.progress import run_job
from core.retrieval.cosines import Cosines
from core.retrieval.descriptor import DescriptorRecipe, l2_normalise
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_rows import DESCRIPTORS_NAME
from core.retrieval.ground_truth import folder_label, prefix_label
from core.retrieval.indexing import index_folder
from core.retrieval.ranking_export import export_ranking
from core.retrieval.search import judge, order_scores, rank, rank_image, rank_vectors
from tests.core.retrieval.describers import describer


def relevant(marks: str) -> np.ndarray:
    """ "pnj" as booleans: p relevant, n not, j junk and left out."""
    return np.array([mark == "p" for mark in marks if mark != "j"], dtype=bool)


@pytest.mark.parametrize(
    ("marks", "n_relevant", "wanted"),
    [
        ("pppnn", 3, 1.0),
        ("npp", 2, 0.583333),
        ("jpnjpnnp", 3, 0.722222),
        ("pnpn", 3, 0.555556),
        ("nnnp", 1, 0.25),
        ("p", 4, 0.25),
        ("nn", 2, 0.0),
    ],
)
def test_average_precision_vectors(marks: str, n_relevant: int, wanted: float) -> None:
    assert average_precision(relevant(marks), n_relevant) == pytest.approx(wanted, abs=1e-6)


def test_average_precision_without_relevant_images() -> None:
    assert np.isnan(average_precision(relevant("nn")))


def test_score_of_a_ranking_by_hand() -> None:
    score = score_ranking(relevant("pnppnn"))
    assert score.average_precision == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert (score.p_at_1, score.p_at_5, score.p_at_10) == (1.0, 0.6, 0.3)
    assert score.r_precision == pytest.approx(2 / 3)
    assert (score.first_wrong, score.n_relevant) == (2, 3)
    assert score_ranking(relevant("pp")).first_wrong is None


def test_exact_order_by_hand() -> None:
    vectors = l2_normalise(np.array([[1, 0], [1, 1], [0, 1], [-1, 0], [2, 2]], np.float32))
    ranking = rank_vectors(vectors, np.array([1, 0], np.float32))
    assert ranking.index.tolist() == [0, 1, 4, 2, 3]
    np.testing.assert_allclose(ranking.score, [1, 0.70710677, 0.70710677, 0, -1], rtol=1e-6)
    assert ranking.n_ties == 2
    assert rank_vectors(vectors, vectors[0], exclude=0).index.tolist() == [1, 4, 2, 3]
    assert len(ranking.head(2)) == 2
    assert ranking.head(2).n_ties == 2


def test_equal_vectors_tie_wherever_they_stand() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((9001, 67)).astype(np.float32)
    places = [0, 1, 2, 3, 17, 4095, 4096, 8999, 9000]
    vectors[places] = vectors[0]
    ranking = rank_vectors(l2_normalise(vectors), l2_normalise(vectors[0]))
    assert ranking.index[: len(places)].tolist() == places
    assert len(set(ranking.score[: len(places)].tolist())) == 1
    assert ranking.n_ties >= len(places)


def test_three_in_a_tie() -> None:
    ranking = order_scores(np.array([0.5, 0.9, 0.5, 0.5, 0.1], np.float32))
    assert ranking.index.tolist() == [1, 0, 2, 3, 4]
    assert ranking.n_ties == 3
    assert order_scores(np.zeros(0, np.float32)).n_ties == 0


def test_order_is_that_of_a_stable_sort() -> None:
    rng = np.random.default_rng(11)
    for scale in (1.0, 1e-38, 1e30):
        scores = (rng.integers(-50, 50, 3000) * scale).astype(np.float32)
        scores[::7] *= -1
        scores[::11] = -0.0
        wanted = np.argsort(-scores, kind="stable")
        np.testing.assert_array_equal(order_scores(scores).index, wanted)


def test_labels() -> None:
    assert folder_label("a/b/1.jpg") == "a/b"
    assert folder_label("1.jpg") is None
    assert prefix_label("x/airplane__01.jpg") == "airplane"
    assert prefix_label("x/plain.jpg") is None
    ranking = order_scores(np.array([0.1, 0.9, 0.5], np.float32))
    verdicts = judge(ranking, ["a", "b", "a"], "a")
    assert verdicts is not None
    assert verdicts.tolist() == [False, True, True]
    assert judge(ranking, ["a", "b", "a"], None) is None


@pytest.fixture
def gallery(
    tmp_path: Path,
    pictures: Path,
    recipe: DescriptorRecipe,
    stub_engine: Callable[..., object],
) -> Gallery:
    run_job(index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "gallery"))  # type: ignore[arg-type]
    return open_gallery(tmp_path / "gallery")


def test_rank_finds_the_same_colour(gallery: Gallery) -> None:
    ranking = rank_image(gallery, 2)
    assert len(ranking) == 11
    assert 2 not in ranking.index
    assert [gallery.labels[i] for i in ranking.index[:4]] == ["red"] * 4
    own = rank(gallery, gallery.descriptors[2] * 100, k=3)
    assert own.index[0] == 2
    assert own.score[0] == pytest.approx(1.0)
    with pytest.raises(GalleryError, match="7 values"):
        rank(gallery, np.zeros(7))


def test_a_descriptor_that_is_not_finite_is_damage(gallery: Gallery) -> None:
    path = gallery.folder / DESCRIPTORS_NAME
    stored = np.memmap(path, dtype="<f4", mode="r+", offset=128)
    stored[gallery.dimension * int(gallery.images[3].row)] = np.nan
    stored.flush()
    with pytest.raises(GalleryDamaged) as caught:
        rank_image(open_gallery(gallery.folder), 0)
    assert gallery.images[3].path in caught.value.details


def test_export(tmp_path: Path, gallery: Gallery) -> None:
    path = tmp_path / "ranking.csv"
    export_ranking(path, gallery, rank_image(gallery, 2, k=5), "red")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["relevant"] for row in rows] == ["1"] * 4 + ["0"]
    assert rows[0]["file"].startswith("red/")
    export_ranking(path, gallery, rank_image(gallery, 0, k=1))
    assert path.read_text().endswith(",\r\n") or path.read_text().endswith(",\n")
    with pytest.raises(AppError, match="can't be written"):
        export_ranking(tmp_path / "no" / "r.csv", gallery, rank_image(gallery, 0))


def test_an_image_of_a_linked_gallery_is_found_as_it_is_named(
    stub_engine: Callable[..., object], pictures: Path, recipe: DescriptorRecipe, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    root = tmp_path / "set"
    (root / "files").mkdir(parents=True)
    (root / "red").symlink_to(pictures / "red", target_is_directory=True)
    (root / "files" / "0.png").symlink_to(pictures / "things" / "blue" / "0.png")
    (tmp_path / "other").symlink_to(root, target_is_directory=True)
    run_job(index_folder(describer(stub_engine(), recipe), root, tmp_path / "g"))  # type: ignore[arg-type]
    gallery = open_gallery(tmp_path / "g")
    monkeypatch.chdir(tmp_path)
    for name in ("red/1.png", "files/0.png"):
        index = [image.path for image in gallery.images].index(name)
        for path in (root / name, Path("set") / name, tmp_path / "other" / name):
            assert gallery.find(path.absolute()) == index
    assert gallery.find(pictures / "red" / "9.png") is None
    assert gallery.find(pictures / "grey0.png") is None


def test_sums_are_exact_beyond_float32() -> None:
    """1e8 + 1 - 1e8 is 1, and 0 where float32 adds."""
    vectors = np.array([[1e8, 1, -1e8], [1, 1e8, -1e8], [1e8, -1e8, 1]], np.float32)
    lengths = np.sqrt(np.array([2e16 + 1] * 3) * 3)
    found = Cosines(vectors).of(np.ones((1, 3), np.float32))
    assert found.tolist() == [(1 / lengths).astype(np.float32).tolist()]
