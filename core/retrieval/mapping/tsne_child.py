"""The child that computes a t-SNE: `python -m core.retrieval.mapping.tsne_child`, asked once."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from typing import IO, Any, NoReturn

import numpy as np

from core import frames
from core.children import offer_to_be_killed_first, requests_of, take_stdout

EARLY = 250
"""Iterations of early exaggeration, as openTSNE and van der Maaten's program have them."""
_EVERY = 10
_BLOCK_ROWS = 512
_EXAGGERATION = 12.0


def main() -> NoReturn:
    """Answer one request with its points, telling the iterations before, and end.

    The request: rows (n, dimension) float32 of about length 1, and in the header perplexity, seed,
    iterations, threads, exact. Frames back: {"done", "total"}, then {"points": true} with (n, 2)
    float32, or {"missing"} with the name of a package that is not installed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started us
    replies = take_stdout()
    requests = requests_of(sys.stdin.buffer, partial(frames.read_frame, sys.stdin.buffer))
    offer_to_be_killed_first()
    header, (rows,) = next(requests)
    try:
        points = _lay_out(rows, header, replies)
    except ImportError as error:
        frames.write_frame(replies, {"missing": error.name or str(error)})
    else:
        frames.write_frame(replies, {"points": True}, [points])
    os._exit(0)  # at the end of `main` Python aborts when it meets the thread that reads requests


def _lay_out(rows: np.ndarray, header: dict[str, Any], replies: IO[bytes]) -> np.ndarray:
    import openTSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.initialization import rescale
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    perplexity, seed = float(header["perplexity"]), int(header["seed"])
    rounds, threads = int(header["iterations"]), int(header["threads"])
    total = EARLY + rounds

    def tell(done: int) -> None:
        frames.write_frame(replies, {"done": done, "total": total})

    tell(0)
    common: dict[str, Any] = {"n_jobs": threads, "random_state": seed}
    if header["exact"]:
        near = PrecomputedNeighbors(*nearest_rows(rows, min(len(rows) - 1, int(3 * perplexity))))
        affinities = PerplexityBasedNN(knn_index=near, perplexity=perplexity, **common)
    else:
        affinities = PerplexityBasedNN(rows, perplexity=perplexity, method="annoy", **common)
    embedding = openTSNE.TSNEEmbedding(
        rescale(rows[:, :2].astype(np.float64)), affinities, negative_gradient_method="auto",
        **common,
    )  # fmt: skip
    for first, n, exaggeration, momentum in (
        (0, EARLY, _EXAGGERATION, 0.5),
        (EARLY, rounds, 1.0, 0.8),
    ):
        embedding.optimize(
            n, exaggeration=exaggeration, momentum=momentum, inplace=True,
            callbacks=lambda i, _error, _points, first=first: tell(first + i),
            callbacks_every_iters=_EVERY,
        )  # fmt: skip
    return np.ascontiguousarray(embedding, dtype=np.float32)


def nearest_rows(rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest other rows of each and their distances, nearest first, both (n, k).

    Found exactly, block by block, so that a map does not depend on an index's chance.
    """
    n = len(rows)
    squares = np.vecdot(rows, rows)
    indices, distances = np.empty((n, k), np.int64), np.empty((n, k))
    for start in range(0, n, _BLOCK_ROWS):
        block = rows[start : start + _BLOCK_ROWS]
        away = squares[start : start + len(block), None] + squares - 2 * (block @ rows.T)
        away[np.arange(len(block)), np.arange(start, start + len(block))] = np.inf
        chosen = np.argpartition(away, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(away, chosen, axis=1)
        order = np.lexsort((chosen, found), axis=1)
        here = slice(start, start + len(block))
        indices[here] = np.take_along_axis(chosen, order, axis=1)
        distances[here] = np.sqrt(np.maximum(np.take_along_axis(found, order, axis=1), 0))
    return indices, distances


if __name__ == "__main__":
    main()
