"""Maps of a gallery: what they keep, worked by hand; PCA held against a full decomposition."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.csv_table import plain_cell
from core.errors import AppError, GalleryError, RequestError
from core.jobs.map import MapLayersRequest, MapRequest, map_gallery, map_layers
from core.progress import run_job
from core.retrieval.cosines import Cosines
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_contents import DescriptorRows, FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.mapping import kept as kept_module
from core.retrieval.mapping import tsne
from core.retrieval.mapping.axes import fit_axes
from core.retrieval.mapping.gallery_map import KeptShare, MapSettings
from core.retrieval.mapping.kept import judge_kept
from core.retrieval.mapping.map_export import export_map
from core.retrieval.mapping.map_files import map_path

FillGallery = Callable[[np.ndarray], Gallery]


@pytest.fixture
def fill(tmp_path: Path, recipe: DescriptorRecipe) -> FillGallery:
    """Adds descriptors to one gallery, the labels in turn a, b and c, and opens it anew."""
    store = GalleryStore(tmp_path / "gallery")
    store.create(recipe, tmp_path)
    n_images = 0

    def add(descriptors: np.ndarray) -> Gallery:
        nonlocal n_images
        images = [
            StoredImage(f"{i:04d}.jpg", "abc"[i % 3], 8, 8, FileStamp(1, i))
            for i in range(n_images, n_images + len(descriptors))
        ]
        n_images += len(images)
        store.add(images, descriptors.astype(np.float32))
        return open_gallery(tmp_path / "gallery")

    return add


def clusters(n: int, *, dimension: int = 16) -> np.ndarray:
    """n descriptors about three far centres in turn."""
    rng = np.random.default_rng(5)
    centres = np.eye(dimension)[:3] * 4
    return centres[np.arange(n) % 3] + 0.3 * rng.standard_normal((n, dimension))


def at_angles(*degrees: float) -> np.ndarray:
    turned = np.deg2rad(degrees)
    return np.stack((np.cos(turned), np.sin(turned)), axis=1)


def on_a_line(*places: float) -> np.ndarray:
    return np.array([(place, 0.0) for place in places], np.float32)


def test_the_kept_share_is_that_worked_by_hand() -> None:
    # true two nearest of A to E: BC, AC, BD, CB, DC; on the line: BC, AC, DE, CE, DC
    descriptors = at_angles(0, 10, 25, 45, 85)
    found = run_job(judge_kept(Cosines(descriptors), on_a_line(0, 1, 5, 6, 7), 2, seed=1))
    assert found == KeptShare(2, 8 / 10, 5)
    assert found.describe(5) == "2-D keeps 80 % of the 2 nearest neighbours"


def test_copies_that_tie_are_all_true_neighbours() -> None:
    # B, C and D are copies: each of them is A's nearest, whichever the map puts first
    descriptors = at_angles(0, 30, 30, 30)
    found = run_job(judge_kept(Cosines(descriptors), on_a_line(-5, 3, 2, 1), 1, seed=1))
    assert found.share == 1.0


def test_true_neighbours_are_those_by_cosine() -> None:
    # A's nearest is B, though it is ten times as long; by distance it would be C
    descriptors = at_angles(0, 5, 20) * np.array([[1], [10], [1]])
    found = run_job(judge_kept(Cosines(descriptors), on_a_line(0, 1, 3), 1, seed=1))
    assert found.share == 1.0


def test_of_many_images_some_are_judged_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "ALL_JUDGED", 50)
    monkeypatch.setattr(kept_module, "_JUDGED", 20)
    points = at_angles(*np.random.default_rng(4).uniform(0, 90, 60))
    found = run_job(judge_kept(Cosines(points), points.astype(np.float32), 3, seed=1))
    assert found.n_judged == 20
    assert found.share == pytest.approx(1.0)
    assert found.describe(60).endswith("judged on 20 images")


@pytest.mark.parametrize("shape", [(40, 7), (30, 200)])
def test_axes_are_those_of_the_whole_decomposition(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    values = rng.standard_normal(shape) * np.geomspace(4, 0.05, shape[1]) + 1
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    found = fit_axes(DescriptorRows(values.astype(np.float32), np.arange(shape[0])), 2, seed=1)
    centred = unit - unit.mean(axis=0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    assert found.variances == pytest.approx(lengths[:2] ** 2 / (shape[0] - 1), rel=1e-4)
    assert np.abs(np.vecdot(found.axes, axes[:2])) == pytest.approx([1, 1], abs=1e-4)
    assert found.total == pytest.approx((centred**2).sum() / (shape[0] - 1), rel=1e-4)


def test_a_map_is_kept_and_read_back(fill: FillGallery) -> None:
    gallery = fill(clusters(30))
    first = run_job(map_gallery(MapRequest(gallery)))
    again = run_job(map_gallery(MapRequest(open_gallery(gallery.folder), stored_only=True)))
    assert not first.was_stored
    assert again.was_stored
    assert np.array_equal(first.points, again.points)
    assert (again.kept, again.variance) == (first.kept, first.variance)


def test_other_settings_are_another_map(fill: FillGallery) -> None:
    gallery = fill(clusters(30))
    run_job(map_gallery(MapRequest(gallery)))
    with pytest.raises(GalleryError, match="No map by PCA is kept"):
        run_job(map_gallery(MapRequest(gallery, MapSettings(k=5), stored_only=True)))


def test_a_map_of_fewer_images_is_refused(fill: FillGallery) -> None:
    run_job(map_gallery(MapRequest(fill(clusters(30)))))
    grown = fill(clusters(33)[30:])
    with pytest.raises(GalleryError, match="of 30 images; the gallery has 33 now"):
        run_job(map_gallery(MapRequest(grown, stored_only=True)))
    anew = run_job(map_gallery(MapRequest(grown)))
    assert len(anew) == 33
    assert "This one is new" in anew.notes[0]


def test_a_map_of_other_descriptors_is_refused(fill: FillGallery) -> None:
    gallery = fill(clusters(30))
    run_job(map_gallery(MapRequest(gallery)))
    stored = np.load(gallery.folder / "descriptors.npy", mmap_mode="r+")
    stored[7, 3] += 1
    stored.flush()
    with pytest.raises(GalleryError, match="of other images or descriptors"):
        run_job(map_gallery(MapRequest(open_gallery(gallery.folder), stored_only=True)))


@pytest.mark.parametrize("spoil", [b"", b"PK\x03\x04 no archive", None])
def test_a_damaged_map_is_made_anew(fill: FillGallery, spoil: bytes | None) -> None:
    gallery = fill(clusters(30))
    first = run_job(map_gallery(MapRequest(gallery)))
    path = map_path(gallery, MapSettings())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if spoil is None else spoil)
    again = run_job(map_gallery(MapRequest(gallery)))
    assert not again.was_stored
    assert np.array_equal(first.points, again.points)


def test_equal_descriptors_make_no_map(fill: FillGallery) -> None:
    with pytest.raises(GalleryError, match="equal"):
        run_job(map_gallery(MapRequest(fill(np.ones((6, 4))))))


def test_three_images_make_no_map(fill: FillGallery) -> None:
    with pytest.raises(GalleryError, match="4 images or more, not 3"):
        run_job(map_gallery(MapRequest(fill(clusters(3)))))


@pytest.mark.parametrize("wrong", [{"method": "umap"}, {"perplexity": 0.5}, {"k": 0}, {"seed": -1}])
def test_settings_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        MapSettings(**wrong)


def test_the_table_has_each_image_below_what_the_map_keeps(
    fill: FillGallery, tmp_path: Path
) -> None:
    gallery = fill(clusters(30))
    found = run_job(map_gallery(MapRequest(gallery)))
    export_map(tmp_path / "map.csv", gallery, found)
    lines = (tmp_path / "map.csv").read_text().splitlines()
    caption = [line for line in lines if line.startswith("#")]
    assert any("of the 10 nearest neighbours" in line for line in caption)
    heading, *rows = lines[len(caption) :]
    assert heading == "x,y,file,label"
    assert len(rows) == 30
    x, y, file, label = rows[4].split(",")
    assert (float(plain_cell(x)), float(plain_cell(y))) == pytest.approx(
        tuple(found.points[4]), rel=1e-5
    )
    assert (file, label) == ("0004.jpg", "b")


def test_tsne_keeps_more_than_pca_the_same_each_time_and_places_the_rest(
    fill: FillGallery,
) -> None:
    pytest.importorskip("openTSNE")
    gallery = fill(clusters(90))
    settings = MapSettings("tsne", perplexity=8, iterations=150)
    first = run_job(map_gallery(MapRequest(gallery, settings)))
    again = run_job(map_gallery(MapRequest(gallery, settings, again=True)))
    assert not again.was_stored
    assert np.array_equal(first.points, again.points)
    pca = run_job(map_gallery(MapRequest(gallery)))
    assert first.kept.share > pca.kept.share
    part = run_job(
        map_gallery(MapRequest(gallery, MapSettings("tsne", 8, iterations=150, most=60)))
    )
    assert "laid out 60 of 90 images" in part.sentences[1]
    centres = np.array([part.points[label::3].mean(axis=0) for label in range(3)])
    away = np.linalg.norm(part.points[:, None] - centres, axis=2)
    assert np.array_equal(away.argmin(axis=1), np.arange(90) % 3)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The children that t-SNE starts."""
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def note(*words: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(start(*words, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", note)
    return started


def test_cancelling_kills_the_child(
    fill: FillGallery, children: list[subprocess.Popen[bytes]]
) -> None:
    job = map_gallery(MapRequest(fill(clusters(60)), MapSettings("tsne", 8, iterations=50_000)))
    while not children:
        next(job)
    assert children[0].poll() is None
    job.close()
    assert children[0].poll() == -signal.SIGKILL


def test_a_child_that_dies_is_told_in_a_sentence_and_nothing_is_kept(
    fill: FillGallery, children: list[subprocess.Popen[bytes]]
) -> None:
    gallery = fill(clusters(60))
    settings = MapSettings("tsne", 8, iterations=50_000)
    job = map_gallery(MapRequest(gallery, settings))
    while not children:
        next(job)
    children[0].kill()
    with pytest.raises(AppError, match="computes t-SNE stopped"):
        run_job(job)
    assert not map_path(gallery, settings).exists()


def test_without_the_package_it_says_which(
    fill: FillGallery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "openTSNE.py").write_text("raise ModuleNotFoundError(name='openTSNE')")
    monkeypatch.setattr(tsne, "_SETTINGS", {})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(tsne.MapsUnavailableError, match="openTSNE"):
        run_job(map_gallery(MapRequest(fill(clusters(9)), MapSettings("tsne"))))


def test_maps_of_several_layers_follow_the_images_that_are_shown(
    fill: FillGallery, tmp_path: Path, recipe: DescriptorRecipe
) -> None:
    shown = fill(clusters(12))
    other = GalleryStore(tmp_path / "other")
    other.create(recipe, tmp_path)
    names = ("0003.jpg", "0001.jpg", "0007.jpg", "0005.jpg", "elsewhere.jpg")
    images = [StoredImage(name, None, 8, 8, FileStamp(1, 1)) for name in names]
    other.add(images, clusters(5).astype(np.float32))
    opened = open_gallery(tmp_path / "other")
    (found,) = run_job(map_layers(MapLayersRequest(shown, [opened])))
    is_there = np.isfinite(found.points).all(axis=1)
    assert np.flatnonzero(is_there).tolist() == [1, 3, 5, 7]
    assert found.points[7].tolist() == found.map.points[opened.images.find("0007.jpg")].tolist()


def test_a_layer_that_can_not_be_mapped_is_left_out(
    fill: FillGallery, tmp_path: Path, recipe: DescriptorRecipe
) -> None:
    shown = fill(clusters(12))
    dead = GalleryStore(tmp_path / "dead")
    dead.create(recipe, tmp_path)
    images = [StoredImage(f"{i:04d}.jpg", None, 8, 8, FileStamp(1, 1)) for i in range(12)]
    dead.add(images, np.zeros((12, 4), np.float32))
    found = run_job(map_layers(MapLayersRequest(shown, [open_gallery(tmp_path / "dead"), shown])))
    assert [one.gallery for one in found] == [shown]
    with pytest.raises(GalleryError, match="equal"):
        run_job(map_layers(MapLayersRequest(shown, [open_gallery(tmp_path / "dead")])))
