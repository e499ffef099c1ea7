"""Shapes, parameters and cost of every layer, from the prototxt alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from core.errors import PrototxtError
from core.layers.axes import check_sizes, show_shape
from core.layers.layer_type import Geometry, LayerType, Shape, ShapeRefused
from core.layers.registry import layer_type, near_types
from core.net.definition import Layer, Net, Problem
from core.net.message import LeftOpenError, Message
from core.net.schema import caffe_schema

BYTES_PER_VALUE = 4


@dataclass(frozen=True)
class Cost:
    """The work and memory of one layer for one forward pass over its batch.

    macs: multiply-accumulates; operations: everything else, counted in `operation_name`.
    memory_bytes: float32 storage of its tops that no other layer owns; 0 when in place.
    """

    macs: int = 0
    operations: int = 0
    operation_name: str = ""
    memory_bytes: int = 0


@dataclass(frozen=True)
class LayerShapes:
    """What one layer reads, writes and owns.

    tops: right after the layer; parameters: as Caffe allocates them. owners: for each parameter
    the layer that holds it, another one where it is shared by name.
    is_complete: the parameters are known; False for unknown types and unknown inputs.
    """

    layer: Layer
    bottoms: tuple[Shape | None, ...]
    tops: tuple[Shape | None, ...]
    parameters: tuple[Shape, ...] = ()
    owners: tuple[tuple[str, int], ...] = ()
    cost: Cost = Cost()
    is_complete: bool = True

    @property
    def n_parameters(self) -> int:
        """Values in all its parameters, shared ones included."""
        return sum(math.prod(shape) for shape in self.parameters)

    @property
    def owned_parameters(self) -> tuple[Shape, ...]:
        """Shapes of the parameters no earlier layer holds."""
        mine = self.layer.name
        return tuple(
            shape
            for i, shape in enumerate(self.parameters)
            if not self.owners or self.owners[i] == (mine, i)
        )


@dataclass(frozen=True)
class NetShapes:
    """Shapes of a whole net; layers are asked for by name or as they are."""

    layers: tuple[LayerShapes, ...]
    problems: tuple[Problem, ...] = ()
    assumptions: tuple[str, ...] = ()

    def of(self, layer: str | Layer) -> LayerShapes:
        """Everything inferred for one layer; empty for a layer that is not in the net."""
        if isinstance(layer, Layer):
            return self.layers[layer.index]
        return self._by_name.get(layer) or _absent(layer)

    def top(self, layer: str | Layer, top_index: int = 0) -> Shape | None:
        """The shape right after that layer, None when unknown."""
        tops = self.of(layer).tops
        return tops[top_index] if 0 <= top_index < len(tops) else None

    def bottoms(self, layer: str | Layer) -> tuple[Shape | None, ...]:
        """The shapes a layer reads."""
        return self.of(layer).bottoms

    def parameters(self, layer: str | Layer) -> tuple[Shape, ...]:
        """The shapes of a layer's parameters, as Caffe allocates them."""
        return self.of(layer).parameters

    def n_parameters(self, layer: str | Layer) -> int:
        """Values in a layer's parameters, shared ones included."""
        return self.of(layer).n_parameters

    def cost(self, layer: str | Layer) -> Cost:
        """The work and memory of a layer."""
        return self.of(layer).cost

    @cached_property
    def total_parameters(self) -> int:
        """Values in all parameters, shared ones counted once."""
        return sum(math.prod(p) for layer in self.layers for p in layer.owned_parameters)

    @cached_property
    def total_cost(self) -> Cost:
        """The sums over all layers; operations of different names are added up."""
        costs = [layer.cost for layer in self.layers]
        return Cost(
            sum(cost.macs for cost in costs),
            sum(cost.operations for cost in costs),
            "operations",
            sum(cost.memory_bytes for cost in costs),
        )

    @cached_property
    def n_unknown(self) -> int:
        """Layers with a top of unknown shape."""
        return sum(None in layer.tops for layer in self.layers)

    @cached_property
    def _by_name(self) -> dict[str, LayerShapes]:
        return {row.layer.name: row for row in self.layers}


def infer_shapes(net: Net, input_shapes: Mapping[str, Shape] | None = None) -> NetShapes:
    """Follow the shapes through the net.

    input_shapes: shapes for input blobs that replace what the prototxt says, as after a reshape.
    Never raises: an unknown shape is None, what Caffe would refuse is in `problems`.
    """
    walk = _Walk(dict(input_shapes or {}))
    for layer in net.layers:
        walk.add(layer)
    return NetShapes(tuple(walk.layers), tuple(walk.problems), tuple(walk.assumptions))


