"""A net as steps that read and write numbered slots, one slot for each blob version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.engines.values import Value
from core.errors import EngineError
from core.layers.shapes import NetShapes
from core.net.definition import Layer, Net

PARAMETER_TYPE = "Parameter"
"""The one layer without bottoms whose top comes from the weights, not from outside."""


@dataclass(frozen=True)
class Step:
    """One layer: the slots it reads and writes, by bottom and top index."""

    layer: Layer
    bottoms: tuple[int, ...]
    tops: tuple[int, ...]

    @property
    def is_data(self) -> bool:
        """Whether its tops come from outside, whatever the layer would have read them from."""
        return not self.layer.bottoms and self.layer.type != PARAMETER_TYPE


@dataclass(frozen=True)
class Wiring:
    """Steps in execution order; `slots` finds the slot of a value, `inputs` of an input blob."""

    steps: tuple[Step, ...]
    slots: Mapping[Value, int]
    inputs: Mapping[str, int]
    n_slots: int

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
        needed = set(wanted)
        kept: list[Step] = []
        for step in reversed(self.steps):
            if needed.intersection(step.tops):
                kept.append(step)
                needed.update(step.bottoms)
        return tuple(reversed(kept))

    def check_inputs(self, given: Iterable[str], steps: Sequence[Step]) -> None:
        """EngineError when a blob is unknown, or one that the steps need is missing."""
        names = set(given)
        for name in sorted(names - set(self.inputs)):
            known = ", ".join(self.inputs) or "none"
            raise EngineError(f"The net has no input blob '{name}'.", hint=f"It has: {known}.")
        missing = self._missing(names, steps)
        if missing:
            raise EngineError(f"The input blob '{missing[0]}' was not given.")

    def computable(self, given: Iterable[str]) -> tuple[int, ...]:
        """The slots that can be computed from the given input blobs."""
        known = {self.inputs[name] for name in given if name in self.inputs}
        known.update(
            top for step in self.steps if step.layer.type == "DummyData" for top in step.tops
        )
        for step in self.steps:
            if not step.is_data and known.issuperset(step.bottoms):
                known.update(step.tops)
        return tuple(sorted(known))

    def _missing(self, given: set[str], steps: Sequence[Step]) -> list[str]:
        read = {slot for step in steps for slot in step.bottoms}
        written = {slot for step in steps if step.is_data for slot in step.tops}
        made = {top for step in steps if step.layer.type == "DummyData" for top in step.layer.tops}
        return [
            name
            for name, slot in self.inputs.items()
            if slot in read & written and name not in given and name not in made
        ]


def check_shapes(shapes: NetShapes, steps: Sequence[Step]) -> None:
    """EngineError for the first of these steps whose shapes Caffe would refuse."""
    needed = {step.layer.name for step in steps}
    for problem in shapes.problems:
        if problem.layer in needed:
            raise EngineError(problem.sentence)


def check_parameters(layer: Layer, built: NetShapes, wanted: NetShapes) -> None:
    """EngineError when new input sizes would need other weights than the net was built with."""
    before, after = built.parameters(layer), wanted.parameters(layer)
    if before and after and before != after:
        bottom = wanted.bottoms(layer)[0]
        raise EngineError(
            f"Layer '{layer.name}' ({layer.type}) can't take an input of shape {bottom}: "
            f"its weights are {before[0]} and would have to be {after[0]}.",
            hint="An inner product fixes the size of the input image.",
        )


def wire_net(net: Net) -> Wiring:
    """Number the versions of a net; EngineError for a net that real Caffe refuses."""
    if net.problems:
        raise EngineError(net.problems[0].sentence, hint="Real Caffe refuses this net too.")
    return number_versions(net)


def number_versions(net: Net) -> Wiring:
    """Number the versions of a net as it is; a bottom that nothing writes has no number."""
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
