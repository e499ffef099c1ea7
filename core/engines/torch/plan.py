"""The order of work for one set of wanted values: what runs, what is freed, what is fused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.engines.torch.operation import Operation
from core.engines.wiring import Step, Wiring


@dataclass(frozen=True)
class PlannedStep:
    """A step to run. `freed`: slots nobody needs afterwards; `tops`: where its results go.

    runs_with_relu: the ReLU that follows is part of it, and `tops` is the ReLU's.
    """

    step: Step
    operation: Operation
    tops: tuple[int, ...]
    freed: tuple[int, ...]
    runs_with_relu: bool = False


def plan_pass(
    wiring: Wiring,
    operations: Sequence[Operation | None],
    wanted: Collection[int],
    *,
    may_fuse: bool = True,
) -> tuple[PlannedStep, ...]:
    """Plan a pass that leaves `wanted` and computes nothing that they do not need."""
    steps = [step for step in wiring.steps_for(wanted) if not step.is_data]
    fused = _fusible(steps, operations, set(wanted)) if may_fuse else {}
    absorbed = {id(relu) for relu in fused.values()}
    run = [step for step in steps if id(step) not in absorbed]
    last_use = {slot: i for i, step in enumerate(run) for slot in (*step.bottoms, *step.tops)}
    kept = set(wanted)
    planned = []
    for i, step in enumerate(run):
        operation = operations[step.layer.index]
        if operation is None:
            continue
        relu = fused.get(step.layer.index)
        tops = relu.tops if relu else step.tops
        touched = dict.fromkeys((*step.bottoms, *step.tops))
        freed = tuple(s for s in touched if last_use[s] == i and s not in kept and s not in tops)
        unread = tuple(s for s in tops if s not in kept and last_use.get(s, i) == i)
        planned.append(PlannedStep(step, operation, tops, (*freed, *unread), relu is not None))
    return tuple(planned)


def _fusible(
    steps: Sequence[Step], operations: Sequence[Operation | None], wanted: set[int]
) -> dict[int, Step]:
    """By layer index, the plain ReLU that is the only reader of that layer's unwanted top."""
    readers: dict[int, list[Step]] = {}
    for step in steps:
        for slot in step.bottoms:
            readers.setdefault(slot, []).append(step)
    fused = {}
    for step in steps:
        operation = operations[step.layer.index]
        if operation is None or not operation.can_fuse_relu or len(step.tops) != 1:
            continue
        following = readers.get(step.tops[0], [])
        if len(following) == 1 and step.tops[0] not in wanted and _is_plain_relu(following[0]):
            fused[step.layer.index] = following[0]
    return fused


def _is_plain_relu(step: Step) -> bool:
    layer = step.layer
    return layer.type == "ReLU" and not layer.param("relu_param").number("negative_slope")
