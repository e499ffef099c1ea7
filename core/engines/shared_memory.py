"""Nets in which real Caffe changes a blob behind its readers: refused, for the numbers are others.

A Flatten, Reshape or Split gives its bottom's own memory another name. A layer in place on one of
the names overwrites the others too; who reads those afterwards gets values no layer wrote there.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.engines.values import Obstacle
from core.engines.wiring import Step, Wiring
from core.layers.registry import layer_type


def misled_readers(wiring: Wiring) -> dict[int, Obstacle]:
    """By index, the layers that read memory which a layer in place has overwritten before."""
    memory: dict[int, int] = {}
    found: dict[int, Obstacle] = {}
    for i, step in enumerate(wiring.steps):
        if len(step.bottoms) < len(step.layer.bottoms):
            continue  # nothing writes one of its bottoms: it never runs
        for index in step.layer.in_place_tops():
            for reader in _readers_of_overwritten(wiring.steps[i:], index, memory):
                found.setdefault(reader.layer.index, _misled(step, reader))
            memory[step.tops[index]] = _owner(step.bottoms[index], memory)
        if step.bottoms and _is_view(step):
            memory.update(dict.fromkeys(step.tops, _owner(step.bottoms[0], memory)))
    return found


def memory_groups(wiring: Wiring) -> dict[int, frozenset[int]]:
    """By slot, all slots that share memory in real Caffe, where a view is among them."""
    memory: dict[int, int] = {}
    viewed: set[int] = set()
    for step in wiring.steps:
        if len(step.bottoms) < len(step.layer.bottoms):
            continue
        for index in step.layer.in_place_tops():
            memory[step.tops[index]] = _owner(step.bottoms[index], memory)
        if step.bottoms and _is_view(step):
            owner = _owner(step.bottoms[0], memory)
            viewed.add(owner)
            memory.update(dict.fromkeys(step.tops, owner))
    groups: dict[int, set[int]] = {owner: {owner} for owner in viewed}
    for slot, owner in memory.items():
        if owner in groups:
            groups[owner].add(slot)
    return {slot: frozenset(group) for group in groups.values() for slot in group}


def _owner(slot: int, memory: dict[int, int]) -> int:
    return memory.get(slot, slot)


def _readers_of_overwritten(
    steps: tuple[Step, ...], index: int, memory: dict[int, int]
) -> Iterator[Step]:
    step, later = steps[0], steps[1:]
    written = step.bottoms[index]
    owner = _owner(written, memory)
    shared = {slot for slot, of in memory.items() if of == owner} | {owner}
    shared.discard(written)
    return (reader for reader in later if shared.intersection(reader.bottoms))


def _misled(step: Step, reader: Step) -> Obstacle:
    return Obstacle(
        f"Layer '{step.layer.name}' ({step.layer.type}) overwrites memory that "
        f"'{reader.layer.name}' reads later under another name; real Caffe gives that "
        "layer values nobody meant.",
        "Give the in-place layer a blob of its own.",
    )


def _is_view(step: Step) -> bool:
    """Whether its tops are its bottom's memory."""
    layer = step.layer
    is_single = (layer.type == "Concat" and len(layer.bottoms) == 1) or (
        layer.type == "Slice" and len(layer.tops) == 1
    )
    return is_single or layer_type(layer.type).shares_storage
