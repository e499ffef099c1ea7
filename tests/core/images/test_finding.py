"""Folders with links, loops and closed doors, and lists of paths as people write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import ImageError
from core.images import path_list
from core.images.finding import find_files, find_images, list_folder, list_images

needs_permissions = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may open every folder"
)


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def listed(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_images(root)]


def test_finding_is_sorted_and_says_what_is_skipped(tmp_path: Path) -> None:
    for name in ("b/2.JPG", "a/10.png", "a/1.webp", "notes.txt", ".hidden/x.png", "a/.y.png", "z"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    listing = list_folder(tmp_path)
    names = [path.relative_to(tmp_path).as_posix() for path in find_images(tmp_path)]
    assert names == ["a/1.webp", "a/10.png", "b/2.JPG"]
    assert [(s.path.name, s.reason) for s in listing.skipped] == [
        ("notes.txt", "'.txt' is no image format"),
        ("z", "no suffix of an image format"),
    ]
    with pytest.raises(ImageError, match="There is no folder"):
        find_images(tmp_path / "gone")


def test_class_folders_that_are_links_are_followed(tmp_path: Path) -> None:
    make(tmp_path / "data", "die/1.jpg", "vase/2.jpg", "vase/deep/3.jpg")
    root = tmp_path / "set"
    make(root, "own/4.jpg")
    for name in ("die", "vase"):
        (root / name).symlink_to(tmp_path / "data" / name, target_is_directory=True)
    (root / "single.jpg").symlink_to(tmp_path / "data" / "die" / "1.jpg")
    names = ["die/1.jpg", "own/4.jpg", "single.jpg", "vase/2.jpg", "vase/deep/3.jpg"]
    assert listed(root) == names
    assert list_folder(root).skipped == ()


def test_links_that_run_in_circles_end(tmp_path: Path) -> None:
    make(tmp_path, "b/1.jpg", "b/c/2.jpg")
    (tmp_path / "b" / "c" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "self.jpg").symlink_to(tmp_path / "self.jpg")
    # each folder once, and under its own name although the link comes first
    assert listed(tmp_path) == ["b/1.jpg", "b/c/2.jpg"]
    skipped = list_folder(tmp_path).skipped
    assert [one.describe(tmp_path) for one in skipped] == [
        f"self.jpg: a link to '{tmp_path}/self.jpg', which is not there",
        "folder a: a link to a folder that is listed already",
        "folder b/c/up: a link to a folder that is listed already",
    ]
    assert [one.is_loss for one in skipped] == [True, False, False]


def test_links_to_links_and_two_links_to_one_folder(tmp_path: Path) -> None:
    make(tmp_path / "data", "x/1.jpg")
    root = tmp_path / "set"
    root.mkdir()
    (tmp_path / "hop").symlink_to(tmp_path / "data" / "x", target_is_directory=True)
    (root / "first").symlink_to(tmp_path / "hop", target_is_directory=True)
    (root / "second").symlink_to(tmp_path / "data" / "x", target_is_directory=True)
    assert listed(root) == ["first/1.jpg"]
    assert [one.path.name for one in list_folder(root).skipped] == ["second"]


def test_dangling_links_stand_first(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "b.jpg")
    (tmp_path / "z").symlink_to(tmp_path / "unmounted")
    first, second = list_folder(tmp_path).skipped
    assert first.describe(tmp_path) == f"z: a link to '{tmp_path}/unmounted', which is not there"
    assert (first.is_loss, second.is_loss, second.path.name) == (True, False, "a.txt")


def test_a_folder_that_may_not_be_opened_stands_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "die/1.jpg", "vase/2.jpg", "notes.txt")
    really = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "vase":
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_folder(tmp_path)
    assert [path.name for path in listing.images] == ["1.jpg"]
    assert listing.skipped[0].describe(tmp_path) == "folder vase: permission denied"
    assert listing.skipped[0].is_loss
    with pytest.raises(ImageError, match="vase' can't be opened: permission denied"):
        list_folder(tmp_path / "vase")


@needs_permissions
def test_a_closed_folder_is_named(tmp_path: Path) -> None:
    make(tmp_path, "vase/2.jpg", "1.jpg")
    (tmp_path / "vase").chmod(0)
    try:
        (skipped,) = list_folder(tmp_path).skipped
    finally:
        (tmp_path / "vase").chmod(0o755)
    assert skipped.describe(tmp_path) == "folder vase: permission denied"


def read_list(folder: Path, content: bytes) -> list[tuple[str, str | None]]:
    (folder / "list.txt").write_bytes(content)
    found = find_files([folder / "list.txt"])
    names = [Path(os.path.relpath(path, folder)).as_posix() for path in found.files]
    return list(zip(names, found.labels, strict=True))


LISTS = {
    "as Caffe writes it": (b"b.jpg 0\na.jpg 1\n", [("b.jpg", "0"), ("a.jpg", "1")]),
    "paths alone": (b"b.jpg\na.jpg", [("b.jpg", None), ("a.jpg", None)]),
    "from Windows": (b"\xef\xbb\xbfb.jpg 0\r\n\r\nsub\\c.jpg 2\r\n",
                     [("b.jpg", "0"), ("sub/c.jpg", "2")]),
    "UTF-16": ("b.jpg\tdie\r\n".encode("utf-16"), [("b.jpg", "die")]),
    "quoted": (b'"with blank 7.jpg" 3\n\'a.jpg\'\n', [("with blank 7.jpg", "3"), ("a.jpg", None)]),
    "blanks in the name": (b"with blank 7.jpg 3\n", [("with blank 7.jpg", "3")]),
    "blanks and no label": (b"with blank 7.jpg\n", [("with blank 7.jpg", None)]),
    "several labels": (b"a.jpg 1 0 1\n", [("a.jpg", "1 0 1")]),
    "tabs, commas, semicolons": (b"a.jpg\tdie\nb.jpg,vase\nsub/c.jpg; cup\n",
                                 [("a.jpg", "die"), ("b.jpg", "vase"), ("sub/c.jpg", "cup")]),
    "a folder with a label": (b"sub 5\n", [("sub/c.jpg", "5"), ("sub/d.jpg", "5")]),
    "blank lines and margins": (b"\n  a.jpg   4  \n\n", [("a.jpg", "4")]),
    "other letters": ("gr\u00fcn.jpg 1\n".encode(), [("gr\u00fcn.jpg", "1")]),
}  # fmt: skip


@pytest.mark.parametrize("kind", LISTS)
def test_lists_of_paths(tmp_path: Path, kind: str) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "sub/c.jpg", "sub/d.jpg", "with blank 7.jpg", "gr\u00fcn.jpg")
    content, wanted = LISTS[kind]
    assert read_list(tmp_path, content) == wanted


def test_a_list_is_relative_to_its_folder_then_to_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "here/both.jpg", "here/only.jpg", "lists/both.jpg", "absolute.jpg")
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "lists" / "l.lst").write_text(f"both.jpg\nonly.jpg\n{tmp_path}/absolute.jpg 1\n")
    found = find_files([Path("../lists/l.lst")])
    assert [path.resolve().relative_to(tmp_path).as_posix() for path in found.files] == [
        "lists/both.jpg",
        "here/only.jpg",
        "absolute.jpg",
    ]


def test_a_file_named_twice_counts_once_and_is_told(tmp_path: Path) -> None:
    make(tmp_path, "f/1.jpg")
    (tmp_path / "l.txt").write_text("f/1.jpg 0\nf/1.jpg 1\n")
    found = find_files([tmp_path / "l.txt", tmp_path / "f"])
    assert (len(found.files), found.labels) == (1, ("0",))
    assert [one.reason for one in found.skipped] == ["named a second time"] * 2


def test_a_missing_file_is_named_with_its_line(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "many/1.jpg")
    (tmp_path / "list.txt").write_text("a.jpg 0\n\ngone.jpg 1\nmany cats.jpg 2\n" + "x" * 5000)
    found = find_files([tmp_path / "list.txt"])
    assert [path.name for path in found.files] == ["a.jpg"]
    assert [one.describe(tmp_path) for one in found.losses][:2] == [
        "gone.jpg: line 3 of 'list.txt' names it, but there is no such file",
        "many cats.jpg: line 4 of 'list.txt' names it, but there is no such file",
    ]
    assert len(found.losses) == 3


def test_folders_files_and_lists_together(tmp_path: Path) -> None:
    make(tmp_path, "f/2.jpg", "f/1.jpg", "f/x.txt", "alone", "b.jpg")
    (tmp_path / "alone").write_bytes(b"\x89PNG\0")  # no suffix, and no text: an image by its place
    (tmp_path / "l.txt").write_text("b.jpg 7")
    found = find_files([tmp_path / "l.txt", tmp_path / "f", tmp_path / "alone"])
    assert [path.name for path in found.files] == ["b.jpg", "1.jpg", "2.jpg", "alone"]
    assert found.labels == ("7", None, None, None)
    assert [(one.path.name, one.is_loss) for one in found.skipped] == [("x.txt", False)]
    assert found.losses == ()


def test_nothing_found_says_why(tmp_path: Path) -> None:
    make(tmp_path, "empty/notes.md")
    with pytest.raises(ImageError, match=r"no images in .*empty\. .*notes\.md: '\.md' is no image"):
        find_files([tmp_path / "empty"])
    with pytest.raises(ImageError, match=r"There is no file .*gone\.txt"):
        find_files([tmp_path / "gone.txt"])
    (tmp_path / "l.txt").write_text("gone.jpg 1\n")
    with pytest.raises(ImageError, match=r"line 1 of 'l\.txt' names it"):
        find_files([tmp_path / "l.txt"])


def test_a_web_page_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<!DOCTYPE html>\n")
    assert [path.name for path in find_files([tmp_path / "a.html"]).files] == ["a.html"]


def test_a_list_has_the_folder_that_its_images_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "set/b/2.jpg", "set/a/1.jpg", "lists/x")
    monkeypatch.chdir(tmp_path / "lists")
    Path("l.txt").write_text("../set/b/2.jpg 1\n../set/a/1.jpg 0\n../set/a/gone.jpg 0\n")
    listing = list_images(Path("l.txt"))
    assert listing.root == tmp_path / "set"
    assert listing.images == (tmp_path / "set/a/1.jpg", tmp_path / "set/b/2.jpg")
    assert [one.path for one in listing.skipped] == [tmp_path / "set/a/gone.jpg"]
    assert list_images(tmp_path / "set") == list_folder(tmp_path / "set")
    with pytest.raises(ImageError, match="There is no folder"):
        list_images(tmp_path / "nowhere")


def test_a_line_of_many_words_is_looked_up_in_a_few_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a b.png")
    (tmp_path / "list.txt").write_text(f"a b.png 3\n{'x ' * 4000}\n{'y ' * 40_000}\n")
    looked: list[str] = []
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: looked.append(path.name) or exists(path))
    found = find_files([tmp_path / "list.txt"])
    assert (found.files, found.labels) == ((tmp_path / "a b.png",), ("3",))
    reasons = [one.reason for one in found.skipped]
    assert "line 2 of 'list.txt' names it, but there is no such file" in reasons
    assert "line 3 of 'list.txt' is longer than any path" in reasons
    assert len(looked) < 100
    monkeypatch.setattr(path_list, "_MOST_LINES", 2)
    with pytest.raises(ImageError, match="more than 2 lines"):
        find_files([tmp_path / "list.txt"])
