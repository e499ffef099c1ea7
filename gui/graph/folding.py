"""Which layers the graph draws as one box: stages of the net and in-place chains."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from core.net.definition import BlobVersion, Net
from core.net.layout import fold_blocks
from gui.graph.picture import FoldGroup, in_place_runs

FOLD_ABOVE = 30
"""A net with more layers than this opens folded."""


@dataclass(frozen=True)
class FoldPlan:
    """Everything that can fold in a net; a chain inside a block shows once its block is open."""

    blocks: tuple[FoldGroup, ...]
    chains: tuple[FoldGroup, ...]

    def folded(self, opened: Collection[tuple[str, int]]) -> tuple[FoldGroup, ...]:
        """The groups that are one box each while those of `opened` are not."""
        closed = [block for block in self.blocks if block.key not in opened]
        hidden = {index for block in closed for index in block.layers}
        chains = [
            chain
            for chain in self.chains
            if chain.key not in opened and hidden.isdisjoint(chain.layers)
        ]
        return (*closed, *chains)

    def around(self, layer_index: int) -> tuple[tuple[str, int], ...]:
        """The keys that must be open for the layer to have a box of its own."""
        groups = (*self.blocks, *self.chains)
        return tuple(group.key for group in groups if layer_index in group.layers)


def plan_folds(net: Net) -> FoldPlan:
    """Find the stages and the in-place chains of a net."""
    index_of = {layer.name: layer.index for layer in reversed(net.layers)}
    blocks = []
    for group in fold_blocks(net):
        layers = tuple(index_of[name] for name in group.layer_names)
        blocks.append(FoldGroup("block", group.name, f"{len(layers)} layers", layers))
    return FoldPlan(tuple(blocks), _fold_chains(net, blocks))


def _fold_chains(net: Net, blocks: Collection[FoldGroup]) -> tuple[FoldGroup, ...]:
    taken: set[int] = set()
    chains = []
    for run in in_place_runs(net):
        layers = tuple(version.layer_index for version in run)
        is_new = len(set(layers)) > 1 and taken.isdisjoint(layers)
        if not is_new or not _is_closed(run) or not _is_in_one_place(layers, blocks):
            continue
        taken.update(layers)
        others = ", ".join(version.layer for version in run[1:])
        chains.append(FoldGroup("chain", run[0].layer, f"+ {others}", layers))
    return tuple(chains)


def _is_in_one_place(layers: tuple[int, ...], blocks: Collection[FoldGroup]) -> bool:
    """Whether no block holds some of the layers and not the others."""
    members = set(layers)
    return all(members <= set(block.layers) or members.isdisjoint(block.layers) for block in blocks)


def _is_closed(run: tuple[BlobVersion, ...]) -> bool:
    """Whether nothing outside the chain reads a value that the chain overwrites."""
    return all(before.readers == (after.layer,) for before, after in pairwise(run))
