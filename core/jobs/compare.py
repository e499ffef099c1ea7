"""Comparing two prototxts, layer beside layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.comparison.pairs import NetComparison, compare_nets
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE, load_net
from core.progress import Job, Progress


@dataclass(frozen=True)
class CompareRequest:
    """Two prototxts and the state that both are built in."""

    before: Path
    after: Path
    state: NetState = DEFAULT_STATE


def compare(request: CompareRequest) -> Job[NetComparison]:
    """Read both and pair their layers. Raises AppError for one that can't be read."""
    yield Progress(0, 2, "prototxts")
    before = load_net(request.before, state=request.state)
    yield Progress(1, 2, "prototxts")
    return compare_nets(before, load_net(request.after, state=request.state))
