"""What a trainer should know of their images, and a split that no picture straddles."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import RequestError
from core.progress import run_job
from core.training.data_check import DataCheck, check_images, decide
from core.training.labelled_images import find_labelled
from core.training.split import PARTS, read_split, split_images, straddling, write_split


def picture(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """Smooth blobs that no other seed has."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes: cats with every fault, dogs, and three newts, which are too few."""
    for label, n, first in (("cats", 8, 0), ("dogs", 7, 100), ("newts", 3, 200)):
        (tmp_path / label).mkdir()
        for i in range(n):
            picture(first + i).save(tmp_path / label / f"{i}.png")
    cats = tmp_path / "cats"
    (cats / "broken.jpg").write_bytes(b"no picture at all")
    picture(50, (256, 256)).save(cats / "whole.jpg", quality=95)
    raw = (cats / "whole.jpg").read_bytes()
    (cats / "whole.jpg").unlink()
    (cats / "cut.jpg").write_bytes(raw[: len(raw) // 2] + b"\xff\xd9")
    picture(51).convert("L").save(cats / "grey.png")
    picture(52, (20, 20)).save(cats / "tiny.png")
    picture(53, (600, 90)).save(cats / "narrow.png")
    (cats / "copy of 0.png").write_bytes((cats / "0.png").read_bytes())
    (tmp_path / "dogs" / "cat 1.png").write_bytes((cats / "1.png").read_bytes())
    picture(2, (192, 160)).save(cats / "large 2.jpg", quality=90)
    (tmp_path / "lone.png").write_bytes((cats / "0.png").read_bytes())
    return tmp_path


@pytest.fixture
def found(folder: Path) -> DataCheck:
    return run_job(check_images(find_labelled(folder)))


def test_every_kind_of_trouble_is_found_and_named(found: DataCheck) -> None:
    kinds = {one.kind: one for one in found.findings}
    assert list(kinds) == [
        "unreadable", "cut off", "not three channels", "tiny", "narrow", "same picture",
        "near-duplicates", "few images",
    ]  # fmt: skip
    assert kinds["unreadable"].groups == (("cats/broken.jpg",),)
    assert kinds["cut off"].groups == (("cats/cut.jpg",),)
    assert kinds["not three channels"].groups == (("cats/grey.png",),)
    assert kinds["not three channels"].sentence.startswith("grey 1;")
    assert kinds["tiny"].groups == (("cats/tiny.png",),)
    assert kinds["narrow"].groups == (("cats/narrow.png",),)
    assert kinds["same picture"].groups == (
        ("cats/0.png", "cats/copy of 0.png"), ("cats/1.png", "dogs/cat 1.png"),
    )  # fmt: skip
    assert "1 of them under two classes" in kinds["same picture"].sentence
    assert kinds["near-duplicates"].groups == (("cats/2.png", "cats/large 2.jpg"),)
    assert "newts 3" in kinds["few images"].sentence


def test_what_stays_is_told_by_class(found: DataCheck) -> None:
    assert found.counts() == {"cats": 12, "dogs": 7, "newts": 0}
    gone = {"cats/broken.jpg", "cats/cut.jpg", "cats/copy of 0.png", "dogs/cat 1.png"}
    assert not gone & set(found.kept)
    assert found.alike == (("cats/2.png", "cats/large 2.jpg"),)


def test_nothing_is_touched(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run_job(check_images(find_labelled(folder)))
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_one_class_or_a_folder_of_pictures_is_refused(tmp_path: Path) -> None:
    picture(1).save(tmp_path / "a.png")
    with pytest.raises(RequestError, match="0 classes of images; training needs two"):
        find_labelled(tmp_path)
    (tmp_path / "one").mkdir()
    picture(1).save(tmp_path / "one" / "a.png")
    with pytest.raises(RequestError, match="1 class of images"):
        find_labelled(tmp_path)


def test_a_table_names_images_beside_it(folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("file,label\ncats/0.png,a\ndogs/0.png,b\ndogs/none.png,b\n")
    found = find_labelled(table)
    assert [(image.name, image.label) for image in found.images] == [
        ("cats/0.png", "a"), ("dogs/0.png", "b"),
    ]  # fmt: skip
    assert [one.path.name for one in found.skipped] == ["none.png"]
    checked = run_job(check_images(found))
    assert checked.findings[0].kind == "unreadable"
    assert "line 4: there is no such file" in checked.findings[0].groups[0][0]


GROUPS = st.lists(st.integers(1, 4), min_size=4, max_size=30)


@settings(deadline=None, max_examples=60)
@given(sizes=GROUPS, n_classes=st.integers(2, 4), seed=st.integers(0, 5))
def test_no_group_straddles_and_the_shares_are_kept(
    sizes: list[int], n_classes: int, seed: int
) -> None:
    labels, alike = {}, []
    for number, size in enumerate(sizes):
        names = [f"{number}_{i}" for i in range(size)]
        labels.update(dict.fromkeys(names, f"class {number % n_classes}"))
        alike.append(names)
    split = split_images(Path("/x"), labels, alike, seed=seed)
    assert straddling(split, alike) == 0
    assert sorted(name for part in PARTS for name in split.parts[part]) == sorted(labels)
    for label in split.classes:
        n = sum(split.counts(label))
        # a group can overfill a part by no more than its own size
        assert split.counts(label)[0] >= 0.7 * n - 4
        assert split.counts(label)[1] <= 0.15 * n + 4
    assert split == split_images(Path("/x"), labels, alike, seed=seed)


def test_another_seed_draws_another_split() -> None:
    labels = {f"{i}": f"c{i % 2}" for i in range(60)}
    drawn = [split_images(Path("/x"), labels, (), seed=seed).parts["test"] for seed in (1, 2)]
    assert drawn[0] != drawn[1]
    assert [len(parts) for parts in drawn] == [8, 8] or all(8 <= len(p) <= 10 for p in drawn)


def test_shares_that_are_none_are_refused() -> None:
    for shares in ((0.5, 0.2, 0.2), (0.0, 0.5, 0.5), (1.2, -0.1, -0.1)):
        with pytest.raises(RequestError, match="100 %"):
            split_images(Path("/x"), {"a": "b"}, (), shares=shares)


def test_a_split_is_written_for_caffe_and_read_again(tmp_path: Path) -> None:
    labels = {f"{c}/photo {i}.jpg": c for c in ("dogs", "cats") for i in range(10)}
    split = split_images(Path("/photos"), labels, [("dogs/photo 1.jpg", "dogs/photo 2.jpg")])
    written = write_split(split, tmp_path / "new")
    assert [path.name for path in written] == ["split.json", "train.txt", "val.txt", "test.txt"]
    assert read_split(tmp_path / "new") == split
    for part in PARTS:
        for line in (tmp_path / "new" / f"{part}.txt").read_text().splitlines():
            name, _, number = line.rpartition(" ")
            assert name in split.parts[part]
            assert ("cats", "dogs")[int(number)] == labels[name]
    (tmp_path / "new" / "split.json").write_text("{}")
    with pytest.raises(Exception, match="is damaged"):
        read_split(tmp_path / "new")


def test_the_commands_tell_and_write_it(command, folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    said = command("check-images", folder, "--html", report)
    assert "19 of 26 images stay. No file was touched." in said.out
    assert "same picture, 4 files: one of each is kept; 1 of them under two classes" in said.out
    page = report.read_text()
    assert page.count("data:image/jpeg;base64,") > 10
    assert not re.search(r"https?://", page)
    made = command("split", folder, "--out", tmp_path / "s", "--shares", "60,20,20", "--json").json
    assert made["straddling"] == 0
    assert made["left_out"] == 7
    assert sum(sum(counts.values()) for counts in made["classes"].values()) == 19
    told = command("split", folder, "--out", tmp_path / "s")
    assert "0 of 1 group of near-duplicates lie on two sides." in told.out
    assert command("split", folder, "--out", tmp_path / "s", "--shares", "70").code == 2


def test_names_of_files_are_text_in_the_report(command, tmp_path: Path) -> None:
    for label in ("<b>a", "c"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for i in range(6):
            picture(i if label == "c" else 90 + i, (40, 40)).save(
                tmp_path / "data" / label / f"<img src=x>{i}.png"
            )
    command("check-images", tmp_path / "data", "--html", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;0.png" in page


def test_files_stay_or_go_as_the_user_decides(found: DataCheck) -> None:
    kept = decide(found, ("cut off", "few images", "same picture"), ())
    assert kept.counts() == {"cats": 14, "dogs": 8, "newts": 3}
    assert ("cats/0.png", "cats/copy of 0.png") in kept.alike  # so that no copy is on two sides
    left = decide(kept, (), ("cut off", "not three channels", "few images"))
    assert "cats/grey.png" not in left.kept
    assert "cats/cut.jpg" not in left.kept
    assert left.counts()["newts"] == 0


def test_what_can_not_be_read_is_never_kept(found: DataCheck) -> None:
    kept = decide(found, ("unreadable",), ())
    assert "cats/broken.jpg" not in kept.kept


def test_nothing_decided_changes_nothing(found: DataCheck) -> None:
    assert decide(found, (), ()) == found
