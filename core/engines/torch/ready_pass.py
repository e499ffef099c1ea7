"""A pass that is planned, and has room."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from torch import Tensor

from core.engines.memory import Need
from core.engines.session import OnLayer
from core.engines.torch.executor import Executor, OnValue
from core.engines.torch.intervening import BySlot, ChangedExecutor
from core.engines.torch.plan import PlannedStep


@dataclass(frozen=True)
class ReadyPass:
    """A pass before it runs. kind: what makes passes alike for the choice of threads."""

    plan: tuple[PlannedStep, ...]
    may_fuse: bool
    writes: BySlot
    kind: Hashable
    need: Need

    def run(
        self,
        given: Mapping[int, Tensor],
        on_value: OnValue,
        say: OnLayer,
        *,
        keeps_inputs: bool = False,
    ) -> Executor:
        """With inputs by slot, which it may write over unless they are kept."""
        executor = ChangedExecutor(given, self.writes)
        if keeps_inputs:
            executor.keep_inputs()
        executor.run(self.plan, say, on_value)
        return executor
