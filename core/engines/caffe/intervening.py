"""What real Caffe is asked for where values are written over between its layers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.engines.caffe.numbering import BEFORE_ALL, Place
from core.engines.changes import Moved, Writing, check_writing
from core.engines.shared_memory import memory_groups
from core.engines.values import Value
from core.engines.wiring import Step, Wiring
from core.layers.layer_type import Shape
from core.layers.shapes import infer_shapes
from core.net.definition import Net

Row = tuple[int, str | None]


@dataclass(frozen=True)
class Writes:
    """Changes by slot, and where Caffe holds the slots of the net."""

    wiring: Wiring
    places: Mapping[int, Place]
    by_slot: Mapping[int, Sequence[Writing]]

    def check(self, net: Net, inputs: Mapping[str, Shape], copies: int) -> None:
        """EngineError for a change that does not fit; inputs: their sizes."""
        shapes = infer_shapes(net, inputs)
        for slot, writings in self.by_slot.items():
            version = net.versions[slot]
            shape = shapes.top(net.layers[version.layer_index], version.top_index)
            if shape:
                for one in writings:
                    check_writing(one, (shape[0] * copies, *shape[1:]))

    def again(self, computed: Collection[int], wanted: Collection[int], copies: int) -> Again:
        """What is to run anew of what was computed: what reads a changed value, and on."""
        touched = set(self.by_slot)
        steps = []
        for step in self.wiring.steps:
            if not step.is_data and touched.intersection(step.bottoms):
                touched.update(step.tops)
                if set(step.tops) <= set(computed):
                    steps.append(step)
        made = {top for step in steps for top in step.tops}
        read = {slot for step in steps for slot in step.bottoms} | set(self.by_slot) | set(wanted)
        names = {slot: value for value, slot in self.wiring.slots.items()}
        told = [slot for slot in sorted(made | set(self.by_slot)) if slot in names and copies == 1]
        return Again(
            tuple(steps),
            [self._row(slot) for slot in sorted(read - made)],
            [self._row(slot) for slot in told],
            frozenset(self.places[slot].position for slot in read | made),
            tuple(names[slot] for slot in told),
        )

    def _row(self, slot: int) -> list[int]:
        return [self.places[slot].position, self.places[slot].blob]

    def rows(self, steps: Sequence[Step], numbers: Mapping[int, int]) -> dict[str, Any]:
        """ "writes", "shared" and "befores" of CaffeNet.intervene for a pass over `steps`.

        numbers: Caffe's of our layers. A Flatten, Reshape or Split gives memory another name, so
        what is written under one name would be read under all: whoever reads another gets its own
        value back first.
        """
        groups = memory_groups(self.wiring)
        shared: set[int] = set()
        befores: list[tuple[int, int, int]] = []
        for slot in self.by_slot:
            group = groups.get(slot, frozenset())
            shared |= group
            for step in steps:
                layer = numbers.get(step.layer.index, BEFORE_ALL)
                if layer <= self.places[slot].position:
                    continue
                for read in group.intersection(step.bottoms):
                    place = self.places[read]
                    if place.position < layer:
                        befores.append((layer, place.position, place.blob))
        return {
            "writes": self._writes(),
            "shared": [self._row(slot) for slot in sorted(shared)],
            "befores": [list(row) for row in dict.fromkeys(befores)],
        }

    def arrays(self) -> list[np.ndarray]:
        """What is put, in the order of "writes"."""
        return [one.array for of in self.by_slot.values() for one in of if one.array is not None]

    def _writes(self) -> list[list[Any]]:
        rows, n_arrays = [], 0
        for slot, writings in self.by_slot.items():
            place = self.places[slot]
            for one in writings:
                number = None if one.array is None else n_arrays
                n_arrays += one.array is not None
                rows.append([place.position, place.blob, one.change.plain, number])
        return rows


@dataclass(frozen=True)
class Again:
    """A pass that begins with kept values.

    restores: [position, blob] of those that it reads; moves: of what is held against the pass
    before, which are `values`. positions: where anything is written or looked at.
    """

    steps: tuple[Step, ...]
    restores: list[list[int]]
    moves: list[list[int]]
    positions: frozenset[int]
    values: tuple[Value, ...]

    def moved(self, told: Iterable[tuple[int, float, float]]) -> tuple[Moved, ...]:
        """What CaffeNet.intervene tells of `moves`, in net order."""
        return tuple(Moved(self.values[i], cosine, largest) for i, cosine, largest in sorted(told))


def shapes_of(inputs: Mapping[str, np.ndarray]) -> dict[str, Shape]:
    """The shape of each input."""
    return {name: tuple(array.shape) for name, array in inputs.items()}


def with_positions(run: Sequence[Sequence[Any]], looked_at: Collection[int]) -> list[Row]:
    """The steps of a pass, and between them the positions where values are only looked at."""
    named: dict[int, str | None] = {int(number): name for number, name in run}
    for position in looked_at:
        if position != BEFORE_ALL:
            named.setdefault(position, None)
    return sorted(named.items())
