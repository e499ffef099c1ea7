"""Which of the layers and blobs that Caffe built are which of ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.engines.caffe.text import is_stood_in
from core.engines.wiring import Step, Wiring
from core.errors import EngineError
from core.layers.layer_type import Shape
from core.net.definition import Layer

BEFORE_ALL = -1
"""The position of a value that is there before any layer has run."""
_INSERTED = frozenset({"Split", "Input"})
"""Types that Caffe adds by itself: copies for several readers, and the layer of `input:` fields."""


@dataclass(frozen=True)
class Place:
    """Where Caffe holds a value: right after layer `position`, in blob number `blob`."""

    position: int
    blob: int


@dataclass(frozen=True)
class Numbering:
    """By our layer index Caffe's; by slot the place; `inserted`: Caffe's layers that we hide."""

    layers: Mapping[int, int]
    places: Mapping[int, Place]
    inputs: Mapping[str, int]
    inserted: tuple[int, ...]
    blob_shapes: tuple[Shape, ...]
    parameters: Mapping[int, tuple[Shape, ...]]

    def shape(self, slot: int) -> Shape | None:
        """The shape a value was built with."""
        place = self.places.get(slot)
        return None if place is None else self.blob_shapes[place.blob]


def number_layers(wiring: Wiring, built: Mapping[str, Any], kept: Collection[int]) -> Numbering:
    """Walk both lists side by side; EngineError where Caffe built other layers than the text says.

    Names alone would not do: the file may repeat them. kept: indices of the layers
    that Caffe was given.
    """
    expected = [step.layer for step in wiring.steps if step.layer.index in kept]
    layers, inserted = _matched(expected, built["layers"])
    names = [str(name) for name, _ in built["blobs"]]
    by_name = {name: number for number, name in enumerate(names)}
    places: dict[int, Place] = {}
    for step in wiring.steps:
        theirs = layers.get(step.layer.index)
        if theirs is None and not is_stood_in(step):
            continue
        ids = _blob_numbers(step, theirs, built["layers"], by_name)
        for slot, blob in zip(step.tops, ids, strict=False):
            places[slot] = Place(BEFORE_ALL if theirs is None else theirs, blob)
    return Numbering(
        layers,
        places,
        {name: by_name[name] for name in wiring.inputs if name in by_name},
        inserted,
        tuple(tuple(shape) for _, shape in built["blobs"]),
        {
            ours: tuple(tuple(shape) for shape in built["layers"][theirs]["parameters"])
            for ours, theirs in layers.items()
        },
    )


def _matched(
    expected: Sequence[Layer], built: Sequence[Mapping[str, Any]]
) -> tuple[dict[int, int], tuple[int, ...]]:
    layers: dict[int, int] = {}
    inserted: list[int] = []
    for number, theirs in enumerate(built):
        ours = expected[len(layers)] if len(layers) < len(expected) else None
        if ours is not None and ours.written_name == theirs["name"]:
            layers[ours.index] = number
        elif theirs["type"] in _INSERTED:
            inserted.append(number)
        else:
            raise EngineError(
                f"Caffe built the layer '{theirs['name']}' ({theirs['type']}) where the text has "
                f"'{ours.name if ours else 'none'}'.",
                hint="Is the phase, the level or a stage another one than meant?",
            )
    if len(layers) < len(expected):
        raise EngineError(f"Caffe did not build the layer '{expected[len(layers)].name}'.")
    return layers, tuple(inserted)


def _blob_numbers(
    step: Step,
    theirs: int | None,
    built: Sequence[Mapping[str, Any]],
    by_name: Mapping[str, int],
) -> list[int]:
    """By number where this Caffe tells it, else by name."""
    if theirs is not None and built[theirs]["tops"] is not None:
        return [int(number) for number in built[theirs]["tops"]]
    return [by_name[top] for top in step.layer.tops if top in by_name]
