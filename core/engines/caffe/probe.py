"""Asking a Python that was found whether it imports caffe, and what that Caffe can do."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.children import creation_flags
from core.engines.caffe import bundle
from core.engines.caffe.discovery import Candidate, Machine, find_candidates
from core.engines.launch import without_our_path
from core.errors import EngineUnavailableError
from core.progress import Job, Progress

PROBE_SECONDS = 20.0
_TICK_SECONDS = 0.1
"""Between two looks whether the job was closed."""

# The current folder is on the path of a Python 2 that runs `-c`; nothing of it may be imported.
_SET_PATH = """
import sys
sys.path[:] = {folders!r} + [entry for entry in sys.path if entry not in ('', '.')]
"""
_ASK = """
import json
import caffe
os.write(1, b'\\nblob' + b'scope:' + json.dumps(describe(caffe)).encode('ascii') + b'\\n')
"""


@dataclass(frozen=True)
class FoundCaffe:
    """A Caffe of this machine that can be used as it is.

    gpus: names of those it accepts. n_layer_types: 0 where it does not tell.
    """

    candidate: Candidate
    version: str
    python: str
    n_layer_types: int
    gpus: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """ "Caffe 1.0.0 in Python 3.9.2, CPU only (conda environment caffe)."."""
        where = ", ".join(self.gpus) if self.gpus else "CPU only"
        place = self.candidate.place
        return f"Caffe {self.version} in Python {self.python}, {where} ({place})."


def find_caffes(machine: Machine | None = None) -> Job[tuple[FoundCaffe, ...]]:
    """Every Caffe of this machine that imports, one for each place; what does not is left out."""
    candidates = find_candidates(machine)
    found: dict[str, FoundCaffe] = {}
    for done, candidate in enumerate(candidates):
        yield Progress(done, len(candidates), "Pythons asked")
        if candidate.place not in found:
            with contextlib.suppress(EngineUnavailableError):
                found[candidate.place] = yield from probe(candidate)
    return tuple(found.values())


def probe(candidate: Candidate, timeout_seconds: float = PROBE_SECONDS) -> Job[FoundCaffe]:
    """Import caffe in a child of that Python, away from the current folder and from our path.

    Closing the job ends the child. Raises EngineUnavailableError with the last line that it said.
    """
    folders = [] if candidate.folder is None else [str(candidate.folder)]
    program = _SET_PATH.format(folders=folders) + bundle.machine_source() + _ASK
    arguments = (*candidate.command, *_isolation(candidate), "-c", program)
    said, complaint = yield from _run(arguments, timeout_seconds)
    mark = said.rfind(bundle.MARK)
    if mark < 0:
        lines = complaint.decode("utf-8", "replace").strip().splitlines()
        raise EngineUnavailableError(
            f"{candidate.typed} does not import caffe.", hint=lines[-1] if lines else ""
        )
    return _found(candidate, said[mark + len(bundle.MARK) :].split(b"\n", 1)[0])


def _isolation(candidate: Candidate) -> tuple[str, ...]:
    """Neither environment variables nor the current folder choose what is imported."""
    return ("-I",) if candidate.is_python_3 else ("-E",)


def _found(candidate: Candidate, line: bytes) -> FoundCaffe:
    try:
        told: Mapping[str, Any] = json.loads(line)
        return FoundCaffe(
            candidate,
            str(told["caffe"]),
            str(told["python"]),
            len(told["layer_types"] or ()),
            tuple(str(gpu["name"]) for gpu in told["gpus"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise EngineUnavailableError(
            f"{candidate.typed} answers in words that nobody knows."
        ) from error


def _run(arguments: tuple[str, ...], timeout_seconds: float) -> Job[tuple[bytes, bytes]]:
    """Standard output and error; in a session of its own, so that all of it can be ended."""
    with tempfile.TemporaryDirectory(prefix="blobscope-probe-") as folder:
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=without_our_path(os.environ),
                start_new_session=True,
                creationflags=creation_flags(),
            )
        except OSError as error:
            raise EngineUnavailableError(f"{arguments[0]} can't start: {error}.") from error
        try:
            deadline = time.monotonic() + timeout_seconds
            while time.monotonic() < deadline:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.communicate(timeout=_TICK_SECONDS)
                yield Progress(0, 0, f"waiting for {arguments[0]}")
            sentence = f"{arguments[0]} did not answer within {timeout_seconds:g} s."
            raise EngineUnavailableError(sentence)
        finally:
            _end(process)  # with whatever the import left running
            process.communicate()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
