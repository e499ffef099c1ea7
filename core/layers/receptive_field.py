"""The receptive field of a value: which pixels of each input can move it, from the net alone.

Every weight counts as one that is not 0 and every value as one that moves, so a field holds what a
forward pass with any weights may need. Between the taps of a dilated window nothing is read: a box
is the smallest one around what is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from core.errors import NetError, PrototxtError
from core.layers.layer_type import Shape, ShapeRefused
from core.layers.reach import Piece, Reach, Reading, gathered
from core.layers.registry import layer_type
from core.layers.shapes import NetShapes
from core.layers.spans import Span, one_place, whole_span
from core.net.definition import BlobVersion, Layer, Net

_NO_PICTURES = ("DummyData", "Parameter")
_FIRST_PLACE_AXIS = 2
_LONGEST_AXIS = 1 << 26
_MOST_PERIODS = 32


@dataclass(frozen=True)
class PixelBox:
    """Left, top, right and bottom in pixels of an input; right and bottom are the first outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top


@dataclass(frozen=True)
class AxisReach:
    """What is read along one axis of places of an input.

    low, high: first and last place, padding included; first, last: those that exist and are read.
    size: places of the input's axis.
    """

    low: int
    high: int
    first: int
    last: int
    size: int

    @property
    def n_padding(self) -> int:
        """How many of the places from `low` to `high` lie before or after the input."""
        return max(0, -self.low) + max(0, self.high + 1 - self.size)


@dataclass(frozen=True)
class FieldBox:
    """The part of one input that can move a value.

    axes: for each axis of places of the input blob, its third axis and on: (y, x) of a picture.
    bounds: why less than this may move it; empty where every edge of the box is reached.
    reads_other_images: whether images of the batch other than its own move it too.
    """

    blob: str
    axes: tuple[AxisReach, ...]
    bounds: tuple[str, ...] = ()
    reads_other_images: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether there is a pixel that moves the value at each edge of `pixels`."""
        return not self.bounds

    @property
    def is_flat(self) -> bool:
        """Whether the input has rows and columns and no other places."""
        return len(self.axes) == 2

    @property
    def box(self) -> PixelBox:
        """Rows and columns as the net counts them: what lies in the padding is in it."""
        rows, columns = self.axes[-2:]
        return PixelBox(columns.low, rows.low, columns.high + 1, rows.high + 1)

    @property
    def pixels(self) -> PixelBox:
        """The part of the input that exists and is read."""
        rows, columns = self.axes[-2:]
        return PixelBox(columns.first, rows.first, columns.last + 1, rows.last + 1)


@dataclass(frozen=True)
class FieldNumbers:
    """A layer's receptive fields in numbers, one for each axis of places of one input.

    size: places, padding included, of a value in the middle, the most where neighbours differ;
    least_size: the least there. stride: places of the input from a value to its neighbour, None
    where all values read the same. offset: the place of the input at the middle of the field of
    value 0. bounds, reads_other_images: as in FieldBox.
    """

    blob: str
    size: tuple[int, ...]
    least_size: tuple[int, ...]
    stride: tuple[Fraction | None, ...]
    offset: tuple[float, ...]
    bounds: tuple[str, ...] = ()
    reads_other_images: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether the fields are no mere bounds."""
        return not self.bounds


