"""Which layers the graph draws as one box: stages of the net and in-place chains."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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


class FoldState:
    """Which groups of a net are folded now."""

    def __init__(self) -> None:
        self._plan = FoldPlan((), ())
        self._opened: set[tuple[str, int]] = set()
        self.is_on = False

    @property
    def can_fold(self) -> bool:
        """Whether the net has anything to fold."""
        return bool(self._plan.blocks or self._plan.chains)

    def start(self, net: Net) -> None:
        """Begin with another net, folded if it is large."""
        self._plan = plan_folds(net)
        self._opened = set()
        self.is_on = self.can_fold and len(net.layers) > FOLD_ABOVE

    def turn(self, is_on: bool) -> None:
        """Fold every group, or none."""
        self.is_on = is_on
        self._opened = set()

    def folded(self) -> tuple[FoldGroup, ...]:
        """The groups that are one box each."""
        return self._plan.folded(self._opened) if self.is_on else ()

    def open_group(self, group: FoldGroup) -> None:
        """Unfold one group."""
        self._opened.add(group.key)

    def open_around(self, layer_index: int) -> bool:
        """Give a layer a box of its own; True if that unfolds anything."""
        hidden = set(self._plan.around(layer_index)) - self._opened
        if not self.is_on or not hidden:
            return False
        self._opened |= hidden
        return True

    def opened_around(self, layer_index: int) -> tuple[tuple[str, int], ...]:
        """The unfolded groups that a layer belongs to."""
        if not self.is_on:
            return ()
        return tuple(key for key in self._plan.around(layer_index) if key in self._opened)

    def close(self, keys: Iterable[tuple[str, int]]) -> None:
        """Fold groups again."""
        self._opened.difference_update(keys)


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
