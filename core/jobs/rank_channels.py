"""Which channels of a layer matter most: the class score without each of them in turn."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from core.engines.changes import Change, Writing
from core.engines.engine import Engine
from core.engines.values import Value
from core.errors import RequestError
from core.jobs.classes import are_classes, names_of_classes, scored_value
from core.jobs.intervene import score_reader
from core.jobs.look import Looker, LookRequest
from core.jobs.open import net_of
from core.jobs.way_back import changeable, no_changes
from core.layers.shapes import NetShapes
from core.measures.measure import KEEP
from core.net.definition import Net
from core.progress import Job, Progress
from core.surveys.feed import plan_feed

_BATCH, _MOST_VALUES = 32, 64_000_000


@dataclass(frozen=True)
class RankChannelsRequest:
    """A pass, a value of it, and the class whose score is watched: None for the best one."""

    look: LookRequest
    value: Value
    class_number: int | None = None


@dataclass(frozen=True, eq=False)
class ChannelRanking:
    """What switching off each channel does to a class score.

    before: the score untouched; changes: (n_channels,) float64, after minus before; order: channels
    whose loss costs the score most first. is_probability: of classes, it is. note: which engine
    stands in.
    """

    value: Value
    class_number: int
    class_name: str
    before: float
    changes: np.ndarray
    is_probability: bool
    seconds: float
    note: str = ""

    @property
    def order(self) -> np.ndarray:
        """Channel numbers, the greatest fall first."""
        ranked: np.ndarray = np.argsort(self.changes, kind="stable")
        return ranked


def rank_channels(request: RankChannelsRequest, looker: Looker) -> Job[ChannelRanking]:
    """Switch each channel off by itself, many in one pass where images keep apart.

    Raises AppError, RequestError for a value without channels or a net without class scores.
    """
    look = replace(request.look, net=changeable(request.look.net))
    net, shapes = net_of(look.net)
    start = time.perf_counter()
    with looker.passed(look) as engine:
        scored = scored_value(net, engine)
        if scored is None:
            raise RequestError("This net gives no class scores to rank channels by.")
        value = engine.read(request.value)
        n_channels = value.shape[1] if value.ndim > 1 else 0
        if n_channels < 1 or len(value) != 1:
            raise RequestError(f"'{request.value.layer}' has no channels of one image to rank.")
        read = score_reader(net, request.look.net, scored)
        scores = read(engine.read(scored))[0]
        number = int(np.argmax(scores)) if request.class_number is None else request.class_number
        if not 0 <= number < len(scores):
            raise RequestError(f"There is no class {number}; the net knows {len(scores)}.")
        batch = _batch(net, shapes, engine, request.value, scored)
        changes = np.zeros(n_channels)
        for first in range(0, n_channels, batch):
            yield Progress(first, n_channels, "channels switched off")
            channels = range(first, min(first + batch, n_channels))
            writings = [
                Writing(Change(request.value, "put", (channel,), 0.0, row))
                for row, channel in enumerate(channels)
            ]
            _, found = engine.intervene(writings, {scored: (KEEP,)}, copies=len(channels))
            after = read(found[scored, KEEP])[:, number]
            changes[first : first + len(channels)] = after - scores[number]
        yield Progress(n_channels, n_channels, "channels switched off")
    names = names_of_classes(request.look.net, scored, len(scores))
    return ChannelRanking(
        request.value,
        number,
        names[number] if names else f"class {number}",
        float(scores[number]),
        changes,
        are_classes(net, request.look.net, scored, len(scores)),
        time.perf_counter() - start,
        no_changes(request.look.net) if look.net != request.look.net else "",
    )


def _batch(net: Net, shapes: NetShapes, engine: Engine, value: Value, scored: Value) -> int:
    """How many images share a pass: one where their rows may mix, and no more than fit."""
    if plan_feed(net, shapes, (scored,)).mixing is not None:
        return 1
    layers = engine.needed_layers([scored])
    first = next((i for i, layer in enumerate(layers) if layer.name == value.layer), None)
    if first is None:
        raise RequestError(f"The class scores do not depend on '{value.layer}'.")
    sizes = [shape for layer in layers[first:] for shape in layer.top_shapes if shape]
    n_values = sum(int(np.prod(shape)) // max(1, shape[0]) for shape in sizes)
    return int(max(1, min(_BATCH, _MOST_VALUES // max(1, n_values))))


def expected_seconds(seconds_of_one: float, n_channels: int) -> float:
    """How long ranking takes at most, by how long one pass with an intervention took."""
    return seconds_of_one * n_channels
