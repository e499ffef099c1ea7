"""Pipes, sockets and devices among pictures, and disks that do not answer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.images.prepared import PreparedImage, prepare_image
from core.images.preprocess import Preprocess
from core.surveys import pictures
from core.surveys.pictures import prepare_images

KINDS = {"pipe": "is a pipe", "socket": "is a socket", "device": "is a device"}
RECIPE = Preprocess(width=8, height=8)


@pytest.fixture
def folder(tmp_path: Path, demo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pictures, and between them a file of each kind that is no picture but is called so."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.jpg", "z.jpg"):
        shutil.copy(demo.pictures / "die" / "die_01.jpg", folder / name)
    os.mkfifo(folder / "pipe.jpg")
    monkeypatch.chdir(folder)  # a socket's path may have 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.jpg")
    (folder / "device.jpg").symlink_to("/dev/zero")
    return folder


def test_index_and_query_name_what_is_no_file(command, demo, folder: Path) -> None:
    """reports/fifo: index stood still for ever."""
    out = folder.parent / "gallery"
    words = (*demo.words, "--images", folder, "--layer", "fc6", "--pool", "gap", "--out", out)
    said = command("index", *words)
    assert said.code == 0
    assert "2 images of 256 values" in said.out
    for name, claim in KINDS.items():
        assert f"'{name}.jpg' {claim}, no image" in said.out
        asked = command("query", out, folder / f"{name}.jpg")
        assert (asked.code, asked.err) == (1, f"'{name}.jpg' {claim}, no image.\n")


def test_extract_names_what_is_no_file(command, demo, folder: Path) -> None:
    out = folder.parent / "o.npz"
    said = command("extract", *demo.words, "--images", folder, "--layers", "fc6", "--out", out)
    assert said.code == 0
    for name, claim in KINDS.items():
        assert f"'{name}.jpg' {claim}, no image" in said.out + said.err


@pytest.mark.parametrize("name", KINDS)
def test_one_that_is_named_is_a_sentence(folder: Path, name: str) -> None:
    said = prepare_image(folder / f"{name}.jpg", RECIPE).problem
    assert said == f"'{name}.jpg' {KINDS[name]}, no image."


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Files called stuck.jpg do not answer before the event is set, which the test's end does."""
    answer = threading.Event()

    def prepare(path: Path, recipe: Preprocess) -> PreparedImage:
        if path.name == "stuck.jpg":
            answer.wait(30)
        return PreparedImage(path, None, (0, 0), "read")

    monkeypatch.setattr(pictures, "prepare_image", prepare)
    yield answer
    answer.set()


def test_a_disk_that_does_not_answer_can_be_cancelled(stuck: threading.Event) -> None:
    names = [Path(name) for name in ("a.jpg", "stuck.jpg", "b.jpg")]
    images = prepare_images(names, RECIPE, n_threads=1, n_ahead=1)
    assert next(image for image in images if image is not None).path == names[0]
    assert next(images) is None
    started = time.monotonic()
    images.close()
    assert time.monotonic() - started < 2


def test_what_does_not_answer_at_all_is_left_out(
    stuck: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 0.9)
    names = [Path(name) for name in ("a.jpg", "stuck.jpg", "b.jpg", "c.jpg")]
    images = prepare_images(names, RECIPE, n_threads=1, n_ahead=1)
    problems = {image.path.name: image.problem for image in images if image is not None}
    assert list(problems) == ["a.jpg", "stuck.jpg", "b.jpg", "c.jpg"]
    assert "nothing came for" in (problems.pop("stuck.jpg") or "")
    assert set(problems.values()) == {"read"}


STUCK_INDEX = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from core.images import decoding
decoding.describe_other_kind = lambda path: None  # so that the pipe is opened, as a dead disk is
from main import main
sys.exit(main(sys.argv[1:]))
"""


def test_one_ctrl_c_ends_a_stuck_index(demo, tmp_path: Path, repository: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "pipe.jpg")
    words = [*demo.words, "--images", folder, "--layer", "fc6", "--pool", "gap"]
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK_INDEX, "index", *words, "--out", tmp_path / "gallery"],
        cwd=repository,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        writer = os.open(folder / "pipe.jpg", os.O_WRONLY)  # returns when the index reads from it
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
        os.close(writer)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert "Stopped by you." in said


STUCK_WINDOW = """
import sys, threading
from PyQt5.QtCore import QTimer
import gui.app
from gui.workbench import Workbench

def start(bench, paths=(), *, demo=False):
    bench.window.show()
    bench.lanes.files.start(lambda: threading.Event().wait(), key="stuck")
    QTimer.singleShot(300, bench.window.close)

Workbench.start = start
sys.exit(gui.app.run())
"""


def test_quit_ends_a_window_with_a_stuck_thread(repository: Path, tmp_path: Path) -> None:
    """The window was hidden, and its process stayed."""
    done = subprocess.run(
        [sys.executable, "-c", STUCK_WINDOW],
        cwd=repository,
        env={**os.environ, "HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