@dataclass
class _Walk:
    input_shapes: dict[str, Shape]
    layers: list[LayerShapes] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    current: dict[str, Shape | None] = field(default_factory=dict)
    owners: dict[str, tuple[str, int, Shape]] = field(default_factory=dict)

    def add(self, layer: Layer) -> None:
        bottoms = tuple(self.current.get(blob) for blob in layer.bottoms)
        known = layer_type(layer.type)
        geometry = self._infer(layer, known, bottoms)
        tops = self._tops(layer, geometry)
        self.current.update(zip(layer.tops, tops, strict=True))
        self.layers.append(
            LayerShapes(
                layer,
                bottoms,
                tops,
                geometry.parameters if geometry else (),
                self._share(layer, geometry.parameters) if geometry else (),
                _cost(layer, known, geometry, tops),
                is_complete=geometry is not None,
            )
        )

    def _infer(
        self, layer: Layer, known: LayerType, bottoms: Sequence[Shape | None]
    ) -> Geometry | None:
        n_tops = sum(1 for span in layer.top_spans if span) if layer.span else len(layer.tops)
        for count, arity, word in (
            (len(bottoms), known.bottoms, "bottom"),
            (n_tops, known.tops, "top"),
        ):
            if not arity.allows(count):
                self._refuse(layer, f" has {count} {word}{'s' * (count != 1)} but takes {arity}.")
                return None
        for name, count in (("loss_weight", n_tops), ("propagate_down", len(bottoms))):
            n_given = len(layer.message.scalars(name))
            if n_given not in (0, count):
                self._refuse(layer, f" has {n_given} {name} where {count} or none are wanted.")
                return None
        if known.refuses_in_place and layer.is_in_place:
            self._refuse(layer, " can't run in place: give it a top of its own.")
            return None
        for near in _meant_types(layer):
            self._refuse(layer, f" has an unknown type. Is {near} meant?")
        shapes = [shape for shape in bottoms if shape is not None]
        if known.infer is None or len(shapes) < len(bottoms):
            return None
        try:
            geometry = known.infer(layer, shapes)
            check_sizes((*geometry.tops, *geometry.parameters))
            _check_param_count(layer, len(geometry.parameters))
        except ShapeRefused as refused:
            self._refuse(layer, f": {refused}")
            return None
        except LeftOpenError:
            return None  # the field itself is among the net's problems
        except PrototxtError as error:
            self._refuse(layer, f": {error.sentence}")
            return None
        if geometry.assumption:
            self.assumptions.append(geometry.assumption)
        return geometry

    def _tops(self, layer: Layer, geometry: Geometry | None) -> tuple[Shape | None, ...]:
        inferred = geometry.tops if geometry else ()
        padded = (*inferred, *(None,) * len(layer.tops))[: len(layer.tops)]
        if layer.bottoms:
            return padded
        tops = tuple(
            self.input_shapes.get(blob, shape)
            for blob, shape in zip(layer.tops, padded, strict=True)
        )
        for blob, shape in zip(layer.tops, tops, strict=True):
            if shape is not None and 0 in shape:
                self._refuse(layer, f" gives '{blob}' no values: {show_shape(shape)}.")
        return tops

    def _share(self, layer: Layer, parameters: Sequence[Shape]) -> tuple[tuple[str, int], ...]:
        """Who holds each parameter: the first layer that used its sharing name."""
        owners = []
        for i, shape in enumerate(parameters):
            name = layer.parameter_names[i] if i < len(layer.parameter_names) else ""
            owner, index, owned = self.owners.get(name, (layer.name, i, shape))
            if name:
                self.owners.setdefault(name, (layer.name, i, shape))
                self._check_shared(layer, i, name, owner, owned, shape)
            owners.append((owner, index))
        return tuple(owners)

    def _check_shared(
        self, layer: Layer, index: int, name: str, owner: str, owned: Shape, shape: Shape
    ) -> None:
        params = layer.message.messages("param")
        mode = params[index].word("share_mode") if index < len(params) else ""
        is_permissive = mode in ("PERMISSIVE", "1")
        fits = math.prod(owned) == math.prod(shape) if is_permissive else owned == shape
        if not fits:
            shown = f"{show_shape(shape)} is not {show_shape(owned)}"
            self._refuse(layer, f" can't share '{name}' of '{owner}': {shown}.")

    def _refuse(self, layer: Layer, predicate: str) -> None:
        sentence = f"Layer '{layer.name}' ({layer.type}){predicate}"
        self.problems.append(Problem(sentence, layer.name, layer.line))


def _meant_types(layer: Layer) -> tuple[str, ...]:
    """Types that this one may be a slip for: not V1's words, nor where a fork's fields stand."""
    written = layer.message.scalars("type")
    known = caffe_schema().messages["LayerParameter"]
    is_forks = any(field.name not in known for field in layer.message.fields)
    is_word = bool(written) and written[-1].kind != "string"
    return () if is_forks or is_word else near_types(layer.type)


def _check_param_count(layer: Layer, n_parameters: int) -> None:
    n_given = len(layer.message.messages("param"))
    if n_given > n_parameters:
        raise ShapeRefused(f"It is given {n_given} param but has {n_parameters} parameters.")


def _cost(
    layer: Layer, known: LayerType, geometry: Geometry | None, tops: Sequence[Shape | None]
) -> Cost:
    borrowed = {*layer.in_place_tops(), *(geometry.views if geometry else ())}
    values = sum(
        math.prod(top) for i, top in enumerate(tops) if top is not None and i not in borrowed
    )
    memory = 0 if known.shares_storage else BYTES_PER_VALUE * values
    if geometry is None:
        return Cost(memory_bytes=memory)
    return Cost(geometry.macs, geometry.operations, geometry.operation_name, memory)


def _absent(name: str) -> LayerShapes:
    layer = Layer(name, "", (), (), (), (), None, None, Message())
    return LayerShapes(layer, (), ())
