"""Galleries whose database, descriptors or note are not what we wrote."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from core.errors import AppError
from core.images.preprocess import Preprocess
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.evaluation import evaluate_gallery
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_database import DATABASE_NAME
from core.retrieval.gallery_origin import OLD_NOTE_NAME, GalleryOrigin, find_origin
from core.retrieval.gallery_repair import repair_gallery
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.queries import find_query
from core.retrieval.search import rank_image
from tests.fuzz.json_texts import RAW, damaged, json_bytes, mutated
from tests.fuzz.limits import accepts
from tests.fuzz.target import Target, written_folder

Files = dict[str, bytes]
N_IMAGES, DIMENSION = 8, 4
ORIGIN = {
    "net": "n.prototxt", "weights": "n.caffemodel", "net_from_gallery": "../n.prototxt",
    "weights_from_gallery": "../n.caffemodel", "phase": "TEST", "level": 0, "stages": ["a"],
}  # fmt: skip
VALUES = (
    None, 0, -1, 1, 7, 8, 2**31, 2**53, 2**63 - 1, -(2**63), 0.5, 1e308, float("inf"), "", "x",
    "0", "\0", "a" * 70_000, "/dev/zero", "../../x", b"", b"\xff\xfe", b"x" * 100, "é", "-1",
)  # fmt: skip


_IMPOSSIBLE = (sqlite3.Error, ValueError, TypeError, IndexError, RecursionError, MemoryError)
"""What a change raises where one before it has taken away what it would change."""


@cache
def gallery_files() -> Files:
    """A small gallery, made as an index makes it."""
    folder = written_folder({}, "made")
    recipe = DescriptorRecipe(
        "conv", "conv", "gem", 3.0, Preprocess("warp", 8, 8), "0" * 64, "1" * 64
    )
    store = GalleryStore(folder)
    store.create(
        recipe, folder.parent, GalleryOrigin(folder / "n.prototxt", folder / "n.caffemodel")
    )
    store.begin(N_IMAGES)
    images = [
        StoredImage(f"{'abc'[i % 3]}/{i}.png", "abc"[i % 3], 8, 8, FileStamp(100 + i, 5))
        for i in range(N_IMAGES)
    ]
    store.add(images, np.arange(N_IMAGES * DIMENSION, dtype=np.float32).reshape(-1, DIMENSION))
    store.finish()
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@st.composite
def damaged_galleries(draw: st.DrawFn) -> Files:
    """One or two of the files damaged, and values of the database put in place of others."""
    rng: random.Random = draw(st.randoms(use_true_random=True))
    files = dict(gallery_files())
    for _ in range(rng.choice((1, 1, 2, 4))):
        if rng.random() < 0.7:
            with suppress(*_IMPOSSIBLE):
                files[DATABASE_NAME] = _with_other_values(files[DATABASE_NAME], rng)
            continue
        name = rng.choice(sorted(files))
        kind = rng.choice(("damage", "damage", "lose", "values", "foreign"))
        if kind == "lose":
            files.pop(name)
        elif kind == "values":
            name = next((n for n in files if n.endswith(".npy")), name)
            tail = np.frombuffer(rng.choice((b"\xff", b"\0", b"\x7f")) * 16, "<f4").tobytes()
            files[name] = files[name][:-16] + tail
        elif kind == "foreign":
            files[name] = rng.choice((b"", b"x" * 200, b"\x93NUMPY", b"SQLite format 3\0"))
        else:
            files[name] = damaged(files[name], rng)
        if DATABASE_NAME not in files or not files:
            break
    return files


def _with_other_values(raw: bytes, rng: random.Random) -> bytes:
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(raw)
        db.execute("PRAGMA ignore_check_constraints = ON")
        table = rng.choice(("meta", "meta", "meta", "images", "images", "problems", "absent"))
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        keys = [row[0] for row in db.execute(f"SELECT {columns[0]} FROM {table}")]
        kind = rng.choice(("value", "value", "value", "value", "drop", "column", "table", "view"))
        if kind == "value" and keys:
            _put_value(db, table, rng.choice(columns), rng.choice(keys), rng)
        elif kind == "drop" and keys:
            db.execute(f"DELETE FROM {table} WHERE {columns[0]} = ?", (rng.choice(keys),))
        elif kind == "column":
            db.execute(f"ALTER TABLE {table} RENAME COLUMN {rng.choice(columns)} TO other")
        elif kind == "table":
            db.execute(f"DROP TABLE {table}")
        elif kind == "view":
            db.execute("CREATE VIEW other AS SELECT 1")
        elif table == "problems":
            reason = rng.choice(VALUES)
            db.execute("INSERT INTO problems VALUES (?, ?, 1, 1)", (rng.choice("xyz"), reason))
        db.commit()
        return db.serialize()


def _put_value(
    db: sqlite3.Connection, table: str, column: str, key: str, rng: random.Random
) -> None:
    value: object = rng.choice(VALUES)
    where = "key" if table == "meta" else "path"
    if table == "meta" and rng.random() < 0.8:
        column = "value"
        (old,) = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        changed = mutated(json.loads(old), rng).decode("utf-8", "replace")
        value = rng.choice((changed, changed, changed, rng.choice(RAW)))
    if rng.random() < 0.1:
        db.execute(
            f"UPDATE {table} SET {column} = CAST(x'ff00fe' AS TEXT) WHERE {where} = ?", (key,)
        )
        return
    db.execute(f"UPDATE {table} SET {column} = ? WHERE {where} = ?", (value, key))


def check_gallery(files: Files) -> bool:
    """A gallery that opens can be searched and evaluated; each image has one descriptor."""
    folder = written_folder(files, "gallery")

    def read() -> None:
        gallery = open_gallery(folder)
        assert gallery.descriptors.shape == (len(gallery), gallery.dimension)
        assert len(gallery.labels) == len(gallery)
        assert isinstance(gallery.notes, tuple)
        for image in gallery.images:
            assert image.path
            assert isinstance(image.label, str | None)
        _search(gallery)

    return accepts(read)


def _search(gallery: Gallery) -> None:
    """As query and evaluate do; a sentence of its own is all right."""
    if len(gallery):
        with suppress(AppError):
            ranking = rank_image(gallery, 0)
            assert len(ranking) == len(gallery) - 1
        with suppress(AppError):
            find_query(gallery, Path(gallery.images[0].path))
        gallery.stale_note(range(len(gallery)))
    with suppress(AppError):
        for _step in evaluate_gallery(gallery):
            pass
    with suppress(AppError):
        find_origin(gallery.origin, gallery.recipe)


def check_repair(files: Files) -> bool:
    """A gallery that was repaired needs no repair and opens."""
    folder = written_folder(files, "gallery")

    def repair() -> None:
        repaired = run_job(repair_gallery(folder))
        assert not repaired.after.needs_repair, repaired.after.findings
        _search(open_gallery(folder))

    return accepts(repair)


def check_origin(raw: bytes) -> bool:
    """The note of an earlier version is read, or counts for nothing."""
    files = dict(gallery_files())
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(files[DATABASE_NAME])
        db.execute("DELETE FROM meta WHERE key = 'origin'")
        db.commit()
        files[DATABASE_NAME] = db.serialize()
    folder = written_folder({**files, OLD_NOTE_NAME: raw, "n.prototxt": b"", "n.caffemodel": b""},
                            "gallery")  # fmt: skip
    gallery = open_gallery(folder)
    accepts(lambda: find_origin(gallery.origin, gallery.recipe))
    return gallery.origin is not None


GALLERIES = {
    "gallery": Target(damaged_galleries(), check_gallery, share=4),
    "repair": Target(damaged_galleries(), check_repair, share=2),
    "origin": Target(json_bytes(lambda: [ORIGIN]), check_origin, share=2),
}
