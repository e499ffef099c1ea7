"""Each bad picture by itself: what is said of it, how long it takes, and how much memory."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import AppError
from core.images.decoders.messages import preparing
from core.images.decoders.pool import shared_pool
from core.images.preprocess import Preprocess
from core.images.thumbnails import thumbnail
from tests.soak.processes import Sampler

SECONDS = 75.0
"""Two decodings at their limits, and some."""
SIDE = 160


@dataclass(frozen=True)
class Verdict:
    """What became of one file: a sentence, "" for a good picture, or what must not happen."""

    kind: str
    sentence: str
    seconds: float
    grown_bytes: int
    """Memory of this process and the decoders together, beyond what it was before."""
    is_fault: bool = False


def judge(kind: str, path: Path) -> Verdict:
    """Prepare a file for a net, checked, and make its thumbnail, as index and window do."""
    with Sampler(os.getpid(), 0.01) as sampler:
        time.sleep(0.03)
        before = sampler.restart().total
        start = time.monotonic()
        sentence, is_fault = _told(path)
        seconds = time.monotonic() - start
    is_fault = is_fault or seconds > SECONDS
    return Verdict(kind, sentence, seconds, max(0, sampler.peak.total - before), is_fault)


def _told(path: Path) -> tuple[str, bool]:
    request = preparing("prepare", path, Preprocess())
    try:
        problem = shared_pool().submit(path, request).result()[0].problem
        try:
            thumbnail(path, SIDE)
        except AppError as error:
            problem = problem or f"thumbnail: {error.sentence}"
    except Exception as error:
        return f"{type(error).__name__}: {error}", True
    return problem, "made the decoder stop" in problem
