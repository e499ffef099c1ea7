"""Every finding of a net, the surest first, and the edit that repairs them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from core.edits.findings.broken import find_copied_tops, find_half_renamed, find_lost_readers
from core.edits.findings.bypassed import find_bypassed, find_half_bypassed
from core.edits.findings.finding import Finding, plan_fix
from core.edits.findings.merges import find_left_out_branches
from core.errors import RenameError
from core.net.definition import Net
from core.net.reader import read_net
from core.net.rename_plan import RenamePlan
from core.net.states import Asked, every_state

_SEARCHES: tuple[Callable[[Net], Iterable[Finding]], ...] = (
    find_copied_tops,
    find_half_renamed,
    find_lost_readers,
    find_bypassed,
    find_left_out_branches,
    find_half_bypassed,
)
_MOST_ROUNDS = 8


def find_mistakes(net: Net) -> tuple[Finding, ...]:
    """What looks like a rewiring gone wrong; empty for a sound net.

    A layer is in one finding only. Findings that another phase explains are left out.
    """
    return _find(Asked.of(net))


def plan_fix_all(net: Net) -> RenamePlan:
    """The edit that repairs every finding, those that come to light on the way included.

    Raises RenameError when there is nothing to repair.
    """
    findings = find_mistakes(net)
    if not findings:
        raise RenameError("Nothing in this net looks like a rewiring gone wrong.")
    plan = plan_fix(net, findings)
    for _ in range(_MOST_ROUNDS):
        after = read_net(plan.new_text, state=net.state)
        findings = find_mistakes(after)
        if not findings:
            break
        plan = plan.then(plan_fix(after, findings))
    return plan


@lru_cache(maxsize=8)
def _find(asked: Asked) -> tuple[Finding, ...]:
    return tuple(_search(asked.net))


def _search(net: Net) -> Iterator[Finding]:
    seen: set[str] = set()
    alive = _alive_elsewhere(net)
    for search in _SEARCHES:
        for found in search(net):
            if found.concerned & seen or (
                found.severity != "refused" and alive & set(found.layers)
            ):
                continue
            seen |= found.concerned
            yield found


def _alive_elsewhere(net: Net) -> set[str]:
    """Layers that are dead ends here and have readers in another phase or stage."""
    return {
        version.layer
        for state in every_state(net)[1:]
        for version in state.versions
        if version.readers and net.has_layer(version.layer) and _is_dead_end(net, version.layer)
    }


def _is_dead_end(net: Net, layer: str) -> bool:
    return all(not version.readers for version in net.written(layer))
