"""t-SNE of descriptors by openTSNE, in a child process that may be killed at any moment."""

from __future__ import annotations

import os

import numpy as np

from core.asked_child import ChildEnded, asked_child
from core.errors import AppError
from core.progress import Job, Progress
from core.retrieval.mapping.gallery_map import MOST_EXACT, MapSettings

_MOST_THREADS = 4
_FEW = 3000
"""Rows of which one thread makes a map sooner than several that wait for one another."""
_SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE"}
_CHILD = "core.retrieval.mapping.tsne_child"


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
    with asked_child(_CHILD, header, [rows], _SETTINGS) as child:
        while True:
            try:
                reply = child.reply()
            except ChildEnded as ended:
                raise _end_of(ended) from ended
            if reply is None:
                yield shown  # the job can be closed here, however long the child is silent
                continue
            told, arrays = reply
            if "missing" in told:
                raise _missing(str(told["missing"]))
            if arrays:
                return _checked(arrays[0], len(rows))
            shown = Progress(int(told["done"]), int(told["total"]), "iterations of t-SNE")
            yield shown


def _checked(points: np.ndarray, n: int) -> np.ndarray:
    if points.shape != (n, 2) or points.dtype != np.float32 or not np.isfinite(points).all():
        raise AppError(
            "t-SNE came to no map: its points ran away.",
            hint="Try another seed or a smaller perplexity.",
        )
    return points


def _end_of(ended: ChildEnded) -> AppError:
    """What to say of a child that ended before its answer."""
    return AppError(
        "The program that computes t-SNE stopped.",
        hint=f"Exit code {ended.code}. Memory may be short: lay out fewer images.",
        details=ended.said,
    )


def _missing(package: str) -> AppError:
    return MapsUnavailableError(
        f"t-SNE needs the Python package openTSNE, and {package} is not installed.",
        hint="Install the extra 'maps'; the map by PCA needs nothing.",
    )
