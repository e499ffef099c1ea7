"""Copies and near-duplicates in a gallery: found, and left out as neither right nor wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.jobs.duplicates import DuplicatesRequest, duplicates
from core.jobs.evaluate import EvaluateRequest, evaluate
from core.jobs.query import QueryRequest, query
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.duplicates import Duplicates, find_duplicates
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.indexing import index_folder
from core.retrieval.queries import Answer
from core.retrieval.ranking_export import export_rankings
from tests.core.retrieval.describers import describer

Make = Callable[[Path], Gallery]


def picture(seed: int, colour: tuple[int, int, int], side: int = 64) -> Image.Image:
    """Light and shade of its own, in one colour."""
    shade = np.random.default_rng(seed).uniform(0.3, 1, (8, 8))
    rgb = np.kron(shade, np.ones((side // 8, side // 8)))[..., None] * colour
    return Image.fromarray(rgb.astype(np.uint8))


@pytest.fixture
def make(tmp_path: Path, recipe: DescriptorRecipe, stub_engine: Callable[..., object]) -> Make:
    """Indexes a folder by the mean colour."""

    def index(folder: Path) -> Gallery:
        run_job(index_folder(describer(stub_engine(), recipe), folder, tmp_path / "gallery"))  # type: ignore[arg-type]
        return open_gallery(tmp_path / "gallery")

    return index


@pytest.fixture
def gallery(tmp_path: Path, make: Make) -> Gallery:
    """Two of label a, one of b; before them one's copy and, larger, the other's near-duplicate."""
    folder = tmp_path / "photos"
    for name, seed, colour in (
        ("a/1.png", 1, (250, 30, 30)),
        ("a/2.png", 2, (250, 90, 30)),
        ("b/1.png", 3, (30, 30, 250)),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture(seed, colour).save(folder / name)
    shutil.copy(folder / "a/2.png", folder / "0 copy.png")
    picture(3, (33, 33, 250), 160).save(folder / "1 near.jpg")
    return make(folder)


def names(gallery: Gallery, found: Duplicates) -> list[tuple[str, list[tuple[str, bool]]]]:
    paths = gallery.images.paths
    return [
        (paths[group.first], [(paths[other.image], other.is_copy) for other in group.others])
        for group in found.groups
    ]


def answer_to(gallery: Gallery, image: str, *, without_copies: int | None) -> Answer:
    request = QueryRequest(gallery, (gallery.root / image,), without_copies=without_copies)
    (answer,) = run_job(query(request, None)).answers  # type: ignore[arg-type]  # runs no net
    return answer


def test_a_labelled_image_stays_and_its_copies_are_listed(gallery: Gallery) -> None:
    found = run_job(duplicates(DuplicatesRequest(gallery)))
    assert names(gallery, found) == [
        ("a/2.png", [("0 copy.png", True)]),
        ("b/1.png", [("1 near.jpg", False)]),
    ]
    assert found.describe() == "1 copy, 1 near-duplicate"
    (copy,), (near,) = (group.others for group in found.groups)
    assert (copy.distance, copy.cosine) == (0, pytest.approx(1))
    assert near.distance is not None
    assert near.distance <= 10
    assert 0.99 < near.cosine < 1
    assert not found.problems


def test_ap_by_hand_with_copies_and_without(gallery: Gallery) -> None:
    plain = run_job(evaluate(EvaluateRequest(gallery)))
    # each of the two queries: the copy, which has no label, ranks before the right answer
    assert plain.evaluation.mean_ap == pytest.approx(1 / 2)
    assert plain.evaluation.n_queries == 2
    found = run_job(evaluate(EvaluateRequest(gallery, without_copies=10)))
    assert found.evaluation.mean_ap == 1
    assert (found.evaluation.n_queries, found.evaluation.n_images) == (2, 3)
    assert [found.query_files[one.index] for one in found.evaluation.queries] == [
        "a/1.png",
        "a/2.png",
    ]
    assert any("1 copy, 1 near-duplicate" in note for note in found.notes)
    exact = run_job(evaluate(EvaluateRequest(gallery, without_copies=0)))
    assert exact.evaluation.n_images <= 4


def test_a_ranking_without_copies(gallery: Gallery, tmp_path: Path) -> None:
    paths = gallery.images.paths
    plain = answer_to(gallery, "a/1.png", without_copies=None)
    assert [paths[i] for i in plain.ranking.index[:2]] == ["0 copy.png", "a/2.png"]
    assert plain.ranking.n_ties == 2
    found = answer_to(gallery, "a/1.png", without_copies=10)
    assert [paths[i] for i in found.ranking.index] == ["a/2.png", "b/1.png"]
    assert found.ranking.n_ties == 0
    assert found.score is not None
    assert found.score.average_precision == 1
    # of the query's own group nothing is an answer, the image that stays for others neither
    own = answer_to(gallery, "0 copy.png", without_copies=10)
    assert [paths[i] for i in own.ranking.index] == ["a/1.png", "b/1.png"]
    request = QueryRequest(gallery, (gallery.root / "a/1.png",), without_copies=10)
    export_rankings(tmp_path / "r.csv", gallery, run_job(query(request, None)))  # type: ignore[arg-type]  # runs no net
    lines = (tmp_path / "r.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Left out, neither right nor wrong: 1 copy, 1 near-duplicate")
    assert len(lines) == 4


def test_what_may_have_been_to_be_found_is_counted(gallery: Gallery) -> None:
    assert "have the label" not in run_job(find_duplicates(gallery)).note()
    labels = [
        "s",
        "s",
        "s",
        "s",
        "t",
    ]  # the copy and a/2 share one, the near-duplicate and b/1 don't
    found = run_job(find_duplicates(gallery, labels=labels))
    assert found.n_of_one_label == 1
    assert "1 of them has the label of the image that stays" in found.note()


def test_images_that_are_gone_are_named(gallery: Gallery) -> None:
    (gallery.root / "a" / "2.png").unlink()
    found = run_job(duplicates(DuplicatesRequest(gallery)))
    assert [first for first, _ in names(gallery, found)] == ["b/1.png"]
    assert [problem.path for problem in found.problems] == ["a/2.png"]
    assert "1 image could not be compared, the first a/2.png." in found.note()


def test_the_copies_among_real_distractors_are_found(
    material: Callable[[str], Path], make: Make, tmp_path: Path
) -> None:
    """Two distractors are photos of the sets in another size, as the material's list says."""
    photos = tmp_path / "photos"
    for part in ("distractors", "instances/scale_rainforest", "instances/stitch_cave"):
        target = photos if part == "distractors" else photos / part
        shutil.copytree(material(f"images/{part}"), target, dirs_exist_ok=True)
    gallery = make(photos)
    groups = dict(names(gallery, run_job(duplicates(DuplicatesRequest(gallery)))))
    for first, copy in (
        ("instances/scale_rainforest/rainforest_01.jpg", "vacation_image00030.jpg"),
        ("instances/stitch_cave/cave_01.jpg", "vacation_image00040.jpg"),
    ):
        (members,) = (
            [one, *(name for name, _ in others)]
            for one, others in groups.items()
            if copy in [name for name, _ in others]
        )
        assert first in members
        assert members[0].startswith("instances/")