class BackTrace:
    """Follows values of a net back to where they come from; what a layer reads is asked once."""

    def __init__(self, net: Net, shapes: NetShapes) -> None:
        self._net, self._shapes = net, shapes
        self._rules: dict[int, Sequence[Reach]] = {}

    def sources(self, number: int, start: Piece) -> dict[int, tuple[Piece, ...]]:
        """The values that layers without bottoms gave, by the number of their version.

        start: values of version `number` of the net. Raises NetError for a size that isn't known.
        """
        regions: dict[int, tuple[Piece, ...]] = {number: (start,)}
        for at in range(number, -1, -1):
            layer = self._net.layers[self._net.versions[at].layer_index]
            if at in regions and layer.bottoms:
                self._step_back(layer, at, regions.pop(at), regions)
        return dict(sorted(regions.items()))

    def _step_back(
        self,
        layer: Layer,
        number: int,
        pieces: Sequence[Piece],
        regions: dict[int, tuple[Piece, ...]],
    ) -> None:
        bottoms = self._shapes.of(layer).bottoms
        read = self._net.bottom_versions[layer.index]
        top = self._shapes.of(layer).tops[self._net.versions[number].top_index] or ()
        found: dict[int, list[Piece]] = defaultdict(list)
        for reach in self._rules_of(layer, number):
            source, bottom = read[reach.bottom], bottoms[reach.bottom] or ()
            if source is None:
                continue
            back = [reach.back(piece, top, bottom) for piece in pieces]
            found[source] += [piece for piece in back if piece is not None]
        for source, more in found.items():
            if more:
                regions[source] = gathered((*regions.get(source, ()), *more))

    def _rules_of(self, layer: Layer, number: int) -> Sequence[Reach]:
        if number not in self._rules:
            self._rules[number] = self._ask(layer, self._net.versions[number].top_index)
        return self._rules[number]

    def _ask(self, layer: Layer, top_index: int) -> Sequence[Reach]:
        row = self._shapes.of(layer)
        bottoms = tuple(shape for shape in row.bottoms if shape is not None)
        longest = max((max(shape, default=0) for shape in bottoms), default=0)
        if len(bottoms) < len(row.bottoms) or longest > _LONGEST_AXIS:
            raise NetError(f"What '{layer.name}' reads is too large or of no known size.")
        writers = tuple(
            None if version is None else self._net.layers[version.layer_index]
            for version in self._net.read(layer)
        )
        phase = layer.phase_in(self._net.state)
        reading = Reading(layer, bottoms, row.tops, top_index, phase, writers)
        try:
            return layer_type(layer.type).reach(reading)
        except (ShapeRefused, PrototxtError) as error:
            raise NetError(f"What '{layer.name}' reads can't be told: {error}") from error


