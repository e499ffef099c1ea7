"""Running a planned pass: a tensor for every version of every blob, memory reused where it can."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from core.engines.failures import is_out_of_memory
from core.engines.session import OnLayer
from core.engines.torch.operation import Tail
from core.engines.torch.plan import PlannedStep
from core.engines.values import Obstacle
from core.errors import AppError, EngineError, EngineOutOfMemory
from core.layers.axes import legacy_shape

OnValue = Callable[[int, Tensor], None]


class Executor:
    """The tensors of one pass, by slot.

    seconds: what each layer took; right on a device that works behind its caller where `wait`
    waits for it.
    """

    def __init__(self, inputs: Mapping[int, Tensor]) -> None:
        self.values: dict[int, Tensor] = {}
        self.seconds: dict[str, float] = {}
        self.wait: Callable[[], None] = _go_on
        self._n_sharing: dict[int, int] = {}
        for slot, tensor in inputs.items():
            self._put(slot, tensor)

    def keep_inputs(self) -> None:
        """Let no layer write over what was given, which is needed again."""
        for tensor in self.values.values():
            self._n_sharing[_storage(tensor)] += 1

    def run(
        self,
        steps: Sequence[PlannedStep],
        on_layer: OnLayer,
        on_value: OnValue = lambda slot, tensor: None,
    ) -> None:
        """Run the steps in order; EngineError names the layer that failed.

        on_value: told of each value as soon as it is there, before it may be written over.
        """
        for planned in steps:
            on_layer(planned.step.layer.name)
            start = time.perf_counter()
            try:
                self._run_step(planned, on_value)
                self.wait()
                self.seconds[planned.step.layer.name] = time.perf_counter() - start
            except AppError:
                raise
            except (RuntimeError, ValueError, IndexError) as error:
                raise _named(planned, error) from error

    def run_possible(self, steps: Sequence[PlannedStep], on_layer: OnLayer) -> dict[int, Obstacle]:
        """Run what can be run; by layer index, why a layer failed. Those after it are left out.

        EngineError when memory runs out: the next layer would find no more of it.
        """
        failed: dict[int, Obstacle] = {}
        for planned in steps:
            if not self.values.keys() >= set(planned.reads):
                continue
            try:
                self.run((planned,), on_layer)
            except EngineError as error:
                if isinstance(error, EngineOutOfMemory):
                    raise
                failed[planned.step.layer.index] = Obstacle(error.sentence, error.hint)
        return failed

    def _run_step(self, planned: PlannedStep, on_value: OnValue) -> None:
        slots = planned.step.bottoms
        bottoms = self._bottoms(planned)
        if not planned.operation.takes_bfloat16:
            bottoms = [bottom.float() for bottom in bottoms]
        if planned.operation.reads_legacy_axes:
            bottoms = [bottom.reshape(legacy_shape(bottom.shape)) for bottom in bottoms]
        tops: Sequence[Tensor]
        if planned.is_fused:
            tops = [planned.operation.run_fused(bottoms, self._tail(planned))]
        else:
            may_overwrite = bool(slots) and self._may_overwrite(planned, slots[0])
            tops = planned.operation.run(bottoms, may_overwrite)
        if len(tops) != len(planned.tops):
            raise ValueError(f"it gives {len(tops)} blobs, not {len(planned.tops)}")
        for slot, top in zip(planned.tops, tops, strict=True):
            self._put(slot, top)
            on_value(slot, self.values[slot])
        for slot in planned.freed:
            self._drop(slot)

    def _bottoms(self, planned: PlannedStep) -> list[Tensor]:
        return [self.values[slot] for slot in planned.step.bottoms]

    def _tail(self, planned: PlannedStep) -> Tail:
        if planned.added is None:
            return Tail(planned.with_relu)
        added = self.values[planned.added]
        return Tail(planned.with_relu, added, self._may_overwrite(planned, planned.added))

    def _may_overwrite(self, planned: PlannedStep, slot: int) -> bool:
        """Whether the slot dies here, is read once, and no other live tensor has its memory."""
        if slot not in planned.freed or planned.reads.count(slot) > 1:
            return False
        tensor = self.values[slot]
        return self._n_sharing[_storage(tensor)] == 1 and tensor._is_view() is False

    def _put(self, slot: int, tensor: Tensor) -> None:
        self.values[slot] = tensor
        storage = _storage(tensor)
        self._n_sharing[storage] = self._n_sharing.get(storage, 0) + 1

    def _drop(self, slot: int) -> None:
        tensor = self.values.pop(slot, None)
        if tensor is None:
            return
        storage = _storage(tensor)
        self._n_sharing[storage] -= 1
        if not self._n_sharing[storage]:
            del self._n_sharing[storage]


def _go_on() -> None:
    """Nothing runs behind the caller."""


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _named(planned: PlannedStep, error: Exception) -> EngineError:
    layer = planned.step.layer
    if is_out_of_memory(error):
        hint = "Use a smaller image or batch, or another device."
        sentence = f"The engine ran out of memory at layer '{layer.name}' ({layer.type})."
        return EngineOutOfMemory(sentence, hint=hint, details=str(error))
    lines = str(error).strip().splitlines() or [type(error).__name__]
    sentence = f"Layer '{layer.name}' ({layer.type}) failed: {lines[0]}"
    return EngineError(sentence, details=str(error))
