"""Each bad picture by itself: what is said of it, how long it takes, and how much memory."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from core.errors import AppError
from core.images.checking import check_image
from core.images.decoding import thumbnail
from tests.soak.processes import Sampler, resident_bytes

SECONDS = 90.0


@dataclass(frozen=True)
class Verdict:
    """What became of one file: a sentence, "" for a good picture, or what must not happen."""

    kind: str
    sentence: str
    seconds: float
    grown_bytes: int
    """Memory of all processes together, beyond that of the one that asks."""
    is_fault: bool = False


def judge(kind: str, path: Path) -> Verdict:
    """Check a file wholly and make its thumbnail, in a process that may be ended."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_check, args=(path, theirs))
    start = time.monotonic()
    child.start()
    theirs.close()
    assert child.pid is not None
    before = resident_bytes(os.getpid())
    with Sampler(child.pid, 0.005) as sampler:
        has_answer = ours.poll(SECONDS)
        try:
            sentence = ours.recv() if has_answer else "HANGS"
        except EOFError:
            child.join()
            sentence = f"ENDS THE PROCESS: {child.exitcode}"
        seconds = time.monotonic() - start
    child.kill()
    child.join()
    is_fault = sentence[:4].isupper()
    return Verdict(kind, sentence, seconds, max(0, sampler.peak.total - before), is_fault)


def _check(path: Path, answer: Connection) -> None:
    os.setsid()
    try:
        told = check_image(path).problem or ""
        try:
            thumbnail(path, 160)
        except AppError as error:
            told = told or f"thumbnail: {error.sentence}"
        answer.send(told)
    except BaseException as error:
        answer.send(f"TRACEBACK: {type(error).__name__}: {error}"[:500])
