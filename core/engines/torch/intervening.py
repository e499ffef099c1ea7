"""Passes in which values are written over: right after their layer, before anybody reads them."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.engines.changes import Moved, Writing, by_value, check_writing
from core.engines.operations import Intervened, Want
from core.engines.session import OnLayer
from core.engines.torch.devices import wait_for
from core.engines.torch.executor import Executor
from core.engines.torch.measures import measure_all
from core.engines.torch.operation import Operation
from core.engines.torch.plan import PlannedStep, plan_pass
from core.engines.values import Value
from core.engines.wiring import Wiring

Operations = tuple[Operation | None, ...]
BySlot = Mapping[int, Sequence[Writing]]


class ChangedExecutor(Executor):
    """Writes over each value as soon as it is there; the untouched one is left alone."""

    def __init__(self, inputs: Mapping[int, Tensor], writings: BySlot) -> None:
        self._writings = writings
        super().__init__(inputs)

    def pass_on(self, slot: int, tensor: Tensor) -> None:
        """Take a value as it was before, but for what is written over it."""
        self._put(slot, tensor)

    def _put(self, slot: int, tensor: Tensor) -> None:
        for writing in self._writings.get(slot, ()):
            tensor = written_over(tensor, writing)
        super()._put(slot, tensor)


def written_over(tensor: Tensor, writing: Writing) -> Tensor:
    """A value with one change, in memory of its own. Raises EngineError where it does not fit."""
    check_writing(writing, tuple(tensor.shape))
    change = writing.change
    result = tensor.clone(memory_format=torch.contiguous_format)
    target = result if change.row < 0 else result[change.row : change.row + 1]
    channels = list(change.channels)
    if change.how == "elsewhere":
        chosen = set(channels)
        channels = [c for c in range(target.shape[1]) if c not in chosen]
        if not channels:
            return result
    picked = (slice(None), channels) if channels else (...,)
    if writing.array is not None:
        array = torch.from_numpy(writing.array).to(target.device, target.dtype)
        target[picked] = array[picked].expand_as(target[picked])
    elif change.how == "multiply":
        target[picked] = target[picked] * change.number
    else:
        target[picked] = change.number
    return result


def slots_of(wiring: Wiring, writings: Sequence[Writing]) -> dict[int, list[Writing]]:
    """The changes of each slot. Raises EngineError for a value that the net does not have."""
    return {wiring.slot(value): of for value, of in by_value(writings).items()}


def unfolded_for(
    plain: tuple[Wiring, Operations], folded: tuple[Wiring, Operations], changed: Collection[int]
) -> tuple[Wiring, Operations]:
    """The folded net, but without the folds that would pass over a value that is changed."""
    producers = {slot: step for step in plain[0].steps for slot in step.tops}
    steps, operations = list(folded[0].steps), list(folded[1])
    for i, step in enumerate(steps):
        own = plain[0].steps[i]
        if step.bottoms == own.bottoms:
            continue
        slot, passed = own.bottoms[0], []
        while slot != step.bottoms[0]:
            passed.append(slot)
            slot = producers[slot].bottoms[0]
        if set(passed).intersection(changed):
            steps[i] = own
            operations[own.layer.index] = plain[1][own.layer.index]
    return replace(folded[0], steps=tuple(steps)), tuple(operations)


@dataclass(frozen=True)
class Kept:
    """The values of a pass by slot; none of them is ever written over."""

    wiring: Wiring
    values: Mapping[int, Tensor]

    @torch.inference_mode()
    def intervene(
        self,
        net: tuple[Wiring, Operations],
        writes: BySlot,
        wants: Sequence[Want],
        copies: int,
        on_layer: OnLayer,
        device: torch.device,
    ) -> tuple[Intervened, list[Tensor]]:
        """Run what follows the changes again; a tensor for each want.

        net: with operations for every value that is changed.
        """
        start = time.perf_counter()
        slots = [self.wiring.slot(want.value) for want in wants]
        plan = self._plan(net, writes, None if copies == 1 else slots)
        values, ran = self._run(plan, writes, copies, on_layer)
        wait_for(device)
        seconds = time.perf_counter() - start
        found = []
        for slot, want in zip(slots, wants, strict=True):
            tensor = values[slot] if slot in values else _batch(self.values[slot], copies)
            found += measure_all(tensor.float(), [want.measure])
        moved = self._moved(values) if copies == 1 else ()
        return Intervened(seconds, tuple(ran), moved), found

    def _plan(
        self,
        net: tuple[Wiring, Operations],
        changed: Collection[int],
        wanted: Collection[int] | None,
    ) -> _Downstream:
        """Nothing is fused, and all is left, or of what `wanted` needs no more than that."""
        wiring, operations = net
        touched, again = set(changed), []
        for step in wiring.steps:
            if not step.is_data and touched.intersection(step.bottoms):
                if all(top in self.values for top in step.tops):
                    again.append(step)
                touched.update(step.tops)
        if wanted is not None:
            needed = {step.layer.index for step in wiring.steps_for(wanted)}
            again = [step for step in again if step.layer.index in needed]
        made = {top for step in again for top in step.tops}
        given = {slot for step in again for slot in step.bottoms} - made | (set(changed) - made)
        left = made if wanted is None else set(wanted) & made
        kept = frozenset(left | given)  # given too: else a step might write over it
        planned = plan_pass(wiring, operations, made | given, may_fuse=False, kept=kept)
        numbers = {step.layer.index for step in again}
        steps = tuple(one for one in planned if one.step.layer.index in numbers)
        return _Downstream(steps, frozenset(given))

    def _run(
        self, plan: _Downstream, writes: BySlot, copies: int, on_layer: OnLayer
    ) -> tuple[dict[int, Tensor], list[str]]:
        """Of one image a layer that reads the bits of before need not run: it would write them."""
        given = {slot: _batch(self.values[slot], copies) for slot in plan.given}
        executor, ran = ChangedExecutor(given, writes), []
        values = executor.values
        for planned in plan.steps:
            if copies == 1 and all(equal_bits(values[s], self.values[s]) for s in planned.reads):
                for slot in planned.tops:
                    executor.pass_on(slot, self.values[slot])
                continue
            executor.run((planned,), on_layer)
            ran.append(planned.step.layer.name)
        return values, ran

    def _moved(self, values: Mapping[int, Tensor]) -> tuple[Moved, ...]:
        """Every value with other bits than before, in net order."""
        names = {slot: value for value, slot in self.wiring.slots.items()}
        return tuple(
            _moved(names[slot], self.values[slot], values[slot])
            for slot in sorted(values)
            if slot in names and not equal_bits(values[slot], self.values[slot])
        )


@dataclass(frozen=True)
class _Downstream:
    """steps: those to run again; given: slots that they read or that are changed as they were."""

    steps: tuple[PlannedStep, ...]
    given: frozenset[int]


def _batch(tensor: Tensor, n_images: int) -> Tensor:
    """One image as a batch of them."""
    if n_images == 1 or not tensor.ndim:
        return tensor
    return tensor.repeat(n_images, *[1] * (tensor.ndim - 1))


def _moved(value: Value, before: Tensor, after: Tensor) -> Moved:
    if before.shape != after.shape:
        return Moved(value, 0.0, math.inf)
    one, other = before.double().flatten(), after.double().flatten()
    norms = float(one.norm() * other.norm())
    largest = float((one - other).abs().max()) if one.numel() else 0.0
    return Moved(value, float(one @ other) / norms if norms else 0.0, largest)


def equal_bits(one: Tensor, other: Tensor) -> bool:
    """Bit for bit: NaN equals itself, and 0 is not -0."""
    if one is other:
        return True
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype == torch.float32:
        return torch.equal(one.contiguous().view(torch.int32), other.contiguous().view(torch.int32))
    return torch.equal(one, other)
