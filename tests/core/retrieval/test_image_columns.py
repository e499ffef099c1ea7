"""The images of a gallery in columns: what was written comes back, and nothing odd loads."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest

from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.image_columns import read_images, read_problems

IMAGES = [
    StoredImage("a/1.jpg", "a", 640, 480, FileStamp(10, 1_700_000_000_123_456_789), 2),
    StoredImage("a/..2.jpg", "a", 8, 6, FileStamp(-2, -2), 0),
    StoredImage("a/\n", None, 1, 1, FileStamp(-1, -1), 1),
    StoredImage("b/\u00e9.jpg", "b", 9, 9, FileStamp(10, 2), 3),
    StoredImage("b/\U0001f600.jpg", "b", 9, 9, FileStamp(0, 2), 4),
    StoredImage("c..d", None, 9, 9, FileStamp(10, 2), 5),
]


def database(images: list[Any]) -> sqlite3.Connection:
    """A table without the constraints that a damaged file need not keep."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE images (path, label, width, height, bytes, changed, row)")
    db.execute("CREATE TABLE problems (path, reason, bytes, changed)")
    db.executemany("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?)", images)
    return db


def row_of(image: StoredImage, **other: Any) -> tuple[Any, ...]:
    path, label, width, height, (n_bytes, changed), row = astuple(image)
    written = {
        "path": path, "label": label, "width": width, "height": height, "bytes": n_bytes,
        "changed": changed, "row": row,
    }  # fmt: skip
    return tuple({**written, **other}.values())


def test_columns_give_back_what_was_written() -> None:
    wanted = sorted(IMAGES, key=lambda image: image.path.encode())
    found = read_images(database([row_of(image) for image in IMAGES]), 6)
    assert list(found) == wanted
    assert [found[i] for i in range(-6, 6)] == wanted * 2
    assert found[1:4:2] == tuple(wanted[1:4:2])
    assert found.labels == tuple(image.label for image in wanted)
    assert [found.find(image.path) for image in wanted] == list(range(6))
    assert [found.find(path) for path in ("", "a", "a/1.jp", "a/1.jpg0", "z")] == [None] * 5
    assert found.with_stamp(FileStamp(10, 2)) == tuple(
        i for i, image in enumerate(wanted) if image.stamp == FileStamp(10, 2)
    )
    assert found.with_stamp(FileStamp(11, 2)) == ()
    with pytest.raises(IndexError):
        found[6]


def test_more_images_than_are_fetched_at_once() -> None:
    rng = np.random.default_rng(3)
    rows = rng.permutation(1000).tolist()
    images = [
        StoredImage(f"{i:04}", f"{i % 7}", i, i, FileStamp(i, i), rows[i]) for i in range(1000)
    ]
    mixed = [row_of(images[i]) for i in rng.permutation(1000)]
    assert list(read_images(database(mixed), 1000)) == images


def test_a_gallery_without_images() -> None:
    found = read_images(database([]), 0)
    assert (len(found), list(found), found.labels, found.find("a")) == (0, [], (), None)


@pytest.mark.parametrize(
    "damage",
    [
        *({"path": path} for path in (
            b"a/1.jpg", None, 5, 2.5, "", "a\0b", "/etc/passwd", "..", "../x", "a/../../x", "a/.."
        )),
        *({"label": label} for label in (b"a", 5, 2.5)),
        *({"width": width} for width in ("640", None, 2.5, b"1", -1)),
        *({"height": height} for height in ("480", None, -640)),
        *({"bytes": n_bytes} for n_bytes in ("10", None, 10.0, -3)),
        *({"changed": changed} for changed in ("1", None, 1e18)),
        *({"row": row} for row in ("2", None, 2.0, -1, 6, 2**62, 0)),
    ],
    ids=repr,
)  # fmt: skip
def test_damage_is_refused(damage: dict[str, Any]) -> None:
    images = [row_of(IMAGES[0], **damage), *(row_of(image) for image in IMAGES[1:])]
    with pytest.raises(ValueError):  # noqa: PT011  # the store makes a sentence of any
        read_images(database(images), 6)


@pytest.mark.parametrize(
    "damage", [(5, "why", 1, 1), ("a", None, 1, 1), ("a", "why", "1", 1), ("a", "why", 1, 1.5)]
)
def test_damaged_problems_are_refused(damage: tuple[Any, ...]) -> None:
    db = database([])
    db.execute("INSERT INTO problems VALUES ('b', 'why', 1, 1)")
    assert len(read_problems(db)) == 1
    db.execute("INSERT INTO problems VALUES (?, ?, ?, ?)", damage)
    with pytest.raises(ValueError):  # noqa: PT011
        read_problems(db)
