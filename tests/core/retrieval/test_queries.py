"""Images as queries: changed, gone, linked, moved with their gallery, or from anywhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import GalleryError, ImageError
from core.files import file_sha256
from core.images.box import Box
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe, text_sha256
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_labels import label_gallery
from core.retrieval.gallery_origin import GalleryOrigin, find_origin
from core.retrieval.indexing import index_folder
from core.retrieval.queries import Answer, QueryImage, answer_queries, find_query
from core.retrieval.ranking_caption import ranking_caption
from tests.core.retrieval.describers import describer

Stub = Callable[..., Any]


@pytest.fixture
def gallery(tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub) -> Gallery:
    run_job(index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "gallery"))
    return open_gallery(tmp_path / "gallery")


def answer(gallery: Gallery, query: QueryImage, engine: Any = None) -> Answer:
    """The answer to one query."""
    net = None if engine is None else describer(engine, gallery.recipe)
    found = run_job(answer_queries(gallery, [query], net))
    assert found.problems == ()
    return found.answers[0]


def test_an_own_image_needs_no_net(gallery: Gallery, pictures: Path) -> None:
    query = find_query(gallery, pictures / "red" / "2.png")
    assert (query.label, query.needs_net, query.note) == ("red", False, None)
    assert query.index not in answer(gallery, query).ranking.index


def test_a_box_of_an_own_image_is_described_and_said(
    gallery: Gallery, pictures: Path, stub_engine: Stub
) -> None:
    path = pictures / "red" / "2.png"
    pixels = np.array(Image.open(path))
    pixels[2:6, 4:8] = (30, 30, 220)
    Image.fromarray(pixels).save(path)
    query = find_query(gallery, path, Box(4, 2, 8, 6))
    assert query.needs_net
    found = answer(gallery, query, stub_engine())
    assert gallery.images[int(found.ranking.index[0])].path.startswith("things/blue")
    assert query.index not in found.ranking.index
    assert any("x1 y1 x2 y2 4 2 8 6: cropped first" in note for note in found.notes)
    caption = ranking_caption(gallery, found, "conv", Path("net.prototxt"), None)
    assert "red/2.png, box x1 y1 x2 y2 4 2 8 6" in caption[0]


def test_a_changed_image_is_described_anew(
    gallery: Gallery, pictures: Path, stub_engine: Stub
) -> None:
    shutil.copy(pictures / "things" / "blue" / "1.png", pictures / "red" / "2.png")
    query = find_query(gallery, pictures / "red" / "2.png")
    assert query.note == "red/2.png has changed since it was indexed, so it is described anew."
    (problem,) = run_job(answer_queries(gallery, [query])).problems
    assert "no net is running" in problem.reason
    found = answer(gallery, query, stub_engine())
    best = gallery.images[int(found.ranking.index[0])]
    assert best.path == "things/blue/1.png"
    assert found.ranking.score[0] == pytest.approx(1)
    assert query.index not in found.ranking.index
    assert found.notes == (query.note,)


def test_an_image_of_the_folder_that_is_not_read_yet_has_its_label(
    gallery: Gallery, pictures: Path, tmp_path: Path, stub_engine: Stub
) -> None:
    late = pictures / "red" / "late.png"
    shutil.copy(pictures / "red" / "2.png", late)
    query = find_query(gallery, late)
    assert (query.index, query.label, query.needs_net) == (None, "red", True)
    found = answer(gallery, query, stub_engine())
    assert found.verdicts is not None
    assert found.score is not None
    shutil.copy(late, tmp_path / "outside.png")
    outside = find_query(gallery, tmp_path / "outside.png")
    assert outside.label is None
    assert answer(gallery, outside, stub_engine()).score is None


@pytest.mark.parametrize("change", ["touched", "another size", "to come"])
def test_what_counts_as_changed(
    gallery: Gallery,
    pictures: Path,
    recipe: DescriptorRecipe,
    stub_engine: Stub,
    change: str,
) -> None:
    path = pictures / "red" / "2.png"
    if change == "touched":
        os.utime(path, ns=(9, 9))
    elif change == "another size":
        status = path.stat()
        path.write_bytes(path.read_bytes() + b"\0")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:  # a cancelled index saw the change and has not come to it
        os.utime(path, ns=(9, 9))
        job = index_folder(describer(stub_engine(), recipe), pictures, gallery.folder)
        while next(job).total == 0:
            pass
        job.close()
        gallery = open_gallery(gallery.folder)
    assert find_query(gallery, path).needs_net


def test_an_image_that_is_gone_is_answered_and_said(gallery: Gallery, pictures: Path) -> None:
    (pictures / "red" / "2.png").unlink()
    query = find_query(gallery, pictures / "red" / "2.png")
    assert (query.needs_net, query.label) == (False, "red")
    assert "is gone since it was indexed" in (query.note or "")
    assert len(answer(gallery, query).ranking) == 11


def test_neither_file_nor_image(gallery: Gallery, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.png", Path("red/99.png")):
        with pytest.raises(ImageError, match="And the gallery has no image of that name"):
            find_query(gallery, path)
    with pytest.raises(ImageError, match="There is no file"):
        find_query(gallery, tmp_path)


def test_images_that_are_links_find_themselves(
    tmp_path: Path,
    pictures: Path,
    recipe: DescriptorRecipe,
    stub_engine: Stub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    links = tmp_path / "links"
    (links / "kind").mkdir(parents=True)
    for i in range(3):
        (links / "kind" / f"{i}.png").symlink_to(pictures / "red" / f"{i + 1}.png")
    (tmp_path / "way").symlink_to(links)
    run_job(index_folder(describer(stub_engine(), recipe), tmp_path / "way", tmp_path / "g"))
    gallery = open_gallery(tmp_path / "g")
    monkeypatch.chdir(links)
    os.link(pictures / "red" / "2.png", tmp_path / "hard.png")
    for path in (
        links / "kind" / "1.png",  # a link below the root
        tmp_path / "way" / "kind" / "1.png",  # below a link to the root
        links / "kind" / ".." / "kind" / "1.png",
        Path("kind/1.png"),  # relative to the working folder
        pictures / "red" / "2.png",  # what the link leads to
        tmp_path / "hard.png",  # the same file by yet another name
    ):
        query = find_query(gallery, path)
        assert (query.index, query.label, query.needs_net) == (1, "kind", False), path
    assert find_query(gallery, pictures / "red" / "0.png").index is None
    monkeypatch.chdir(tmp_path)
    assert find_query(gallery, Path("kind/1.png")).index == 1  # as the gallery lists it


def test_images_that_are_gone_are_known_by_any_way_to_their_place(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "way").symlink_to(pictures)
    (pictures / "alias").symlink_to("red")
    (pictures / "red" / "2.png").unlink()
    wanted = gallery.find(Path("red/2.png"))
    assert wanted is not None
    for name in ("pictures/red", "way/red", "way/alias", "pictures/alias", "way/things/../red"):
        assert find_query(gallery, tmp_path / name / "2.png").index == wanted, name
    (pictures / "red" / "3.png").unlink()
    (pictures / "red" / "3.png").symlink_to("../../nowhere.png")
    assert find_query(gallery, pictures / "red" / "3.png").label == "red"


def test_several_queries_and_one_that_can_not_be_read(
    gallery: Gallery, pictures: Path, tmp_path: Path, stub_engine: Stub
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    Image.new("RGB", (9, 9), (200, 30, 30)).save(tmp_path / "new.png")
    paths = [pictures / "grey0.png", tmp_path / "bad.png", tmp_path / "new.png"]
    queries = [find_query(gallery, path) for path in paths]
    found = run_job(answer_queries(gallery, queries, describer(stub_engine(), gallery.recipe)))
    assert [one.query.given for one in found.answers] == [paths[0], paths[2]]
    assert [problem.path for problem in found.problems] == [str(paths[1])]
    assert gallery.labels[int(found.answers[1].ranking.index[0])] == "red"


def project(tmp_path: Path, recipe: DescriptorRecipe) -> tuple[Path, DescriptorRecipe]:
    """A folder with everything in it, and the recipe that its files give."""
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "pictures").rename(folder / "photos")
    (folder / "net.prototxt").write_text("name: 'n'")
    (folder / "w.caffemodel").write_bytes(b"weights")
    np.save(folder / "mean.npy", np.full((3, 8, 8), 7, np.float32))
    preprocess = replace(recipe.preprocess, mean_image=str(folder / "mean.npy"))
    sha256 = text_sha256("name: 'n'"), file_sha256(folder / "w.caffemodel")
    return folder, replace(
        recipe, preprocess=preprocess, net_sha256=sha256[0], weights_sha256=sha256[1]
    )


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_project_that_moved_is_found_whole(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub, how: str
) -> None:
    folder, chosen = project(tmp_path, recipe)
    origin = GalleryOrigin(folder / "net.prototxt", folder / "w.caffemodel")
    run_job(
        index_folder(
            describer(stub_engine(), chosen), folder / "photos", folder / "g", origin=origin
        )
    )
    there = tmp_path / "there"
    if how == "moved":
        folder.rename(there)
    else:
        shutil.copytree(folder, there)
        (folder / "net.prototxt").write_text("name: 'edited since'")
    gallery = open_gallery(there / "g")
    query = find_query(gallery, there / "photos" / "red" / "1.png")
    assert (query.label, query.needs_net) == ("red", False)
    found = find_origin(gallery.origin, gallery.recipe)
    assert found.net == there / "net.prototxt"
    assert (found.weights.parent == there) == (how == "moved")
    assert gallery.notes == ()
    if how == "moved":
        assert gallery.path(0).is_file()
        assert gallery.recipe.preprocess.mean_image == str(there / "mean.npy")
    moved_mean = replace(chosen.preprocess, mean_image=str(there / "mean.npy"))
    again = replace(chosen, preprocess=moved_mean)
    report = run_job(index_folder(describer(stub_engine(), again), there / "photos", there / "g"))
    assert report.n_kept == 12
    assert open_gallery(there / "g").root == there / "photos"


def test_only_the_gallery_moved(
    tmp_path: Path, gallery: Gallery, pictures: Path, recipe: DescriptorRecipe
) -> None:
    (tmp_path / "elsewhere").mkdir()
    gallery.folder.rename(tmp_path / "elsewhere" / "g")
    moved = open_gallery(tmp_path / "elsewhere" / "g")
    assert moved.root == pictures
    assert find_query(moved, pictures / "red" / "1.png").label == "red"


def test_a_folder_of_the_same_name_with_other_images_is_not_taken(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    folder, chosen = project(tmp_path, recipe)
    run_job(index_folder(describer(stub_engine(), chosen), folder / "photos", folder / "g"))
    folder.rename(tmp_path / "there")
    shutil.rmtree(tmp_path / "there" / "photos")
    (tmp_path / "there" / "photos").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "there" / "photos" / "another.png")
    gallery = open_gallery(tmp_path / "there" / "g")
    assert gallery.root == folder / "photos"
    assert f"The folder of the images, {folder / 'photos'}, is gone" in gallery.notes[0]
    query = find_query(gallery, Path("red/1.png"))
    assert "is gone since it was indexed" in (query.note or "")


def test_pictures_that_moved_without_their_gallery_are_known_by_name_and_time(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    pictures.rename(tmp_path / "elsewhere")
    moved = open_gallery(gallery.folder)
    query = find_query(moved, tmp_path / "elsewhere" / "red" / "1.png")
    assert (query.label, moved.images[query.index or 0].path) == ("red", "red/1.png")
    assert (query.note, query.needs_net) == (None, False)
    (tmp_path / "elsewhere" / "red" / "1.png").rename(tmp_path / "renamed.png")
    assert find_query(moved, tmp_path / "renamed.png").index is None


def test_files_that_are_gone_are_named(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    folder, chosen = project(tmp_path, recipe)
    origin = GalleryOrigin(folder / "net.prototxt", folder / "w.caffemodel")
    run_job(
        index_folder(
            describer(stub_engine(), chosen), folder / "photos", folder / "g", origin=origin
        )
    )
    (folder / "w.caffemodel").unlink()
    gallery = open_gallery(folder / "g")
    with pytest.raises(GalleryError, match=r"w\.caffemodel, which is gone"):
        find_origin(gallery.origin, gallery.recipe)
    with pytest.raises(GalleryError, match="does not say"):
        find_origin(None, gallery.recipe)


def test_labels_of_a_table_take_the_place_of_those_of_the_folders(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    table = tmp_path / "labels.csv"
    names = gallery.images.paths
    table.write_text("file,label\n" + "\n".join(f"{name},{i % 2}" for i, name in enumerate(names)))
    labelled, matched = label_gallery(gallery, str(table))
    assert labelled.labels == tuple(str(i % 2) for i in range(len(names)))
    assert matched.n_matched == len(names)
    assert labelled.truth == str(table)
    assert gallery.truth == "folders"  # the one of before is as it was
    np.testing.assert_array_equal(labelled.descriptors, gallery.descriptors)
    found = answer(labelled, find_query(labelled, pictures / "red" / "2.png"))
    assert found.verdicts is not None
    is_relevant = [labelled.labels[i] == found.query.label for i in found.ranking.index.tolist()]
    assert found.verdicts.tolist() == is_relevant
    shutil.copy(pictures / "red" / "2.png", pictures / "red" / "late.png")
    assert find_query(labelled, pictures / "red" / "late.png").label is None
    back, _ = label_gallery(labelled, "folders")
    assert back.labels == gallery.labels
