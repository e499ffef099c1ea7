"""t-SNE of descriptors by openTSNE, in a child process that may be killed at any moment."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any

import numpy as np

from core import frames
from core.children import ROOT, child_environment, creation_flags, enlarge_pipe
from core.errors import AppError
from core.progress import Job, Progress
from core.retrieval.mapping.gallery_map import MOST_EXACT, MapSettings

_MOST_ANSWER_BYTES = 1 << 30
_TICK_SECONDS = 0.25
_LAST_BYTES = 4096
_MOST_THREADS = 4
_FEW = 3000
"""Rows of which one thread makes a map sooner than several that wait for one another."""
_SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE"}
Reply = tuple[dict[str, Any], list[np.ndarray]] | Exception


class MapsUnavailableError(AppError):
    """What computes a t-SNE is not installed."""


def lay_out(rows: np.ndarray, settings: MapSettings) -> Job[np.ndarray]:
    """Points of rows, (n, 2) float32; closing the job kills the child.

    rows: (n, dimension) float32, their first two columns those of greatest variance, from which the
    descent starts. Raises MapsUnavailableError without openTSNE, AppError where the child dies.
    """
    threads = 1 if len(rows) < _FEW else min(_MOST_THREADS, os.cpu_count() or 1)
    header = {
        "perplexity": settings.perplexity_of(len(rows)),
        "seed": settings.seed,
        "iterations": settings.iterations,
        "threads": threads,
        "exact": len(rows) <= MOST_EXACT,
    }
    shown = Progress(0, 0, "neighbours of t-SNE")
    yield shown
    with _asked_child(header, rows) as (process, replies, said):
        while True:
            try:
                reply = replies.get(timeout=_TICK_SECONDS)
            except Empty:
                yield shown  # the job can be closed here, however long the child is silent
                continue
            if isinstance(reply, Exception):
                raise _end_of(process, said) from reply
            told, arrays = reply
            if "missing" in told:
                raise _missing(str(told["missing"]))
            if arrays:
                return _checked(arrays[0], len(rows))
            shown = Progress(int(told["done"]), int(told["total"]), "iterations of t-SNE")
            yield shown


@contextmanager
def _asked_child(
    header: dict[str, Any], rows: np.ndarray
) -> Iterator[tuple[subprocess.Popen[bytes], SimpleQueue[Reply], IO[bytes]]]:
    """A child at work, what comes back from it, and the file of its stderr.

    It is dead when the block ends, however it ends.
    """
    replies: SimpleQueue[Reply] = SimpleQueue()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.retrieval.mapping.tsne_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=ROOT,
            env=child_environment(_SETTINGS),
            creationflags=creation_flags(),
        )
        asking = Thread(target=_ask, args=(process, header, rows, replies), name="t-SNE")
        asking.start()
        try:
            yield process, replies, said
        finally:
            process.kill()
            process.wait()
            asking.join()


def _ask(
    process: subprocess.Popen[bytes],
    header: dict[str, Any],
    rows: np.ndarray,
    replies: SimpleQueue[Reply],
) -> None:
    """Send the request and collect the answers, until the child ends."""
    try:
        if process.stdin is None or process.stdout is None:
            raise OSError("a child without pipes")
        with process.stdin as requests, process.stdout as answers:
            enlarge_pipe(requests)
            frames.write_frame(requests, header, [rows])
            while True:
                replies.put(frames.read_frame(answers, _MOST_ANSWER_BYTES))
    except (frames.FrameError, OSError, ValueError) as error:
        replies.put(error)


def _checked(points: np.ndarray, n: int) -> np.ndarray:
    if points.shape != (n, 2) or points.dtype != np.float32 or not np.isfinite(points).all():
        raise AppError(
            "t-SNE came to no map: its points ran away.",
            hint="Try another seed or a smaller perplexity.",
        )
    return points


def _end_of(process: subprocess.Popen[bytes], said: IO[bytes]) -> AppError:
    """What to say of a child that ended before its answer."""
    process.kill()
    code = process.wait()
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - _LAST_BYTES))
    return AppError(
        "The program that computes t-SNE stopped.",
        hint=f"Exit code {code}. Memory may be short: lay out fewer images.",
        details=said.read().decode("utf-8", "replace"),
    )


def _missing(package: str) -> AppError:
    return MapsUnavailableError(
        f"t-SNE needs the Python package openTSNE, and {package} is not installed.",
        hint="Install the extra 'maps'; the map by PCA needs nothing.",
    )
