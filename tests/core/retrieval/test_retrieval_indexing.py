"""Indexing: batches, problems, cancel, kill, resume, refusal."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import AppError, GalleryError, ImageError
from core.images.preprocess import Preprocess
from core.progress import Progress, run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_database import DATABASE_NAME
from core.retrieval.gallery_rows import DESCRIPTORS_NAME
from core.retrieval.indexing import IndexReport, index_folder
from core.retrieval.vectors_file import append_rows, read_rows
from tests.core.retrieval.conftest import StubEngine
from tests.core.retrieval.describers import describer

Stub = Callable[..., Any]


def mean_colours(folder: Path) -> dict[str, np.ndarray]:
    """What GAP over the plain input gives: the mean B, G, R of each picture."""
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path).convert("RGB"))
        .astype(np.float64)
        .mean(axis=(0, 1))[::-1]
        for path in sorted(folder.rglob("*.png"))
    }


def check_whole(gallery_folder: Path, pictures: Path) -> None:
    """Every picture is in the gallery once, in the order of names, with its own descriptor."""
    gallery = open_gallery(gallery_folder)
    wanted = mean_colours(pictures)
    assert [image.path for image in gallery.images] == sorted(wanted)
    np.testing.assert_allclose(
        gallery.descriptors, [wanted[image.path] for image in gallery.images], rtol=1e-5
    )


def test_index_a_folder(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    engine, steps = stub_engine(), list[Progress]()
    out = tmp_path / "gallery"
    report = run_job(
        index_folder(describer(engine, recipe), pictures, out, batch_size=5), steps.append
    )
    assert isinstance(report, IndexReport)
    assert (report.n_images, report.n_added, report.n_kept, report.dimension) == (12, 12, 0, 3)
    assert report.problems == report.skipped == report.notes == ()
    assert [shape[0] for shape in engine.batches] == [5, 5, 5]  # the last as large
    told = dict.fromkeys((s.done, s.total) for s in steps)  # one may be told again while it waits
    assert list(told) == [(0, 0), (0, 12), (5, 12), (10, 12), (12, 12)]
    check_whole(out, pictures)
    gallery = open_gallery(out)
    assert gallery.recipe == recipe
    assert gallery.labels == (None,) * 2 + ("red",) * 5 + ("things/blue",) * 5
    assert gallery.root == pictures
    assert gallery.find(pictures / "red" / "3.png") == gallery.find(Path("red/3.png")) == 5
    assert gallery.find(Path("gone.png")) is None
    assert (gallery.images[0].width, gallery.images[0].height) == (8, 8)
    np.testing.assert_array_equal(gallery.rows[:], gallery.descriptors)
    assert gallery.notes == ()
    anyone = np.load(out / DESCRIPTORS_NAME, allow_pickle=False)
    assert anyone.shape == (12, 3)


def test_pictures_of_many_shapes_are_grouped(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    for i, size in enumerate([(20, 10), (10, 20), (20, 10), (7, 9)]):
        Image.new("RGB", size, (i * 20, 5, 5)).save(pictures / f"size{i}.png")
    free = replace(recipe, preprocess=Preprocess("original"))
    engine = stub_engine()
    run_job(index_folder(describer(engine, free), pictures, tmp_path / "gallery", batch_size=8))
    assert sorted(engine.batches) == [
        (1, 3, 9, 7),
        (1, 3, 20, 10),
        (2, 3, 10, 20),
        (4, 3, 8, 8),
        (8, 3, 8, 8),
    ]
    check_whole(tmp_path / "gallery", pictures)


def test_what_can_not_be_read_is_listed(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    (pictures / "red" / "broken.jpg").write_bytes(b"no image")
    (pictures / "empty.png").write_bytes(b"")
    (pictures / "notes.txt").write_text("hello")
    data = (pictures / "red" / "0.png").read_bytes()
    (pictures / "red" / "half.png").write_bytes(data[: len(data) // 2])
    out = tmp_path / "gallery"
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert report.n_images == 12
    assert [p.path for p in report.problems] == ["empty.png", "red/broken.jpg", "red/half.png"]
    assert "no image" in report.problems[1].reason
    assert [s.path.name for s in report.skipped] == ["notes.txt"]
    again = stub_engine()
    assert (
        run_job(index_folder(describer(again, recipe), pictures, out)).problems == report.problems
    )
    assert again.batches == []
    shutil.copy(pictures / "red" / "1.png", pictures / "red" / "half.png")
    repaired = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert (repaired.n_images, repaired.n_added, len(repaired.problems)) == (13, 1, 2)


def test_infinite_descriptors_are_problems(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    engine = stub_engine()
    measure = engine.measure

    def spoilt(*arguments: Any) -> dict[Any, np.ndarray]:
        ((key, found),) = measure(*arguments).items()
        found[1, 0] = np.inf
        return {key: found}

    engine.measure = spoilt
    report = run_job(
        index_folder(describer(engine, recipe), pictures, tmp_path / "g", batch_size=6)
    )
    assert (report.n_images, len(report.problems)) == (10, 2)
    assert "NaN or infinity" in report.problems[0].reason


def test_cancel_and_resume(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    job = index_folder(describer(stub_engine(), recipe), pictures, out, batch_size=5)
    while next(job).done < 5:
        pass
    job.close()
    assert len(open_gallery(out)) == 5
    engine = stub_engine()
    report = run_job(index_folder(describer(engine, recipe), pictures, out, batch_size=5))
    assert (report.n_added, report.n_kept, report.n_images) == (7, 5, 12)
    assert [shape[0] for shape in engine.batches] == [5, 5]
    check_whole(out, pictures)


def test_resume_after_the_engine_died(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    with pytest.raises(RuntimeError, match="died"):
        run_job(
            index_folder(
                describer(stub_engine(fail_at_batch=2), recipe), pictures, out, batch_size=5
            )
        )
    assert len(open_gallery(out)) == 10
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    check_whole(out, pictures)


@pytest.mark.parametrize("killed_in", ["before commit", "in the rows", "at creation"])
def test_resume_after_a_kill(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub, killed_in: str
) -> None:
    """A child process runs the index and is killed at the worst moments."""
    out = tmp_path / "gallery"
    pid = os.fork() if sys.platform != "win32" else pytest.skip("needs fork")
    if pid == 0:
        _index_until_killed(stub_engine(), pictures, recipe, out, killed_in)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -9
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out, batch_size=5))
    assert report.n_kept == (0 if killed_in == "at creation" else 5)
    assert report.n_images == 12
    check_whole(out, pictures)
    assert np.load(out / DESCRIPTORS_NAME, allow_pickle=False).shape == (12, 3)


def _index_until_killed(
    engine: Any, pictures: Path, recipe: DescriptorRecipe, out: Path, killed_in: str
) -> None:
    from core.retrieval import gallery_collector, gallery_rows, gallery_store

    n_appends = 0

    def append_and_die(path: Path, n_rows: int, rows: np.ndarray) -> int:
        nonlocal n_appends
        n_appends += 1
        if n_appends == 2 and killed_in == "in the rows":
            with path.open("ab") as file:
                file.write(b"half a row")
            os.kill(os.getpid(), 9)
        result = append_rows(path, n_rows, rows)
        if n_appends == 2:
            os.kill(os.getpid(), 9)
        return result

    gallery_collector._Waiting.is_due = True  # type: ignore[method-assign,assignment]
    gallery_rows.append_rows = append_and_die  # type: ignore[attr-defined]
    if killed_in == "at creation":
        gallery_store.set_meta = lambda *_: os.kill(os.getpid(), 9)  # type: ignore[assignment]
    try:
        run_job(index_folder(describer(engine, recipe), pictures, out, batch_size=5))
    finally:
        os._exit(3)


def test_changed_new_and_removed_files(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    Image.new("RGB", (8, 8), (1, 2, 3)).save(pictures / "red" / "2.png")
    os.utime(pictures / "red" / "2.png", ns=(5, 5))
    Image.new("RGB", (8, 8), (4, 5, 6)).save(pictures / "new.png")
    (pictures / "grey0.png").unlink()
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert (report.n_added, report.n_kept, report.n_removed, report.n_images) == (2, 10, 1, 12)
    check_whole(out, pictures)


def test_another_recipe_or_folder_is_refused(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    other = replace(recipe, pooling="mac")
    with pytest.raises(GalleryError, match="The pooling is gap in the gallery and mac here"):
        run_job(index_folder(describer(stub_engine(), other), pictures, out))
    with pytest.raises(GalleryError, match="The pooling is gap in the gallery and mac here"):
        describer(stub_engine(), other).search(open_gallery(out), pictures / "grey0.png")
    copy = tmp_path / "copy"
    shutil.copytree(pictures, copy)
    with pytest.raises(GalleryError, match="is of the folder"):
        run_job(index_folder(describer(stub_engine(), recipe), copy, out))
    pictures.rename(tmp_path / "moved")
    engine = stub_engine()
    report = run_job(index_folder(describer(engine, recipe), tmp_path / "moved", out))
    assert (report.n_kept, engine.batches) == (12, [])
    assert open_gallery(out).path(0).is_file()


def test_an_image_from_outside(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    gallery = open_gallery(out)
    Image.new("RGB", (50, 40), (20, 20, 200)).save(tmp_path / "query.png")
    ranking = describer(stub_engine(), recipe).search(gallery, tmp_path / "query.png", k=5)
    assert [gallery.labels[i] for i in ranking.index] == ["things/blue"] * 5
    (tmp_path / "bad.png").write_bytes(b"x")
    with pytest.raises(ImageError, match="is no image"):
        describer(stub_engine(), recipe).describe_file(tmp_path / "bad.png")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"layer": "gone"}, "has no layer 'gone'"),
        ({"layer": "huge", "top": "huge", "pooling": "flatten"}, "12.8 MB"),
        ({"pooling": "flatten", "preprocess": Preprocess("original")}, "another length"),
        ({"preprocess": Preprocess("warp", 8, 8, colour_order="gray")}, "makes 1 channels"),
    ],
)
def test_what_makes_no_sense_is_refused_before(
    tmp_path: Path,
    pictures: Path,
    recipe: DescriptorRecipe,
    stub_engine: Stub,
    change: dict[str, Any],
    sentence: str,
) -> None:
    engine = stub_engine()
    with pytest.raises(AppError, match=sentence):
        run_job(
            index_folder(describer(engine, replace(recipe, **change)), pictures, tmp_path / "g")
        )
    assert engine.batches == []
    assert not (tmp_path / "g").exists()


def test_fully_connected_layers_say_that_pooling_is_flatten(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    gem = replace(recipe, layer="fc", top="fc", pooling="gem")
    report = run_job(index_folder(describer(stub_engine(), gem), pictures, tmp_path / "g"))
    assert report.dimension == 4
    assert "every pooling is flatten" in report.notes[0]


def test_folders_that_are_no_gallery(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    with pytest.raises(GalleryError, match="There is no gallery"):
        open_gallery(tmp_path)
    with pytest.raises(GalleryError, match="is not empty and holds no gallery"):
        run_job(index_folder(describer(stub_engine(), recipe), pictures, pictures))
    with pytest.raises(ImageError, match="There is no folder"):
        run_job(index_folder(describer(stub_engine(), recipe), tmp_path / "gone", tmp_path / "g"))
    empty = tmp_path / "none"
    empty.mkdir()
    report = run_job(
        index_folder(describer(stub_engine(), recipe), empty, tmp_path / "empty gallery")
    )
    assert report.n_images == 0
    with pytest.raises(GalleryError, match="no images"):
        describer(stub_engine(), recipe).search(
            open_gallery(tmp_path / "empty gallery"), pictures / "grey0.png"
        )


def test_damaged_galleries(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    descriptors = out / DESCRIPTORS_NAME
    data = descriptors.read_bytes()
    for content in (data[:-1], b"x" * len(data)):
        descriptors.write_bytes(content)
        with pytest.raises(GalleryError, match="damaged"):
            _ = open_gallery(out).descriptors
    with closing(sqlite3.connect(out / DATABASE_NAME)) as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
        db.commit()
    with pytest.raises(GalleryError, match="format 99"):
        open_gallery(out)
    (out / DATABASE_NAME).write_bytes(b"no database" * 100)
    with pytest.raises(GalleryError, match="damaged"):
        open_gallery(out)


def test_other_decoders_are_noted(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    out = tmp_path / "gallery"
    run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    with closing(sqlite3.connect(out / DATABASE_NAME)) as db:
        db.execute(
            "UPDATE meta SET value = json_set(value, '$.preprocess.made_with.Pillow', '8.1.2') "
            "WHERE key = 'recipe'"
        )
        db.commit()
    assert "Pillow 8.1.2 (here" in str(open_gallery(out).notes)
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, out))
    assert "Pillow 8.1.2" in report.notes[0]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs names of any bytes")
def test_names_that_are_not_utf8(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    shutil.copy(pictures / "grey0.png", os.fsencode(pictures) + b"/caf\xe9.png")
    report = run_job(index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "g"))
    assert report.n_images == 12
    assert [p.path for p in report.problems] == ["caf\\udce9.png"]


def test_vectors_file_is_a_plain_npy_file(tmp_path: Path) -> None:
    path = tmp_path / "v.npy"
    first, second = np.ones((2, 3), np.float32), np.full((1, 3), 2, np.float32)
    assert append_rows(path, 0, first) == 2
    assert append_rows(path, 2, second) == 3
    np.testing.assert_array_equal(np.load(path), np.concatenate([first, second]))
    assert append_rows(path, 1, second) == 2
    np.testing.assert_array_equal(read_rows(path, 2, 3), [[1, 1, 1], [2, 2, 2]])
    assert read_rows(path, 0, 3).shape == (0, 3)
    with pytest.raises(GalleryError, match="damaged"):
        append_rows(path, 9, first)
    with pytest.raises(GalleryError, match="is gone"):
        read_rows(tmp_path / "gone.npy", 1, 3)


def test_a_list_of_images_becomes_a_gallery_of_their_folder(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> None:
    listed, out = tmp_path / "list.txt", tmp_path / "gallery"
    names = ["things/blue/0.png", "red/3.png", "red/gone.png"]
    listed.write_text("".join(f"{pictures / name} 1\n" for name in names))
    report = run_job(index_folder(describer(stub_engine(), recipe), listed, out))
    assert (report.n_images, [one.path.name for one in report.skipped]) == (2, ["gone.png"])
    gallery = open_gallery(out)
    assert gallery.root == pictures
    assert [image.path for image in gallery.images] == ["red/3.png", "things/blue/0.png"]
    # what is listed and not there for the moment stays
    (pictures / "red" / "3.png").rename(pictures / "elsewhere")
    report = run_job(index_folder(describer(stub_engine(), recipe), listed, out))
    assert report.n_images == 2
    assert [(one.folder, one.n_files) for one in report.absent] == [("red", 1)]
    assert "names it, but there is no such file" in report.absent_note


@pytest.mark.parametrize(
    "key",
    ["recipe", "root", "root_from_gallery", "origin", "n_rows", "dimension", "vectors", "run",
     "mean_image", "mean_image_from_gallery", "schema"],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, "null", "[]", "{}", '"x"', "-7", "1e99", "{", "[[1]]"])
def test_a_database_with_any_value_in_it_opens_or_is_told(
    tmp_path: Path, small_gallery: Path, key: str, value: str | None
) -> None:
    out = tmp_path / "g"
    shutil.copytree(small_gallery, out)
    with closing(sqlite3.connect(out / DATABASE_NAME)) as db:
        if value is None:
            db.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            db.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
        db.commit()
    with suppress(GalleryError):
        gallery = open_gallery(out)
        assert len(gallery.descriptors) == len(gallery) == 1
        assert isinstance(gallery.notes, tuple)


@pytest.mark.parametrize("row", ["7", "-1", "'x'"])
def test_an_image_without_a_descriptor_is_damage(
    tmp_path: Path, small_gallery: Path, row: str
) -> None:
    shutil.copytree(small_gallery, tmp_path / "g")
    with closing(sqlite3.connect(tmp_path / "g" / DATABASE_NAME)) as db:
        db.execute(f"UPDATE images SET row = {row}")
        db.commit()
    with pytest.raises(GalleryError, match="is damaged"):
        open_gallery(tmp_path / "g")


@pytest.fixture(scope="module")
def small_gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of one image."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "pictures").mkdir()
    Image.new("RGB", (8, 8), (9, 99, 199)).save(folder / "pictures" / "1.png")
    one = DescriptorRecipe("conv", "conv", "gap", 3.0, Preprocess("warp", 8, 8), "net", "weights")
    run_job(index_folder(describer(StubEngine(), one), folder / "pictures", folder / "g"))
    return folder / "g"
