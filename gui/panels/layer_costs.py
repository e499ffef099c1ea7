"""What layers cost: parameters, MACs and memory, each counted where it is owned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class LayerCosts(NamedTuple):
    """Parameters that no earlier layer holds, MACs, and bytes of tops in storage of their own."""

    params: int = 0
    macs: int = 0
    memory: int = 0


NO_COSTS = LayerCosts()


class HasCosts(Protocol):
    """Something with costs, such as a row of the table."""

    @property
    def costs(self) -> LayerCosts:
        """What it adds to the totals."""
        ...


def total_costs(rows: Iterable[HasCosts]) -> LayerCosts:
    """The sums; what is shared by name, by in-place layers or by Split counts once."""
    params = macs = memory = 0
    for row in rows:
        params += row.costs.params
        macs += row.costs.macs
        memory += row.costs.memory
    return LayerCosts(params, macs, memory)
