"""The order of work for one set of wanted values: what runs, what is freed, what is fused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.engines.torch.operation import Operation
from core.engines.wiring import Step, Wiring


@dataclass(frozen=True)
class PlannedStep:
    """A step to run. `freed`: slots nobody needs afterwards; `tops`: where its results go.

    added, with_relu: the sum with another slot and the ReLU that follow are part of it, and `tops`
    are those of the last of them.
    """

    step: Step
    operation: Operation
    tops: tuple[int, ...]
    freed: tuple[int, ...]
    added: int | None = None
    with_relu: bool = False

    @property
    def is_fused(self) -> bool:
        """Whether layers after it are part of it."""
        return self.with_relu or self.added is not None

    @property
    def reads(self) -> tuple[int, ...]:
        """Every slot it needs, as often as it reads it."""
        return _reads(self.step, self.added)


@dataclass(frozen=True)
class _Following:
    """The sum and the ReLU that a step takes in."""

    sum: Step | None = None
    added: int | None = None
    relu: Step | None = None

    @property
    def last(self) -> Step | None:
        """The one whose top is the result."""
        return self.relu or self.sum


_NOTHING = _Following()


def plan_pass(
    wiring: Wiring,
    operations: Sequence[Operation | None],
    wanted: Collection[int],
    *,
    may_fuse: bool = True,
    kept: Collection[int] | None = None,
) -> tuple[PlannedStep, ...]:
    """Plan a pass that computes `wanted` and nothing that they do not need.

    kept: those of them that it leaves, None for all. Whoever wants another looks at it as soon as
    it is there; its memory is used again.
    """
    steps = [step for step in wiring.steps_for(wanted) if not step.is_data]
    fused = _Fusion(steps, operations, set(wanted)).find() if may_fuse else {}
    absorbed = {id(step) for found in fused.values() for step in (found.sum, found.relu)}
    run = [step for step in steps if id(step) not in absorbed]
    following = [fused.get(step.layer.index, _NOTHING) for step in run]
    last_use = {
        slot: i
        for i, (step, found) in enumerate(zip(run, following, strict=True))
        for slot in (*_reads(step, found.added), *step.tops)
    }
    left = set(wanted if kept is None else kept)
    planned = []
    for i, (step, found) in enumerate(zip(run, following, strict=True)):
        operation = operations[step.layer.index]
        if operation is None:
            continue
        tops = found.last.tops if found.last else step.tops
        touched = dict.fromkeys((*_reads(step, found.added), *step.tops))
        freed = tuple(s for s in touched if last_use[s] == i and s not in left and s not in tops)
        unread = tuple(s for s in tops if s not in left and last_use.get(s, i) == i)
        ending = (found.added, found.relu is not None)
        planned.append(PlannedStep(step, operation, tops, (*freed, *unread), *ending))
    return tuple(planned)


def _reads(step: Step, added: int | None) -> tuple[int, ...]:
    return step.bottoms if added is None else (*step.bottoms, added)


class _Fusion:
    """Finds, by layer index, what each step can take in: the only readers of unwanted tops."""

    def __init__(
        self, steps: Sequence[Step], operations: Sequence[Operation | None], wanted: set[int]
    ) -> None:
        self._steps, self._operations, self._wanted = steps, operations, wanted
        self._written_at = {slot: i for i, step in enumerate(steps) for slot in step.tops}
        self._readers: dict[int, list[Step]] = {}
        for step in steps:
            for slot in step.bottoms:
                self._readers.setdefault(slot, []).append(step)

    def find(self) -> Mapping[int, _Following]:
        """For each step that takes in something."""
        pairs = ((step, self._following(i, step)) for i, step in enumerate(self._steps))
        return {step.layer.index: found for step, found in pairs if found.last is not None}

    def _following(self, at: int, step: Step) -> _Following:
        operation = self._operations[step.layer.index]
        if operation is None or not operation.can_fuse_relu or len(step.tops) != 1:
            return _NOTHING
        reader = self._sole_reader(step.tops[0])
        if reader is None or not operation.can_fuse_sum or not _is_plain_sum(reader):
            return _Following(relu=_if_relu(reader))
        added = next(slot for slot in reader.bottoms if slot != step.tops[0])
        if self._written_at.get(added, -1) > at:
            return _NOTHING
        return _Following(reader, added, _if_relu(self._sole_reader(reader.tops[0])))

    def _sole_reader(self, slot: int) -> Step | None:
        readers = self._readers.get(slot, [])
        return readers[0] if len(readers) == 1 and slot not in self._wanted else None


def _if_relu(step: Step | None) -> Step | None:
    """The step if it is a ReLU without a slope."""
    if step is None or step.layer.type != "ReLU":
        return None
    return None if step.layer.param("relu_param").number("negative_slope") else step


def _is_plain_sum(step: Step) -> bool:
    """A sum of two blobs, neither multiplied."""
    param = step.layer.param("eltwise_param")
    return (
        step.layer.type == "Eltwise"
        and not step.layer.is_in_place
        and param.word("operation", "SUM") in ("SUM", "1")
        and len(step.bottoms) == 2
        and len(set(step.bottoms)) == 2
        and all(factor == 1.0 for factor in param.numbers("coeff"))
    )
