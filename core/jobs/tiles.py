"""Tiles: every channel of layers after one pass, drawn side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.activations.channels import ChannelOrder
from core.activations.spreads import ValueSpread
from core.activations.tiles import DrawnChannels, RangeScope, draw_channels
from core.engines.values import Value
from core.jobs.look import Looker, LookRequest
from core.progress import Job, Progress
from core.surveys.statistics import spread_of


@dataclass(frozen=True)
class TilesRequest:
    """A pass, and the values of it to draw so that they compare.

    order: of the channels. scope: one range of colours for all, whole or from the 1st to the
    99th percentile, or one for each channel.
    aspect: the wanted width over height of a picture.
    """

    look: LookRequest
    values: tuple[Value, ...]
    order: ChannelOrder = "index"
    scope: RangeScope = "layer"
    aspect: float = 1.6


def read_values(request: TilesRequest, looker: Looker) -> Job[tuple[np.ndarray, ...]]:
    """The values after the pass, not drawn yet, each with all its axes. Raises AppError."""
    yield Progress(0, 1, "forward pass")
    with looker.passed(request.look) as engine:
        return tuple(engine.read(value) for value in request.values)


def read_spreads(request: TilesRequest, looker: Looker) -> Job[tuple[ValueSpread, ...]]:
    """How the values after the pass spread, so that they compare with a folder's."""
    arrays = yield from read_values(request, looker)
    return tuple(spread_of(array) for array in arrays)


def tiles(request: TilesRequest, looker: Looker) -> Job[tuple[DrawnChannels, ...]]:
    """The values of the first image, drawn, in the order of the request. Raises AppError."""
    arrays = yield from read_values(request, looker)
    return draw_channels(arrays, order=request.order, scope=request.scope, aspect=request.aspect)
