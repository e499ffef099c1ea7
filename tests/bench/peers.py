"""Other engines beside us, each in a process of its own, all spoken to in one way."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARIES = {
    "PyTorch eager": ("torch", "torch"),
    "OpenCV dnn": ("opencv", "cv2"),
    "ONNX Runtime": ("onnxruntime", "onnxruntime"),
    "OpenVINO": ("openvino", "openvino"),
}
"""Shown name: what library_peer.py calls it, the module it needs."""


class PeerError(Exception):
    """A peer that can't take part, and why."""


class Peer:
    """A net running elsewhere: give it a batch, get the seconds of the pass and the output."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None:
            raise PeerError("no pipes")
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self.version = ""
        self.pid = process.pid

    def await_ready(self) -> None:
        """Wait until the net is built; PeerError with the last line of its stderr otherwise."""
        line = self._stdout.readline()
        if not line:
            raise PeerError(self._last_words())
        self.version = str(json.loads(line)["ready"])

    def send(self, head: dict[str, object], payload: bytes = b"") -> None:
        """One JSON line and what follows it."""
        self._stdin.write(json.dumps(head).encode() + b"\n")
        self._stdin.write(payload)
        self._stdin.flush()

    def forward(self, batch: np.ndarray) -> tuple[float, np.ndarray]:
        """Seconds of one pass, pipes left out, and the output (n_images, ...)."""
        self.send({"shape": batch.shape}, batch.tobytes())
        line = self._stdout.readline()
        if not line:
            raise PeerError(self._last_words())
        head = json.loads(line)
        values = self._stdout.read(4 * int(np.prod(head["shape"])))
        return head["seconds"], np.frombuffer(values, np.float32).reshape(head["shape"])

    def _last_words(self) -> str:
        self._process.kill()
        said = self._process.stderr.read().decode(errors="replace") if self._process.stderr else ""
        lines = [line for line in said.splitlines() if line.strip()]
        return lines[-1] if lines else "it ended without a word"


def openblas_kernels() -> dict[str, str]:
    """The setting that gives an old OpenBLAS kernels for a processor it does not know.

    Debian 11's takes those of a Pentium 4 there, a quarter as fast; that would flatter us.
    """
    if "OPENBLAS_CORETYPE" in os.environ:
        return {"OPENBLAS_CORETYPE": os.environ["OPENBLAS_CORETYPE"]}
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return {}
    for flag, kernels in (("avx512f", "SkylakeX"), ("avx2", "Haswell")):
        if flag in words:
            return {"OPENBLAS_CORETYPE": kernels}
    return {}


@contextmanager
def _started(command: list[str], settings: dict[str, str] | None = None) -> Iterator[Peer]:
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **(settings or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield Peer(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def open_library(shown_name: str, net_path: Path, weights_path: Path) -> Iterator[Peer]:
    """A library of this Python; PeerError where it is not installed or can't build the net."""
    library, module = LIBRARIES[shown_name]
    needed = [module, "onnx"] if library in ("onnxruntime", "openvino") else [module]
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise PeerError(f"{missing[0]} is not installed (make bench installs it)")
    words = [sys.executable, "-m", "tests.bench.library_peer", library]
    with _started([*words, str(net_path), str(weights_path)]) as peer:
        peer.await_ready()
        yield peer


@contextmanager
def open_caffe(net_path: Path, weights_path: Path, output: str) -> Iterator[Peer]:
    """Real Caffe, in the Python that BLOBSCOPE_CAFFE_PYTHON starts; PeerError without one."""
    command = shlex.split(os.environ.get("BLOBSCOPE_CAFFE_PYTHON", ""))
    if not command:
        raise PeerError("BLOBSCOPE_CAFFE_PYTHON is not set (a Python that imports caffe)")
    source = Path(__file__).with_name("caffe_peer.py").read_text()
    weights = weights_path.read_bytes()
    with _started([*command, "-c", source], openblas_kernels()) as peer:
        peer.send(
            {"text": net_path.read_text(), "weights": len(weights), "output": output}, weights
        )
        peer.await_ready()
        settings = " ".join(f"{name}={value}" for name, value in openblas_kernels().items())
        peer.version = f"{peer.version} {settings}".strip()
        yield peer
