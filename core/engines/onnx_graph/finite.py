"""For libraries that hide NaN and infinity: no such weights are written, no such inputs are taken.

Their ReLU makes 0 of NaN, which Caffe lets pass: a net that has diverged would look as if it ran.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from core.engines.onnx_graph.layer_writer import LayerWriter, Write, Writers
from core.errors import EngineError


def finite_only(writers: Writers) -> Writers:
    """The same, but for layers with NaN or infinity among their learned arrays."""
    return {kind: partial(_write_finite, write) for kind, write in writers.items()}


def check_finite(arrays: Iterable[np.ndarray], library: str) -> None:
    """Raise EngineError for inputs that the library would hide something of."""
    if not all(map(is_finite, arrays)):
        raise EngineError(
            f"An input holds NaN or infinity, which {library} would hide.",
            hint="The engine torch runs it.",
        )


def is_finite(array: np.ndarray) -> bool:
    """Neither NaN nor infinite in any place."""
    with np.errstate(over="ignore", invalid="ignore"):
        is_surely = bool(np.isfinite(array.sum()))  # quicker; large values may add up to infinity
    return is_surely or bool(np.isfinite(array).all())


def _write_finite(write: Write, at: LayerWriter) -> None:
    is_plain = all(is_finite(at.array(index)) for index in range(at.n_arrays))
    at.need(when=is_plain, why="its learned arrays hold NaN or infinity, which it would hide")
    write(at)
