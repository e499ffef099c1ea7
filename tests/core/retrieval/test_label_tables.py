"""Tables of labels: as programs write them, and which image each row means."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.errors import GalleryError
from core.retrieval import label_table
from core.retrieval.ground_truth import choose_labels
from core.retrieval.label_matching import MatchedLabels, match_labels
from core.retrieval.label_table import read_label_table

PATHS = ["a/1.jpg", "a/2.jpg", "b/3.jpg", "b/é 4.png"]
ROOT = Path("/data/photos")
WANTED = ("x", "x", "y", "y")


def written(tmp_path: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = tmp_path / "labels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def match(path: Path, paths: list[str] = PATHS) -> MatchedLabels:
    return match_labels(read_label_table(path), paths, (ROOT,))


PLAIN = "a/1.jpg,x\na/2.jpg,x\nb/3.jpg,y\nb/é 4.png,y\n"


@pytest.mark.parametrize(
    "text",
    [
        "file,label\n" + PLAIN,
        "\n\nFile , LABEL\r\n" + PLAIN.replace("\n", "\r\n\r\n"),
        "File Name,Class\r" + PLAIN.replace("\n", "\r"),
        ("image;n;category\n" + PLAIN.replace(",", ";7;")),
        "path\tlabel\n" + PLAIN.replace(",", "\t"),
        "sep=;\nfile;label\n" + PLAIN.replace(",", ";"),
        '"label", "image_path"\n' + "".join(f'{r[-1]}, "{r[:-2]}"\n' for r in PLAIN.splitlines()),
        "name,category\n" + PLAIN.replace(",", " , ").replace("x\n", "x \n").replace("/", "\\"),
        PLAIN,
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", " "),
        "file,label,note\n" + PLAIN.replace("\n", ",\n").replace("x,", "x"),
    ],
)
def test_tables_as_programs_write_them(tmp_path: Path, text: str) -> None:
    matched = match(written(tmp_path, text))
    assert matched.labels == WANTED
    assert matched.unmatched_rows == matched.images_without_row == ()
    assert matched.n_matched == 4


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    table = read_label_table(written(tmp_path, "file,label\n" + PLAIN, encoding))
    assert match_labels(table, PATHS).labels == WANTED
    assert table.notes == (
        ("The table of labels is not UTF-8; it is read as Latin-1.",)
        if encoding == "latin-1"
        else ()
    )


def test_labels_of_two_unicode_forms_are_one(tmp_path: Path) -> None:
    matched = match(written(tmp_path, "file,label\na/1.jpg,caf\u00e9\na/2.jpg,cafe\u0301\n"))
    assert matched.labels[0] == matched.labels[1]


def test_lists_of_caffe(tmp_path: Path) -> None:
    text = "a/1.jpg 0\nb/3.jpg 1\n\nb/é 4.png 1\n"  # the path has a blank in it
    matched = match(written(tmp_path, text))
    assert matched.labels == ("0", None, "1", "1")
    assert matched.images_without_row == ("a/2.jpg",)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["./a/1.jpg", "a//2.jpg", "b\\3.jpg", " b/é 4.png "], None),
        ([f"{ROOT}/{path}" for path in PATHS], "by its absolute path"),
        ([f"photos/{path}" for path in PATHS], "with the folder's own name before it"),
        (["1.jpg", "2.jpg", "3.jpg", "é 4.png"], "by its file name alone"),
        (["A/1.JPG", "A/2.JPG", "B/3.Jpg", "b/É 4.png"], "in another case"),
        (["a/1", "a/2", "b/3", "b/é 4"], "without its suffix, or with another"),
        (["a/1.png", "a/2.png", "b/3.tif", "b/é 4.jpeg"], "without its suffix, or with another"),
        (["A/1", "2", "B/3.PNG", "É 4"], "by its file name alone, without its suffix"),
        ([f"D:\\old\\set\\{path}" for path in PATHS], "by the end of its path"),
        (["a/1.jpg", "a/2.jpg", "b/3.jpg", "b/e\u0301 4.png"], "in another Unicode form"),
    ],
)
def test_ways_to_name_an_image(tmp_path: Path, names: list[str], said: str | None) -> None:
    rows = "".join(f"{name},{label}\n" for name, label in zip(names, WANTED, strict=True))
    matched = match(written(tmp_path, "file,label\n" + rows))
    assert matched.labels == WANTED
    counted = "Labels of 4 of 4 images come from 4 rows of labels.csv."
    assert counted in matched.notes
    ways = [note for note in matched.notes if note != counted]
    assert (not ways) if said is None else any(said in way for way in ways)


def test_what_fits_nothing_is_counted_and_named(tmp_path: Path) -> None:
    paths = [f"die/die_{i:02}.jpg" for i in range(12)]
    rows = [f"{path if i % 2 else 'di/' + path[4:]},die" for i, path in enumerate(paths)]
    matched = match(written(tmp_path, "file,label\n" + "\n".join(rows)), paths)
    assert matched.n_matched == 6
    assert [row.line for row in matched.unmatched_rows] == [2, 4, 6, 8, 10, 12]
    assert matched.images_without_row == tuple(paths[::2])
    assert any(
        note.startswith("6 rows name no image of the gallery: line 2 'di/die_00.jpg' (is it die/")
        and note.endswith(" and 3 more.")
        for note in matched.notes
    )
    assert (
        "6 images have no row: die/die_00.jpg, die/die_02.jpg, die/die_04.jpg and 3 more."
        in matched.notes
    )
    document = matched.to_json()
    assert (document["images_with_row"], len(document["rows_without_image"])) == (6, 6)
    assert document["rows_without_image"][0] == {"line": 2, "file": "di/die_00.jpg", "label": "die"}


def test_a_name_that_fits_several_images_fits_none(tmp_path: Path) -> None:
    paths = ["a/1.jpg", "b/1.jpg", "b/2.jpg"]
    matched = match(written(tmp_path, "file,label\n1.jpg,x\n2.jpg,y\n"), paths)
    assert matched.labels == (None, None, "y")
    assert "1 row fits several images, so none: line 2 '1.jpg'." in matched.notes


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("a/1.jpg,x\na/2.jpg,x\na/1.jpg,y\n", (2, 4)),
        ("a/1.jpg,x\n./a/1.jpg,y\n", (2, 3)),
        ("a/1.jpg,x\n1.jpg,y\n", (2, 3)),
        ("A/1.JPG,x\n/data/photos/a/1.jpg,y\n", (2, 3)),
        ("a/1.jpg,x\na/1.jpg,\n", (2, 3)),
    ],
)
def test_two_labels_for_one_image_are_refused(
    tmp_path: Path, rows: str, lines: tuple[int, int]
) -> None:
    with pytest.raises(GalleryError, match=r"a/1\.jpg two labels") as caught:
        match(written(tmp_path, "file,label\n" + rows))
    assert all(f"in line {line}" in caught.value.sentence for line in lines)


def test_rows_of_other_folders_do_not_contradict(tmp_path: Path) -> None:
    """The gallery is the folder "photos" of a table that lists two."""
    text = "file,label\nphotos/1.jpg,x\nothers/1.jpg,y\n"
    matched = match(written(tmp_path, text), ["1.jpg", "2.jpg"])
    assert matched.labels == ("x", None)
    assert [row.line for row in matched.unmatched_rows] == [3]


def test_repeated_and_blank_rows_are_counted(tmp_path: Path) -> None:
    matched = match(written(tmp_path, "file,label\na/1.jpg,x\na/1.jpg, x\na/2.jpg,\n"))
    assert matched.labels == ("x", None, None, None)
    assert "1 row repeats another." in matched.notes
    assert "1 image has a row without a label." in matched.notes


def test_labels_that_are_nearly_one_are_named(tmp_path: Path) -> None:
    matched = match(written(tmp_path, "file,label\na/1.jpg,die\na/2.jpg,Die\nb/3.jpg,vase\n"))
    assert "The labels 'Die' and 'die' are alike, but two." in matched.notes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "photo,kind\n1.jpg,x\n",
            "'file' and 'label'; it has 'photo', 'kind', separated by a comma",
        ),
        ("photo;label\n1.jpg;x\n", "it has 'photo', 'label', separated by a semicolon"),
        ("hello world\n", "it has 'hello world'"),
        ("file,label\na.jpg\n", "line 2: a value is missing"),
        ("file,label\n,x\n", "line 2: a value is missing"),
        ("file,label\na,1.jpg,x\n", "line 2, has 3 values under 2 columns"),
        ("", "has no rows"),
        ("file,label\n", "has no rows below its header"),
        (
            "file,label\nz/9.jpg,x\n",
            "Not one of 1 row of .*line 2 says 'z/9.jpg'.* called 'a/1.jpg'",
        ),
        (b"PK\x03\x04rest", "is a workbook"),
        (b"\xff\xd8\xff\xe0\0\0\0\x01", "it is no text"),
    ],
)
def test_what_can_not_be_used_says_what_was_found(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    with pytest.raises(GalleryError, match=sentence):
        match(written(tmp_path, text))


def test_truth_by_folders_and_prefix() -> None:
    assert choose_labels("folders", ["a/1.jpg", "2.jpg"]).labels == ("a", None)
    assert choose_labels("prefix", ["a/x__1.jpg", "2.jpg"]).labels == ("x", None)
    with pytest.raises(GalleryError, match="has a label before '__'"):
        choose_labels("prefix", ["a/1.jpg", "2.jpg"])
    with pytest.raises(GalleryError, match="of its own kind"):
        choose_labels("folders", ["1.jpg"])
    with pytest.raises(GalleryError, match="can't be read: No such file"):
        choose_labels("folder", ["a/1.jpg"])


@pytest.mark.parametrize("text", ["a\n" * 21, ",\n" * 13, ",,\t;" * 8], ids=["rows", "2", "cells"])
def test_a_table_of_more_rows_or_values_than_memory_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(label_table, "_MOST_ROWS", 20)
    monkeypatch.setattr(label_table, "_MOST_CELLS", 24)
    with pytest.raises(GalleryError, match="has more than 20 rows or 24 values"):
        match(written(tmp_path, text))


def test_a_header_of_a_million_columns_is_none(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="a line too long"):
        match(written(tmp_path, f"file,label,{'a,' * 600_000}\n"))


def test_a_line_of_megabytes_takes_no_time(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text(f"a.jpg{' ' * 400_000}x y{' ' * 400_000}.\n")
    started = time.process_time()
    with pytest.raises(GalleryError):
        read_label_table(path)
    assert time.process_time() - started < 5  # once the square of its length, half an hour
