"""Receptive fields: by geometry alone, and as far as gradients of real passes bear them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.errors import NetError, RequestError
from core.jobs.look import LookRequest, inputs_of
from core.jobs.open import net_of
from core.jobs.way_back import changeable
from core.layers.receptive_field import BackTrace, FieldBox, FieldNumbers, PixelBox, ReceptiveField
from core.layers.shapes import NetShapes
from core.net.definition import AUTOMATIC_TOP, Net
from core.progress import Job, Progress
from core.surveys.feed import plan_feed, plan_whole_feed

SHARE = 0.95
"""Of the energy of a gradient, what the effective field holds."""
N_PASSES = 12
_BINS = 1000
"""Rings around the middle of a field in which the squared gradient is added up."""


@dataclass(frozen=True)
class FieldsRequest:
    """The fields of values, by geometry; values: () for every one of the net.

    picture: (height, width) that the net is fed with; None as its prototxt says.
    """

    net: NetToRun
    values: tuple[Value, ...] = ()
    picture: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class LayerField:
    """The receptive fields of one value.

    numbers: one for each input of pictures; () where it reads none. reason: why `field` is None.
    """

    value: Value
    label: str
    field: ReceptiveField | None
    numbers: tuple[FieldNumbers, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class FieldGradientsRequest:
    """Gradients of a value's places with respect to the picture.

    place: (y, x), None for `n_passes` random ones. channel: None for all, randomly weighted.
    """

    look: LookRequest
    value: Value
    place: tuple[int, ...] | None = None
    channel: int | None = None
    n_passes: int = N_PASSES


@dataclass(frozen=True)
class FieldGradients:
    """What gradients say of a field.

    outside: the greatest |gradient| outside the boxes as a share of the greatest at all; is_inside:
    whether it is 0. effective: (height, width) of the smallest box around the field's middle, of
    the field's proportions, with 95 % of the squared gradient, averaged over the places (Luo et
    al., 2016, weigh |gradient| in a like way). size: (height, width) of the field itself, padding
    included. n_places: how many had a gradient, of `n_passes`.
    """

    value: Value
    outside: float
    effective: tuple[float, float] | None
    size: tuple[int, int]
    n_places: int
    n_passes: int

    @property
    def is_inside(self) -> bool:
        """Whether no pixel outside the field moves the value."""
        return self.outside == 0


def receptive_fields(request: FieldsRequest) -> Job[tuple[LayerField, ...]]:
    """The fields of the values, in their order. Raises AppError."""
    net, shapes = net_of(request.net)
    values = request.values or tuple(
        Value(v.layer, v.blob)
        for v in net.versions
        if net.layers[v.layer_index].bottoms and v.blob != AUTOMATIC_TOP
    )
    if request.picture is not None:
        shapes = _shapes_for(net, shapes, request.picture)
    found, trace = [], BackTrace(net, shapes)
    for i, value in enumerate(values):
        yield Progress(i, len(values), "receptive fields")
        found.append(_layer_field(net, shapes, value, trace))
    return tuple(found)


def _shapes_for(net: Net, shapes: NetShapes, size: tuple[int, int]) -> NetShapes:
    feed = plan_whole_feed(net, shapes)
    feed.check_takes_pictures()
    declared = feed.needed[feed.picture]
    return feed.shapes_for((declared[1] if declared else 3, *size))


def _layer_field(
    net: Net, shapes: NetShapes, value: Value, trace: BackTrace | None = None
) -> LayerField:
    layer = net.layer(value.layer)
    index = layer.tops.index(value.top)
    label = net.written(layer)[index].label
    try:
        field = ReceptiveField(net, shapes, layer, index, trace)
        return LayerField(value, label, field, field.numbers)
    except NetError as error:
        return LayerField(value, label, None, reason=error.sentence)


def field_gradients(request: FieldGradientsRequest, host: EngineHost) -> Job[FieldGradients]:
    """Take the gradients, one pass a place. Raises AppError."""
    net, shapes = net_of(request.look.net)
    inputs = inputs_of(replace(request.look, wanted=(request.value,)))
    feed = plan_feed(net, shapes, (request.value,))
    blob = feed.picture
    if not blob:
        raise RequestError("This value reads no picture, so it has no field in one.")
    fed = inputs[blob]
    found = _layer_field(net, feed.shapes_for(fed.shape[1:]), request.value)
    field = found.field
    if field is None:
        raise RequestError(found.reason)
    source = Value(next(v.layer for v in net.versions if v.blob == blob), blob)
    total = _Total(tuple(fed.shape[2:]))
    places = list(_places(field, request))
    with host.opened(changeable(request.look.net)) as engine:
        for i, (place, diff) in enumerate(places):
            yield Progress(i, len(places), "gradients")
            boxes = field.at(place, request.channel)
            box = next((one for one in boxes if one.blob == blob), None)
            gradient = _gradient(engine, inputs, request.value, diff, source)
            total.add(gradient, box)
    yield Progress(len(places), len(places), "gradients")
    return total.finish(request.value, len(places))


def _places(
    field: ReceptiveField, request: FieldGradientsRequest
) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Places and what is differentiated at each: its channels, weighted at random."""
    chance = np.random.default_rng(0)
    shape = (1, *field.shape[1:])
    if len(shape) < 2:
        raise RequestError("This value is one number for all images: its field is all of them.")
    for _ in range(1 if request.place is not None else max(1, request.n_passes)):
        random = tuple(int(chance.integers(size)) for size in field.places)
        place = random if request.place is None else request.place
        field.at(place, request.channel)  # a place that isn't there is refused before any pass
        diff = np.zeros(shape, np.float32)
        weights = chance.standard_normal(field.n_channels).astype(np.float32)
        if request.channel is not None:
            weights = np.zeros(field.n_channels, np.float32)
            weights[request.channel] = 1
        diff.reshape(field.n_channels, -1)[:, _flat(place, field.places)] = weights
        yield place, diff


