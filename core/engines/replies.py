"""A child's words as typed replies: what is no reply to the request is refused here, whole.

A child may be of another version, broken, or another program altogether; nothing that it writes
may reach a caller in a form that the caller does not expect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from core.activations.histogram import Histogram
from core.engines.operations import (
    REPLIES,
    End,
    Gradients,
    Intervene,
    Opened,
    Peaks,
    Read,
    ReadTraining,
    Request,
    Statistics,
    Summaries,
    Take,
)
from core.frames import FrameError

_COUNTERS = frozenset(Histogram(np.zeros(2), np.zeros(1, np.int64)).counters())


def read_reply(request: Request, header: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Any:
    """The reply to a request. Raises FrameError or msgspec.ValidationError."""
    reply: Any = msgspec.convert(header, REPLIES[type(request)])
    if isinstance(reply, Opened):
        _check_opened(reply)
    if isinstance(request, Take | End | Intervene):
        _check_measured(request, arrays)
    elif isinstance(request, Read):
        _check_values(arrays, 1)
    elif isinstance(request, Statistics):
        _check_summaries(reply, arrays, len(request.values))
    elif isinstance(request, ReadTraining):
        _check_values(arrays, len(arrays))
    elif isinstance(request, Peaks):
        _check_values(arrays, len(reply.layers))
        if any(array.ndim != 1 for array in arrays):
            raise FrameError("peaks that are not one for each channel")
    elif isinstance(request, Gradients):
        if len(reply.n_arrays) != len(request.layers) or min(reply.n_arrays, default=0) < 0:
            raise FrameError("gradients of other layers than were asked for")
        if len(reply.norms) != len(request.norms):
            raise FrameError("norms of other gradients than were asked for")
        n_whole = len(request.wants) + len(request.reads)
        _check_values(arrays, n_whole + sum(reply.n_arrays))
    elif arrays:
        raise FrameError("arrays that nobody asked for")
    return reply


def _check_opened(opened: Opened) -> None:
    for layer in opened.layers:
        if len(layer.top_shapes) != len(layer.tops):
            raise FrameError(f"layer '{layer.name}' has other shapes than tops")
    shapes = [shape for layer in opened.layers for shape in layer.top_shapes]
    sizes = [size for shape in (*shapes, *opened.inputs.values()) for size in shape or ()]
    if any(size < 0 for size in sizes):
        raise FrameError("a net with a size below 0")


def _check_values(arrays: Sequence[np.ndarray], n_wanted: int) -> None:
    if len(arrays) != n_wanted:
        raise FrameError(f"{len(arrays)} arrays where {n_wanted} were asked for")
    for array in arrays:
        if array.dtype.kind != "f":
            raise FrameError(f"values of type {array.dtype}")


def _check_measured(request: Take | End | Intervene, arrays: Sequence[np.ndarray]) -> None:
    if len(arrays) != len(request.wants):
        raise FrameError(f"{len(arrays)} arrays where {len(request.wants)} were asked for")
    for want, array in zip(request.wants, arrays, strict=True):
        if not want.measure.may_give(array):
            raise FrameError(f"{array.shape} of type {array.dtype} for {type(want.measure)}")


def _check_summaries(reply: Summaries, arrays: Sequence[np.ndarray], n_values: int) -> None:
    if len(reply.summaries) != n_values or len(arrays) != 2 * n_values:
        raise FrameError(f"{len(arrays)} arrays for the summaries of {n_values} values")
    for edges, counts in zip(arrays[::2], arrays[1::2], strict=True):
        fits = edges.ndim == counts.ndim == 1 and len(edges) == len(counts) + 1
        if not fits or edges.dtype.kind != "f" or counts.dtype.kind not in "iu":
            raise FrameError("a histogram that is none")
    if any(set(summary.counters) != _COUNTERS for summary in reply.summaries):
        raise FrameError("a histogram without its counters")
