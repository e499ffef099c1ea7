"""A net as steps that read and write numbered slots, one slot for each blob version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.engines.values import Value
from core.errors import EngineError
from core.layers.loss_weights import loss_weights
from core.net.definition import Layer, Net

MADE_UP_TYPE = "DummyData"
"""The one data layer that fills its tops by itself; values may still be given in their place."""
_LEARNED_TYPE = "Parameter"
_MOST_KNOWN = 64


def is_fed(type_name: str, bottoms: Sequence[str]) -> bool:
    """Whether a layer's tops have to be given, as those of Input and of layers that read files."""
    return not bottoms and type_name not in (MADE_UP_TYPE, _LEARNED_TYPE)


@dataclass(frozen=True)
class Step:
    """One layer: the slots it reads and writes, by bottom and top index."""

    layer: Layer
    bottoms: tuple[int, ...]
    tops: tuple[int, ...]

    @property
    def is_data(self) -> bool:
        """Whether its tops come from outside, whatever the layer would have read them from."""
        return not self.layer.bottoms and self.layer.type != _LEARNED_TYPE

    @property
    def is_made_up(self) -> bool:
        """Whether it fills its tops by itself where nobody gives them."""
        return self.layer.type == MADE_UP_TYPE


@dataclass(frozen=True)
class Wiring:
    """Steps in execution order; `slots` finds the slot of a value, `inputs` of an input blob."""

    steps: tuple[Step, ...]
    slots: Mapping[Value, int]
    inputs: Mapping[str, int]
    n_slots: int
    _needed: dict[frozenset[int], tuple[Step, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What was asked before: every pass asks again."""

    def slot(self, value: Value) -> int:
        """The slot of a value; EngineError when the net has no such layer or top."""
        found = self.slots.get(value)
        if found is not None:
            return found
        tops = [known.top for known in self.slots if known.layer == value.layer]
        if not tops:
            raise EngineError(f"The net has no layer '{value.layer}' that writes a blob.")
        written = ", ".join(tops)
        raise EngineError(f"Layer '{value.layer}' writes {written}, not '{value.top}'.")

    def steps_for(self, wanted: Collection[int]) -> tuple[Step, ...]:
        """The steps that the wanted slots depend on, in order; the others need not run."""
        asked = frozenset(wanted)
        known = self._needed.get(asked)
        if known is not None:
            return known
        needed = set(asked)
        kept: list[Step] = []
        for step in reversed(self.steps):
            if needed.intersection(step.tops):
                kept.append(step)
                needed.update(step.bottoms)
        if len(self._needed) >= _MOST_KNOWN:
            self._needed.clear()
        found = self._needed[asked] = tuple(reversed(kept))
        return found

    def check_inputs(self, given: Iterable[str], steps: Sequence[Step]) -> None:
        """EngineError when a blob is unknown, or one that the steps need is missing."""
        names = set(given)
        for name in sorted(names - set(self.inputs)):
            known = ", ".join(self.inputs) or "none"
            raise EngineError(f"The net has no input blob '{name}'.", hint=f"It has: {known}.")
        missing = self.missing(names, steps)
        if missing:
            raise EngineError(f"The input blob '{missing[0]}' was not given.")

    def computable(
        self, given: Iterable[str], left_out: Collection[int] = frozenset()
    ) -> tuple[int, ...]:
        """The slots that can be computed from these input blobs without the layers left out."""
        known = {self.inputs[name] for name in given if name in self.inputs}
        for step in self.steps:
            is_computed = step.is_made_up or not step.is_data
            is_runnable = is_computed and step.layer.index not in left_out
            if is_runnable and known.issuperset(step.bottoms):
                known.update(step.tops)
        return tuple(sorted(known))

    def missing(self, given: Collection[str], steps: Sequence[Step]) -> list[str]:
        """Input blobs that the steps read and nobody has given."""
        if all(name in given for name in self.inputs):
            return []
        read = {slot for step in steps for slot in step.bottoms}
        fed = {slot for s in steps if s.is_data and not s.is_made_up for slot in s.tops}
        return [n for n, slot in self.inputs.items() if slot in read & fed and n not in given]


def not_computed(value: Value, missing: Sequence[str]) -> EngineError:
    """The error for a value that a pass left out; `missing`: input blobs nobody gave."""
    blobs = " and ".join(f"'{name}'" for name in missing)
    return EngineError(
        f"'{value.top}' of layer '{value.layer}' was not computed.",
        hint=f"It needs {blobs}, which nobody gave." if missing else "",
    )


def diffs_by_slot(wiring: Wiring, of: Mapping[Value, np.ndarray]) -> dict[int, np.ndarray]:
    """What is differentiated; of nothing named, the losses by their weights."""
    if of:
        return {wiring.slot(value): diff for value, diff in of.items()}
    losses = {
        slot: np.array(weight, np.float32)
        for step in wiring.steps
        for slot, weight in zip(step.tops, loss_weights(step.layer), strict=True)
        if weight
    }
    if not losses:
        raise EngineError(
            "This net has no loss to take gradients of.",
            hint="Say of which value, and in which direction.",
        )
    return losses


def wire_net(net: Net) -> Wiring:
    """Number the versions of a net; a bottom that nothing writes has no number."""
    steps: list[Step] = []
    slots: dict[Value, int] = {}
    inputs: dict[str, int] = {}
    number = {(v.layer_index, v.top_index): i for i, v in enumerate(net.versions)}
    for layer in net.layers:
        bottoms = net.bottom_versions[layer.index]
        known = tuple(slot for slot in bottoms if slot is not None)
        tops = tuple(number[layer.index, i] for i in range(len(layer.tops)))
        step = Step(layer, known, tops)
        steps.append(step)
        slots.update({Value(layer.name, t): s for t, s in zip(layer.tops, tops, strict=True)})
        if step.is_data:
            inputs.update(zip(layer.tops, tops, strict=True))
    return Wiring(tuple(steps), slots, inputs, len(net.versions))
