"""A gallery where nothing can be written: a folder bound read-only, which root heeds too."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.retrieval.gallery_database import DATABASE_NAME
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel
from tests.core.commands.test_gallery_commands import NET

REPOSITORY = Path(__file__).resolve().parents[3]
BIND = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
ReadOnly = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def read_only(tmp_path: Path) -> ReadOnly:
    """Runs a command while the folder of the gallery can't be written."""
    words = ["unshare", "--mount", "sh", "-c", BIND, "sh", str(tmp_path / "gallery")]
    (tmp_path / "gallery").mkdir()
    tried = shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True)
    if not tried or tried.returncode:
        pytest.skip("binding a folder read-only needs root and Linux")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "main.py", *map(str, arguments)]
        return subprocess.run([*words, *command], cwd=REPOSITORY, capture_output=True, text=True)

    return run


@pytest.fixture
def index_words(tmp_path: Path) -> list[object]:
    """The words that index eight pictures of two colours into the gallery."""
    net, weights = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    net.write_text(NET)
    read = load_net(net)
    types = {layer.name: layer.type for layer in read.layers}
    fillers = filler_weights(read, infer_shapes(read), seed=1).items()
    write_caffemodel(weights, "colours", [(name, types[name], arrays) for name, arrays in fillers])
    for name, colour in {"red": (200, 20, 20), "blue": (20, 20, 200)}.items():
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(4):
            shade = tuple(min(255, value + 6 * i) for value in colour)
            Image.new("RGB", (10, 12), shade).save(tmp_path / "pictures" / name / f"{i}.png")
    words = ["index", "--net", net, "--weights", weights, "--images", tmp_path / "pictures"]
    return [*words, "--layer", "conv", "--pool", "gap", "--out", tmp_path / "gallery"]


def test_a_gallery_that_can_not_be_written_is_searched_and_checked(
    command, read_only: ReadOnly, index_words: list[object], tmp_path: Path
) -> None:
    assert command(*index_words).code == 0
    gallery = tmp_path / "gallery"
    found = read_only("query", gallery, "red/0.png", "-k", "3")
    assert (found.returncode, found.stderr) == (0, "")
    assert "red/1.png" in found.stdout
    assert read_only("evaluate", gallery, "--truth", "folders").returncode == 0
    assert read_only("gallery", gallery, "--check").stdout == "The gallery is sound: 8 images.\n"
    Image.new("RGB", (9, 9)).save(tmp_path / "pictures" / "new.png")
    refused = read_only(*index_words)
    assert refused.returncode == 1
    assert "can't be changed: it lies where nothing can be written." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_change_that_was_cut_off_is_undone_in_a_copy(
    command, read_only: ReadOnly, index_words: list[object], tmp_path: Path
) -> None:
    assert command(*index_words).code == 0
    gallery = tmp_path / "gallery"
    pid = os.fork()
    if pid == 0:
        _change_until_killed(gallery)
    os.waitpid(pid, 0)
    assert (gallery / f"{DATABASE_NAME}-journal").stat().st_size
    found = read_only("query", gallery, "red/0.png", "-k", "3")
    assert (found.returncode, found.stderr) == (0, "")
    assert (gallery / f"{DATABASE_NAME}-journal").stat().st_size
    assert command("gallery", gallery, "--check").code == 0  # undone for good where it can be


def _change_until_killed(gallery: Path) -> None:
    db = sqlite3.connect(gallery / DATABASE_NAME, isolation_level=None)
    db.execute("PRAGMA cache_size = 1")
    db.execute("BEGIN IMMEDIATE")
    db.execute("DELETE FROM images")
    many = (("x" * 200 + str(i),) for i in range(5000))
    db.executemany("INSERT INTO problems VALUES (?, 'never', 1, 1)", many)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_gallery_that_moved_without_its_images_is_searched(
    command, index_words: list[object], tmp_path: Path
) -> None:
    assert command(*index_words).code == 0
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "gallery").rename(tmp_path / "elsewhere" / "gallery")
    shutil.move(tmp_path / "pictures", tmp_path / "pictures of before")
    gallery = tmp_path / "elsewhere" / "gallery"
    found = command("query", gallery, "red/0.png", "-k", "3", "--json")
    assert found.code == 0
    assert [row["is_there"] for row in found.json["results"]] == [False] * 3
    assert any("is gone: paths are those of before" in note for note in found.json["notes"])
    assert command("evaluate", gallery, "--truth", "folders").code == 0
    checked = command("gallery", gallery, "--check", "--json").json
    assert [one["remedy"] for one in checked["findings"]] == ["index"]
