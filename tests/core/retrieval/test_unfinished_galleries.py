"""A gallery knows whether its index came to the end; a part of it is a fair sample."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.errors import GalleryError
from core.jobs.evaluate import EvaluateRequest, evaluate
from core.net.definition import NetState
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.evaluation import evaluate_gallery
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_contents import GalleryProgress
from core.retrieval.gallery_database import DATABASE_NAME
from core.retrieval.gallery_origin import GalleryOrigin, NotedOrigin, read_origin
from core.retrieval.indexing import index_folder
from core.retrieval.mixed_order import mixed_order
from tests.core.retrieval.describers import describer

Stub = Callable[..., Any]


def index_until(n_done: int, *arguments: Any, **named: Any) -> None:
    """Index and cancel once n_done images are in."""
    job = index_folder(*arguments, **named)
    while next(job).done < n_done:
        pass
    job.close()


@pytest.mark.parametrize(
    ("n_done", "n_expected", "has_ended", "is_finished", "n_missing"),
    [
        (192, 192, True, True, 0),
        (192, 192, False, False, 0),  # killed just before its end, or changed files to come
        (96, 192, True, False, 96),  # the other of two runs at once ended
        (96, 192, False, False, 96),
        (193, 192, True, True, 0),
        (96, None, False, None, 0),
    ],
)
def test_when_a_gallery_is_finished(
    n_done: int, n_expected: int | None, has_ended: bool, is_finished: bool | None, n_missing: int
) -> None:
    progress = GalleryProgress(n_done, n_expected, has_ended)
    assert (progress.is_finished, progress.n_missing) == (is_finished, n_missing)


def test_a_cancelled_index_is_noted(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    index_until(5, describer(stub_engine(), recipe), pictures, out, batch_size=5)
    gallery = open_gallery(out)
    progress = gallery.progress
    assert (progress.n_done, progress.n_expected, progress.is_finished) == (5, 12, False)
    assert "unfinished: 5 of 12 images" in gallery.notes[0]
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert report.progress.is_finished
    assert open_gallery(out).progress.describe() == "whole: 12 images"
    assert open_gallery(out).notes == ()


def test_files_that_can_not_be_read_had_their_turn(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    (pictures / "broken.jpg").write_bytes(b"no image")
    (pictures / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "g"))
    assert report.n_images == 12
    assert (report.progress.n_done, report.progress.n_expected) == (13, 13)
    assert report.progress.is_finished
    assert [one.path.name for one in report.skipped] == ["gone.jpg"]


def test_changed_images_are_to_come_until_they_are_described_anew(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    for i in range(3):
        os.utime(pictures / "red" / f"{i}.png", ns=(7, 7))
    index_until(2, describer(stub_engine(), recipe), pictures, out, batch_size=2)
    gallery = open_gallery(out)
    assert len(gallery) == 12  # an old descriptor is better than none
    assert gallery.progress.describe() == "unfinished: 11 of 12 images"
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert (report.n_added, report.progress.is_finished) == (1, True)


def test_galleries_of_the_old_format_do_not_know(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    with closing(sqlite3.connect(out / DATABASE_NAME)) as db:
        db.execute("DELETE FROM meta WHERE key IN ('run', 'origin')")
        db.commit()
    (out / "origin.json").write_text('{"net": "/old/net.prototxt", "weights": "/old/w"}')
    gallery = open_gallery(out)
    assert gallery.progress.is_finished is None
    assert "is not known" in gallery.notes[0]
    assert gallery.origin == NotedOrigin((Path("/old/net.prototxt"),), (Path("/old/w"),))
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert open_gallery(out).progress.is_finished


def test_the_origin_is_there_from_the_start(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    origin = GalleryOrigin(tmp_path / "n.prototxt", tmp_path / "w", NetState("TRAIN", 2, ("x",)))
    index_until(5, describer(stub_engine(), recipe), pictures, out, origin=origin, batch_size=5)
    noted = open_gallery(out).origin
    assert noted == NotedOrigin((origin.net,), (origin.weights,), origin.state)


@pytest.mark.parametrize("note", ["[]", '{"net": 3}', '{"net": "a", "weights": "b", "level": {}}'])
def test_a_damaged_origin_is_none(note: str, tmp_path: Path) -> None:
    assert read_origin(json.loads(note), tmp_path) is None


def test_folders_take_turns() -> None:
    sizes = {"a": 40, "b": 20, "c/d": 10, "": 10}
    paths = [Path("root", folder, f"{i:03}.jpg") for folder, n in sizes.items() for i in range(n)]
    mixed = mixed_order(paths)
    assert sorted(mixed) == sorted(paths)
    assert mixed == mixed_order(tuple(reversed(paths)))
    moved = [Path("elsewhere", *path.parts[1:]) for path in mixed if path.parent.name != "root"]
    assert list(mixed_order(moved)) == moved
    for n in (16, 40, 64):
        counts = Counter(path.parent.relative_to("root").as_posix() for path in mixed[:n])
        for folder, size in sizes.items():
            assert abs(counts[folder or "."] - n * size / 80) <= 1
    first = [path.name for path in mixed if path.parent.name == "a"][:5]
    assert first != sorted(first)


def test_a_folder_without_any_image_does_not_empty_the_gallery(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    """As a mount point of a disk that is not connected."""
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    pictures.rename(tmp_path / "disk")
    pictures.mkdir()
    with pytest.raises(GalleryError, match="None of the gallery's 12 images"):
        run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    pictures.rmdir()
    (tmp_path / "disk").rename(pictures)
    assert run_job(index_folder(describer(stub_engine(), recipe), pictures, out)).n_kept == 12


def test_images_of_a_folder_that_can_not_be_opened_stay(
    tmp_path: Path,
    pictures: Path,
    recipe: DescriptorRecipe,
    stub_engine: Stub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    scandir = os.scandir

    def refusing(path: Any) -> Any:
        if Path(os.fspath(path)).name == "red":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    with monkeypatch.context() as patch:  # root, who may run the tests, may open any folder
        patch.setattr(os, "scandir", refusing)
        report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert (report.n_images, report.n_removed) == (12, 0)
    assert report.progress.is_finished


def test_what_is_dropped_is_named(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    for i in range(4):
        (pictures / "red" / f"{i}.png").unlink()
    Image.new("RGB", (8, 8)).save(pictures / "new.png")
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert report.n_removed == 4
    named = "red/0.png, red/1.png, red/2.png and 1 more"
    assert report.notes == (f"4 files are gone from the folder, and from the gallery: {named}.",)


def test_nothing_to_evaluate_yet(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    index_until(2, describer(stub_engine(), recipe), pictures, tmp_path / "g", batch_size=2)
    with pytest.raises(GalleryError, match="unfinished: 2 of 12 images") as caught:
        run_job(evaluate_gallery(open_gallery(tmp_path / "g")))
    assert caught.value.hint == "Index again to finish it."


def test_linked_images_whose_disk_is_away_stay(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    links = tmp_path / "links"
    (links / "kind").mkdir(parents=True)
    for i in range(3):
        (links / "kind" / f"{i}.png").symlink_to(pictures / "red" / f"{i}.png")
    (links / "blue").symlink_to(pictures / "things" / "blue")
    (links / "own.png").write_bytes((pictures / "grey0.png").read_bytes())
    out = tmp_path / "gallery"
    report = run_job(index_folder(describer(stub_engine(), recipe), links, out))
    assert (report.n_images, report.notes) == (9, ())
    pictures.rename(tmp_path / "away")
    report = run_job(index_folder(describer(stub_engine(), recipe), links, out))
    assert (report.n_images, report.n_removed) == (9, 0)
    assert [(one.folder, one.n_files) for one in report.absent] == [("blue", 5), ("kind", 3)]
    assert report.absent_note.startswith("8 files are absent and stay in the gallery: ")
    (tmp_path / "away").rename(pictures)
    report = run_job(index_folder(describer(stub_engine(), recipe), links, out))
    assert (report.n_kept, report.n_added, report.notes) == (9, 0, ())


def test_a_gallery_of_an_earlier_format_goes_on(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    """Without any of what the database notes since then, in meta or in the recipe."""
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    known = ("schema", "recipe", "root", "n_rows", "dimension")
    old = {"layer", "top", "pooling", "p", "preprocess", "net_sha256", "weights_sha256"}
    with closing(sqlite3.connect(out / DATABASE_NAME)) as db:
        meta = {key: json.loads(value) for key, value in db.execute("SELECT * FROM meta")}
        meta["recipe"] = {key: meta["recipe"][key] for key in old}
        db.execute("DELETE FROM meta")
        for key in known:
            db.execute("INSERT INTO meta VALUES (?, ?)", (key, json.dumps(meta[key])))
        db.commit()
    gallery = open_gallery(out)
    assert (gallery.recipe, gallery.root, gallery.origin) == (recipe, pictures, None)
    assert gallery.progress.is_finished is None
    for path in pictures.rglob("*.png"):
        os.utime(path, ns=(7, 7))
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert (report.n_added, report.progress.is_finished) == (12, True)
    assert [image.row for image in open_gallery(out).images] == list(range(12))


def test_files_that_changed_since_are_named(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    gallery = open_gallery(out)
    assert gallery.stale_note(range(12)) is None
    os.utime(pictures / "red" / "1.png", ns=(7, 7))
    (pictures / "grey1.png").unlink()
    said = "2 images have changed or gone since the index: grey1.png, red/1.png."
    assert (gallery.stale_note(range(12)) or "").startswith(said)
    found = run_job(evaluate(EvaluateRequest(gallery)))
    assert any(note.startswith(said) for note in found.notes)
    assert gallery.stale_note([0, 2]) is None
