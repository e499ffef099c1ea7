"""What a decoder's process can no longer do once it has confined itself."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")


def has_landlock() -> bool:
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) >= 1)


CONFINED = """
import os, signal, socket, subprocess, sys, threading
from core.images.decoders.confinement import confine
server = socket.create_server(("127.0.0.1", 0))
confine()
def refused(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"
folder = sys.argv[1]
print(refused(lambda: subprocess.run(["/bin/sh", "-c", "true"])))
print(refused(lambda: os.execv(sys.executable, ["python"])))
print(refused(lambda: open(folder + "/new", "wb")))
print(refused(lambda: open(folder + "/old", "r+b")))
print(refused(lambda: os.truncate(folder + "/old", 0)))
print(refused(lambda: os.unlink(folder + "/old")))
print(refused(lambda: os.mkdir(folder + "/folder")))
print(refused(lambda: os.rename(folder + "/old", folder + "/other")))
print(open(folder + "/old").read())
"""


@pytest.mark.skipif(not has_landlock(), reason="no Landlock in this kernel")
def test_a_decoder_can_start_and_change_nothing(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "old").write_text("as it was")
    done = subprocess.run(
        [sys.executable, "-c", CONFINED, tmp_path], cwd=repository, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout.split("\n") == [*["PermissionError"] * 8, "as it was", ""], done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


BUSY = """
from core.images.decoders import confinement
confinement._CPU_SECONDS = 1
confinement.limit_next_picture()
while True:
    pass
"""


def test_a_decoder_alone_does_not_run_for_ever(repository: Path) -> None:
    done = subprocess.run([sys.executable, "-c", BUSY], cwd=repository, check=False)
    assert done.returncode == -signal.SIGXCPU
