"""Every planted fault."""

from __future__ import annotations

from tests.mutants import engines, net, reading, reports, retrieval, window
from tests.mutants.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = tuple(
    mutation
    for module in (net, engines, retrieval, reports, reading, window)
    for faults in module.FAULTS
    for mutation in faults.planted
)
