"""Pipes, sockets and devices among pictures, and disks that do not answer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.images.prepared import prepare_image
from core.images.preprocess import Preprocess

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


STUCK_INDEX = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from core.images.decoders.process import DecoderProcess
ask = DecoderProcess.ask

def ask_the_deaf(self, request, deadline):  # a disk that is dead holds its reader up like this
    os.kill(self.pid, signal.SIGSTOP)
    print("stuck", flush=True)
    return ask(self, request, deadline)

DecoderProcess.ask = ask_the_deaf
from main import main
sys.exit(main(sys.argv[1:]))
"""


def test_one_ctrl_c_ends_a_stuck_index(demo, tmp_path: Path, repository: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(demo.pictures / "die" / "die_01.jpg", folder / "stuck.jpg")
    words = [*demo.words, "--images", folder, "--layer", "fc6", "--pool", "gap"]
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK_INDEX, "index", *words, "--out", tmp_path / "gallery"],
        cwd=repository,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        while process.stdout.readline().strip() != "stuck":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        said = process.communicate(timeout=20)[1]
        assert time.monotonic() - started < 10  # of the 20 s that the picture has
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
