"""Weights: what each layer has learned, filter by filter, read from the file; nothing is run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.activations.histogram import Histogram, histogram
from core.errors import AppError, WeightsError
from core.filters.arrays import FilterArray, LayerFilters, filters_of
from core.filters.figures import FilterFigures, chunks_of, figures_of
from core.filters.source import WeightsSource
from core.filters.twins import Twins, are_twins_cheap, find_twins
from core.jobs.compare_weights import LayerChange
from core.jobs.open import OpenRequest, open_model
from core.net.definition import NetState
from core.progress import Job, Progress, with_steps
from core.weights.reader import open_weights
from core.words import plural, plural_with, share_text

BINS = 60
_OTHER_ROWS = ("Deconvolution", "BatchNorm", "Scale")
"""Types whose filters, or what is shown of them, are not the rows of the file's first array."""
TWIN_COSINE = 0.9


@dataclass(frozen=True)
class WeightsRequest:
    """A weights file with its net, and the layers to read; () for all of them.

    twins: the least |cosine| of a pair, None for none; `cheap_twins_only` leaves them out of large
    layers, where they take many seconds.
    """

    source: WeightsSource
    layers: tuple[str, ...] = ()
    twins: float | None = None
    cheap_twins_only: bool = False


@dataclass(frozen=True, eq=False)
class ReadArray:
    """One array of a layer with its figures; twins: None where they were not asked for."""

    array: FilterArray
    figures: FilterFigures
    histogram: Histogram
    twins: Twins | None = None

    @property
    def dead_words(self) -> str:
        """ "2 dead filters: norm under 1 % of the largest", "" for none."""
        n = len(self.figures.dead)
        if not n or self.array.is_vector:
            return ""
        return f"{plural(n, 'dead filter')}: norm under 1 % of the largest"

    @property
    def trouble_words(self) -> str:
        """ "3 weights are NaN or infinite", "" for none."""
        n = self.figures.n_not_finite
        return plural_with(n, "weight", "is NaN or infinite", "are NaN or infinite") if n else ""

    @property
    def zero_words(self) -> str:
        """The share of exact zeros: "0", "12.5 %"."""
        return share_text(int(self.figures.n_zeros.sum()), self.figures.n_values)


@dataclass(frozen=True, eq=False)
class ReadLayer:
    """What one layer has learned; arrays is () where `problem` says why nothing can be read."""

    layer: str
    type: str
    filters: LayerFilters | None
    arrays: tuple[ReadArray, ...] = ()
    problem: str = ""


def open_source(weights: Path, net: Path | None, state: NetState) -> WeightsSource:
    """A weights file, with the net where there is one. Raises AppError."""
    if net is None:
        return WeightsSource(open_weights(weights))
    opened = open_model(OpenRequest(net, weights, state))
    return WeightsSource(opened.weights or open_weights(weights), opened.net, opened.shapes)


def open_other(path: Path, source: WeightsSource) -> WeightsSource:
    """Another weights file for the same net. Raises WeightsError."""
    return WeightsSource(open_weights(path), source.net, source.shapes)


def weights(request: WeightsRequest) -> Job[tuple[ReadLayer, ...]]:
    """Read layers one by one, a few MiB of each at a time.

    A layer of several whose arrays do not fit says so in its place; where one is asked for, and
    the file has nothing of it, that is a WeightsError. Raises NetError for an unknown layer.
    """
    names = request.layers or request.source.layer_names
    read = []
    for done, name in enumerate(names):
        yield Progress(done, len(names), "layers")
        try:
            read.append((yield from _read(request, name)))
        except AppError as error:
            if len(names) == 1:
                raise
            type_name = request.source.type_of(name)
            read.append(ReadLayer(name, type_name, None, problem=error.sentence))
    return tuple(read)


def nearest_with_weights(source: WeightsSource, layer: str) -> str:
    """The layer whose arrays act on what `layer` gives: the nearest before it, else after it."""
    net = source.net
    if net is None or not net.has_layer(layer):
        return ""
    having = [net.layer(name).index for name in source.layer_names]
    at = net.layer(layer).index
    before = [index for index in having if index <= at]
    after = [index for index in having if index > at]
    chosen = before[-1:] or after[:1]
    return net.layers[chosen[0]].name if chosen else ""


def of_chain(source: WeightsSource, layer: str) -> str:
    """The layer with weights whose value this one, without any, changes in place; "" for none."""
    net = source.net
    if net is None or not net.has_layer(layer):
        return ""
    having = set(source.layer_names)
    at = net.layer(layer)
    while at.name not in having:
        read = net.read(at)
        if not at.is_in_place or not read or read[0] is None:
            return ""
        at = net.layer(read[0].layer)
    return at.name


def _read(request: WeightsRequest, name: str) -> Job[ReadLayer]:
    found = filters_of(request.source, name)
    if found is None:
        kind = request.source.type_of(name)
        raise WeightsError(f"Layer '{name}' ({kind}) has no weights in this file.")
    arrays = []
    for array in found.arrays:
        of_layer = partial(_of_layer, name)
        arrays.append((yield from with_steps(_read_array(request, array), of_layer)))
    return ReadLayer(name, found.type, found, tuple(arrays))


def reads_picture(source: WeightsSource, layer: str) -> bool:
    """Whether a layer reads what the net is fed with; its planes are those of a picture then."""
    net = source.net
    if net is None or not net.has_layer(layer):
        return True
    read = net.read(layer)
    first = read[0] if read else None
    return first is not None and not net.layer(first.layer).bottoms


def changes_of(read: ReadLayer, change: LayerChange | None) -> dict[int, float] | None:
    """How far each filter moved, by number; None where rows of the file are no filters."""
    first = change.arrays[0] if change is not None and change.arrays else None
    if first is None or first.change is None or read.type in _OTHER_ROWS:
        return None
    if first.shapes[0][:1] != (read.arrays[0].array.n_filters,):
        return None
    return dict(first.filters)


def _of_layer(name: str, step: Progress) -> Progress:
    return Progress(step.done, step.total, f"{step.what} of {name}")


def _read_array(request: WeightsRequest, array: FilterArray) -> Job[ReadArray]:
    figures = yield from figures_of(array)
    counted = yield from _count(array, figures)
    twins = None
    wants = request.twins is not None and not array.is_vector
    if wants and (are_twins_cheap(array) or not request.cheap_twins_only):
        twins = yield from find_twins(array, figures, request.twins or 0.0)
    return ReadArray(array, figures, counted, twins)


def _count(array: FilterArray, figures: FilterFigures) -> Job[Histogram]:
    """The histogram over all filters; zeros stand apart."""
    least = np.nanmin(figures.least) if np.isfinite(figures.least).any() else 0.0
    most = np.nanmax(figures.most) if np.isfinite(figures.most).any() else 1.0
    total: Histogram | None = None
    for start, rows in chunks_of(array):
        yield Progress(start, array.n_filters, "filters")
        (one,) = histogram((rows,), BINS, (float(least), float(most)))
        total = one if total is None else _sum(total, one)
    return total or histogram((np.zeros(0, np.float32),), BINS)[0]


def _sum(one: Histogram, other: Histogram) -> Histogram:
    counters = {name: n + other.counters()[name] for name, n in one.counters().items()}
    return Histogram(one.edges, one.counts + other.counts, **counters)