class ReceptiveField:
    """The receptive fields of all values of one top; fields once asked for are kept.

    Raises NetError for a layer that isn't there or a top whose size the prototxt doesn't tell.
    """

    def __init__(
        self,
        net: Net,
        shapes: NetShapes,
        layer: str | Layer,
        top_index: int = 0,
        trace: BackTrace | None = None,
    ) -> None:
        """trace: of this net and these shapes, where other layers have been asked about too."""
        self._net = net
        self._trace = trace or BackTrace(net, shapes)
        self.layer = layer if isinstance(layer, Layer) else net.layer(layer)
        self.shape = _known_shape(self.layer, shapes.of(self.layer).tops, top_index)
        self._version = net.versions.index(net.written(self.layer)[top_index])
        self._found: dict[tuple[int | None, ...], tuple[FieldBox, ...]] = {}

    @property
    def n_channels(self) -> int:
        """Values along axis 1; 1 for a blob without it."""
        return self.shape[1] if len(self.shape) > 1 else 1

    @property
    def places(self) -> Shape:
        """Sizes of the axes of places: (height, width) of a map, () of a vector."""
        return self.shape[_FIRST_PLACE_AXIS:]

    def at(self, place: Sequence[int], channel: int | None = None) -> tuple[FieldBox, ...]:
        """The field of a value in each input it reads; empty where it reads padding alone.

        place: one number for each axis of places; channel: None for any of them.
        Raises NetError for a place or a channel that the blob hasn't.
        """
        self._check(place, channel)
        key = (channel, *place)
        if key not in self._found:
            start = self._start(place, channel)
            self._found[key] = tuple(_field_box(v.blob, one) for v, one in self._sources(start))
        return self._found[key]

    def box(self, y: int, x: int, channel: int | None = None) -> FieldBox | None:
        """The field of a place of a map in the first input of pictures; None for padding alone."""
        return next((found for found in self.at((y, x), channel) if found.is_flat), None)

    @cached_property
    def numbers(self) -> tuple[FieldNumbers, ...]:
        """Size, stride and offset in each input, of all channels together."""
        if 0 in self.shape:
            return ()
        middle = tuple(size // 2 for size in self.places)
        traced = self._sources(self._start(middle, None))
        period = max(
            (span.step.denominator for _, piece in traced for span in piece.spans if span.step),
            default=1,
        )
        near = [self._near(middle, i) for i in range(min(period, _MOST_PERIODS))]
        return tuple(self._numbers(v, piece, middle, near) for v, piece in traced)

    def _near(self, middle: Sequence[int], i: int) -> tuple[int, ...]:
        """The place i further on each axis, turning back where the map ends."""
        pairs = zip(middle, self.places, strict=True)
        return tuple(place + i if place + i < size else max(place - i, 0) for place, size in pairs)

    def _numbers(
        self,
        version: BlobVersion,
        piece: Piece,
        middle: Sequence[int],
        near: Sequence[tuple[int, ...]],
    ) -> FieldNumbers:
        spans = piece.spans[_FIRST_PLACE_AXIS:]
        fields = [found for p in near for found in self.at(p) if found.blob == version.blob]
        lengths = [[axis.high - axis.low + 1 for axis in found.axes] for found in fields]
        found = _field_box(version.blob, piece)
        return FieldNumbers(
            version.blob,
            tuple(max(sizes) for sizes in zip(*lengths, strict=True)),
            tuple(min(sizes) for sizes in zip(*lengths, strict=True)),
            tuple(span.step for span in spans),
            tuple(_offset(span, middle) for span in spans),
            found.bounds,
            found.reads_other_images,
        )

    def _check(self, place: Sequence[int], channel: int | None) -> None:
        shown = f"'{self.layer.name}'"
        if len(place) != len(self.places):
            axes = "no places" if not self.places else f"places of {len(self.places)} numbers"
            raise NetError(f"{shown} has {axes}, so ({_listed(place)}) is none of them.")
        if any(not 0 <= at < size for at, size in zip(place, self.places, strict=True)):
            raise NetError(f"({_listed(place)}) is beyond the {_listed(self.places)} of {shown}.")
        if channel is not None and not 0 <= channel < self.n_channels:
            raise NetError(f"{shown} has {self.n_channels} channels; {channel} is none of them.")

    def _start(self, place: Sequence[int], channel: int | None) -> Piece:
        fixed = (0, channel, *place)
        spans = []
        for axis, size in enumerate(self.shape):
            at = fixed[axis]
            spans.append(whole_span(size) if at is None else one_place(size, at, axis))
        return Piece(tuple(spans))

    def _sources(self, start: Piece) -> list[tuple[BlobVersion, Piece]]:
        """What is read of each input that holds places, in the net's order."""
        found = []
        for number, pieces in self._trace.sources(self._version, start).items():
            version = self._net.versions[number]
            type_ = self._net.layers[version.layer_index].type
            if type_ not in _NO_PICTURES and len(pieces[0].spans) > _FIRST_PLACE_AXIS:
                found.append((version, _hull_of(pieces)))
        return found


def _known_shape(layer: Layer, tops: Sequence[Shape | None], top_index: int) -> Shape:
    if not 0 <= top_index < len(tops):
        raise NetError(f"'{layer.name}' has no top number {top_index}.")
    shape = tops[top_index]
    if shape is None:
        raise NetError(
            f"The size of what '{layer.name}' writes isn't known from the prototxt.",
            hint="A receptive field needs the size of every layer on the way to the input.",
        )
    if max(shape, default=0) > _LONGEST_AXIS:
        raise NetError(f"What '{layer.name}' writes is too large to follow.")
    return shape


def _hull_of(pieces: Sequence[Piece]) -> Piece:
    around = pieces[0]
    for piece in pieces[1:]:
        around = around.joined(piece)
    return around


def _field_box(blob: str, piece: Piece) -> FieldBox:
    axes = tuple(
        AxisReach(span.low, span.high, span.first, span.last, len(span.mask))
        for span in piece.spans[_FIRST_PLACE_AXIS:]
    )
    return FieldBox(blob, axes, piece.bounds, bool(piece.spans[0].mask.sum() > 1))


def _offset(span: Span, middle: Sequence[int]) -> float:
    """The middle of the field of value 0, by the even steps from the one in the middle."""
    centre = (span.low + span.high) / 2
    axis = span.origin
    if axis is None or span.step is None or axis < _FIRST_PLACE_AXIS:
        return centre
    return float(centre - middle[axis - _FIRST_PLACE_AXIS] * span.step)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
