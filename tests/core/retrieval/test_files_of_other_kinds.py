"""A gallery whose files are pipes, devices or folders is damaged, and nobody waits for it."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import GalleryError
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_check import check_gallery
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore

KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": lambda path: os.mkfifo(path),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "folder": Path.mkdir,
}
FILES = ("gallery.sqlite", "gallery.sqlite-journal", "gallery.sqlite-wal", "gallery.sqlite-shm",
         "descriptors.npy")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, recipe: DescriptorRecipe) -> Path:
    """A gallery of one image."""
    store = GalleryStore(tmp_path / "gallery")
    store.create(recipe, tmp_path)
    store.begin(1)
    store.add([StoredImage("a.png", None, 8, 8, FileStamp(1, 1))], np.ones((1, 3), np.float32))
    store.finish()
    return tmp_path / "gallery"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_waits_for_what_is_no_file(folder: Path, name: str, kind: str) -> None:
    open_gallery(folder)
    (folder / name).unlink(missing_ok=True)
    KINDS[kind](folder / name)
    found: list[BaseException | None] = []

    def read() -> None:
        try:
            _ = open_gallery(folder).descriptors
            found.append(None)
        except GalleryError as error:
            found.append(error)

    reader = threading.Thread(target=read, daemon=True)  # SQLite hears no signal while it waits
    reader.start()
    reader.join(60)
    assert found, "still waiting"
    assert isinstance(found[0], GalleryError)


def test_a_root_that_no_folder_can_be_called(folder: Path) -> None:
    root = json.dumps("a" * 300)
    with sqlite3.connect(folder / "gallery.sqlite") as db:
        db.execute("UPDATE meta SET value = ? WHERE key LIKE 'root%'", (root,))
    db.close()
    gallery = open_gallery(folder)
    assert any("is gone" in note for note in gallery.notes)
    assert gallery.stale_note([0]) is None
    findings = run_job(check_gallery(folder)).findings
    assert any("is not there" in one.sentence for one in findings)