def _flat(place: Sequence[int], sizes: Sequence[int]) -> int:
    """Where a place is in reading order."""
    number = 0
    for at, size in zip(place, sizes, strict=True):
        number = number * size + at
    return number


def _gradient(
    engine: Engine,
    inputs: dict[str, np.ndarray],
    value: Value,
    diff: np.ndarray,
    source: Value,
) -> np.ndarray:
    """|gradient| of every pixel, (height, width), the channels added up."""
    found = engine.gradients(inputs, {value: diff}, (source,)).values[source]
    return np.asarray(np.abs(found[0].astype(np.float64)).sum(axis=0))


class _Total:
    """Gradients of several places, each moved so that the middles of their fields coincide."""

    def __init__(self, size: tuple[int, ...]) -> None:
        self._height, self._width = size
        self._profile = np.zeros(_BINS)
        self._outside = 0.0
        self._size = (0, 0)
        self._n_places = 0

    def add(self, gradient: np.ndarray, box: FieldBox | None) -> None:
        """Count the gradient (height, width) of one place."""
        greatest = float(gradient.max(initial=0.0))
        if not np.isfinite(greatest) or greatest == 0:
            return
        beyond = gradient.copy()
        if box is not None:
            inner = box.pixels
            beyond[inner.top : inner.bottom, inner.left : inner.right] = 0
        self._outside = max(self._outside, float(beyond.max(initial=0.0)) / greatest)
        if box is None:
            return
        outer = box.box
        self._size = (max(self._size[0], outer.height), max(self._size[1], outer.width))
        self._count(gradient / greatest, outer)
        self._n_places += 1

    def _count(self, gradient: np.ndarray, outer: PixelBox) -> None:
        """The squared gradient by how far out it lies, as a share of the field's half sides."""
        rows = np.abs(np.arange(self._height) + 0.5 - (outer.top + outer.bottom) / 2)
        columns = np.abs(np.arange(self._width) + 0.5 - (outer.left + outer.right) / 2)
        reach = np.maximum(rows[:, None] / (outer.height / 2), columns / (outer.width / 2))
        energy = gradient**2
        bins = np.minimum((reach * _BINS).astype(int), _BINS - 1)
        counted = np.bincount(bins.ravel(), weights=energy.ravel(), minlength=_BINS)
        self._profile += counted / energy.sum()

    def finish(self, value: Value, n_passes: int) -> FieldGradients:
        """The figures of all of them."""
        effective = None
        if self._n_places:
            held = np.cumsum(self._profile) / self._profile.sum()
            reach = (int(np.searchsorted(held, SHARE)) + 1) / _BINS
            effective = (reach * self._size[0], reach * self._size[1])
        return FieldGradients(value, self._outside, effective, self._size, self._n_places, n_passes)
