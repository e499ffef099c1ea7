"""Absent is not deleted: what a disk may have taken away stays, and an index says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import FolderLost, GalleryError
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import open_gallery
from core.retrieval.indexing import IndexReport, index_folder
from tests.core.retrieval.describers import describer
from tests.core.retrieval.test_retrieval_indexing import check_whole

Index = Callable[..., IndexReport]


@pytest.fixture
def index(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Callable[..., Any]
) -> Index:
    """Indexes the pictures into `tmp_path / "g"`."""

    def run(**named: Any) -> IndexReport:
        return run_job(
            index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "g", **named)
        )

    return run


def unmount(folder: Path) -> None:
    """What is left of a mount point: an empty folder."""
    shutil.move(folder, folder.parents[1] / "away")
    folder.mkdir()


def replace_by_others(folder: Path) -> None:
    """The folder under a mount point, which has files of its own."""
    unmount(folder)
    Image.new("RGB", (8, 8), (1, 2, 3)).save(folder / "under the mount point.png")


def link_in_a_circle(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder)


def point_nowhere(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder.parent / "nowhere")


@pytest.mark.parametrize(
    "take_away",
    [shutil.rmtree, unmount, replace_by_others, link_in_a_circle, point_nowhere],
    ids=lambda do: str(do.__name__),
)
def test_a_folder_that_is_away_keeps_its_images_until_pruned(
    tmp_path: Path, pictures: Path, index: Index, take_away: Callable[[Path], None]
) -> None:
    index()
    before = open_gallery(tmp_path / "g")
    take_away(pictures / "red")
    for _ in range(2):
        report = index()
        after = open_gallery(tmp_path / "g")
        assert {image.path for image in before.images} <= {image.path for image in after.images}
        assert (report.n_removed, report.n_absent) == (0, 5)
        assert [one.folder for one in report.absent] == ["red"]
        assert report.absent_note.startswith("5 files are absent and stay in the gallery")
        assert report.progress.is_finished
    assert index(prune=True).n_removed == 5
    assert [i.path for i in open_gallery(tmp_path / "g").images if "red/" in i.path][:1] in (
        [],
        ["red/under the mount point.png"],
    )
    assert index().absent == ()


def test_one_file_gone_from_a_folder_that_lists_well_leaves(
    tmp_path: Path, pictures: Path, index: Index
) -> None:
    index()
    (pictures / "red" / "0.png").unlink()
    report = index()
    assert (report.n_removed, report.absent) == (1, ())
    check_whole(tmp_path / "g", pictures)


def test_nothing_leaves_after_any_error_of_the_listing(
    tmp_path: Path, pictures: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what is plainly gone elsewhere."""
    index()
    (pictures / "grey0.png").unlink()
    scandir = os.scandir

    def broken(path: Any) -> Any:
        if Path(os.fspath(path)).name == "blue":
            raise OSError(5, "Input/output error", os.fspath(path))
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", broken)
        report = index()
    assert (report.n_images, report.n_removed, report.n_absent) == (12, 0, 6)
    assert "5 in things/blue (input/output error)" in report.absent_note
    assert index().n_removed == 1


def test_nothing_leaves_when_most_are_gone(tmp_path: Path, pictures: Path, index: Index) -> None:
    index()
    for path in [*sorted(pictures.rglob("[0-3].png")), pictures / "grey0.png"]:
        path.unlink()
    report = index()
    assert (report.n_images, report.n_removed, report.n_absent) == (12, 0, 9)
    shutil.rmtree(pictures)
    pictures.mkdir()
    with pytest.raises(GalleryError, match="None of the gallery's 12 images"):
        index(prune=True)


def test_a_file_that_can_not_be_asked_now_keeps_its_descriptor(
    tmp_path: Path, pictures: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index()
    stat = Path.stat

    def failing(path: Path, **named: Any) -> os.stat_result:
        if path.name == "3.png":
            raise OSError(5, "Input/output error")
        return stat(path, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", failing)
        patch.setattr("core.images.finding.Path.is_dir", lambda path: path.suffix == "")
        report = index()
    assert (report.n_images, report.n_added, report.problems) == (12, 0, ())


class Leaving:
    """An engine during whose second pass something happens to the folder."""

    def __init__(self, engine: Any, happens: Callable[[], object]) -> None:
        self._engine, self._happens = engine, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def measure(self, *arguments: Any) -> Any:
        if len(self._engine.batches) == 1:
            self._happens()
        return self._engine.measure(*arguments)


@pytest.fixture
def many(pictures: Path) -> Path:
    """The same folder with 60 more pictures."""
    rng = np.random.default_rng(1)
    (pictures / "more").mkdir()
    for i in range(60):
        values = rng.integers(0, 255, (8, 8, 3), np.uint8)
        Image.fromarray(values).save(pictures / "more" / f"{i:02}.png")
    return pictures


def test_a_folder_lost_midway_ends_the_index_with_counts(
    tmp_path: Path,
    many: Path,
    index: Index,
    recipe: DescriptorRecipe,
    stub_engine: Callable[..., Any],
) -> None:
    index()
    known = {image.path for image in open_gallery(tmp_path / "g").images}
    for path in many.rglob("*.png"):
        os.utime(path, ns=(7, 7))  # all are to be described anew
    engine = Leaving(stub_engine(), lambda: many.rename(tmp_path / "elsewhere"))
    with pytest.raises(FolderLost, match=r"went away while it was indexed: \d+ of 72 images"):
        run_job(index_folder(describer(engine, recipe), many, tmp_path / "g"))
    gallery = open_gallery(tmp_path / "g")
    assert {image.path for image in gallery.images} == known
    assert gallery.problems == ()
    assert gallery.progress.is_finished is False
    (tmp_path / "elsewhere").rename(many)
    report = index()
    assert report.progress.is_finished
    assert 0 < report.n_added < 72
    check_whole(tmp_path / "g", many)


def test_a_sub_folder_lost_midway_costs_nothing_known(
    tmp_path: Path,
    many: Path,
    index: Index,
    recipe: DescriptorRecipe,
    stub_engine: Callable[..., Any],
) -> None:
    shutil.move(many / "more", tmp_path / "later")
    index()
    shutil.move(tmp_path / "later", many / "more")
    engine = Leaving(stub_engine(), lambda: shutil.move(many / "more", tmp_path / "later"))
    report = run_job(index_folder(describer(engine, recipe), many, tmp_path / "g"))
    assert (report.problems, report.n_removed) == ((), 0)
    assert report.n_images == 12 + report.n_added
    assert report.n_absent == 60 - report.n_added > 0
    assert "went away while the index ran" in report.absent_note
    assert report.progress.is_finished is False
