"""Which layers the graph draws as one box: stages, blocks inside them, and in-place chains."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

from core.net.definition import BlobVersion, Net
from core.net.layout.folding import Group, fold_blocks, fold_stages
from core.words import plural
from gui.graph.picture import FoldGroup, FoldKind, in_place_runs

FOLD_ABOVE = 30
"""A net with more layers than this opens folded."""

STAGES_ABOVE = 24
"""A net that still has more boxes than this with its blocks folded gets stages around them."""

FoldKey = tuple[str, str]


@dataclass(frozen=True)
class FoldMemory:
    """How a net was folded: `opened` are groups by kind and title, which outlive a change of file.

    is_on: whether stages, blocks and chains were folded at all.
    """

    is_on: bool
    opened: frozenset[FoldKey]


@dataclass(frozen=True)
class FoldPlan:
    """Everything that can fold in a net; what is inside a group shows once the group is open."""

    stages: tuple[FoldGroup, ...]
    blocks: tuple[FoldGroup, ...]
    chains: tuple[FoldGroup, ...]

    @property
    def groups(self) -> tuple[FoldGroup, ...]:
        """All of them, the outermost first."""
        return (*self.stages, *self.blocks, *self.chains)

    def folded(self, opened: Collection[FoldKey]) -> tuple[FoldGroup, ...]:
        """The groups that are one box each while those of `opened` are not."""
        closed: list[FoldGroup] = []
        hidden: set[int] = set()
        for level in (self.stages, self.blocks, self.chains):
            found = [g for g in level if g.key not in opened and hidden.isdisjoint(g.layers)]
            closed += found
            hidden.update(index for group in found for index in group.layers)
        return tuple(closed)

    def around(self, layer_index: int) -> tuple[FoldGroup, ...]:
        """The groups that must be open for the layer to have a box of its own, outermost first."""
        return tuple(group for group in self.groups if layer_index in group.layers)


class FoldState:
    """Which groups of a net are folded now."""

    def __init__(self) -> None:
        self._plan = FoldPlan((), (), ())
        self._opened: set[FoldKey] = set()
        self.is_on = False

    @property
    def can_fold(self) -> bool:
        """Whether the net has anything to fold."""
        return bool(self._plan.groups)

    @property
    def memory(self) -> FoldMemory:
        """What to keep for the next time this net is opened."""
        return FoldMemory(self.is_on, frozenset(self._opened))

    def start(self, net: Net, memory: FoldMemory | None = None) -> None:
        """Begin with another net: as it was left, else folded if it is large."""
        self._plan = plan_folds(net)
        self._opened = set()
        self.is_on = self.can_fold and len(net.layers) > FOLD_ABOVE
        if memory is not None and self.can_fold:
            known = {group.key for group in self._plan.groups}
            self._opened = set(memory.opened) & known
            self.is_on = memory.is_on

    def turn(self, is_on: bool) -> None:
        """Fold every group, or none."""
        self.is_on = is_on
        self._opened = set()

    @property
    def groups(self) -> tuple[FoldGroup, ...]:
        """All that can fold, folded or not, the outermost first."""
        return self._plan.groups

    def folded(self) -> tuple[FoldGroup, ...]:
        """The groups that are one box each."""
        return self._plan.folded(self._opened) if self.is_on else ()

    def open_group(self, group: FoldGroup) -> None:
        """Unfold one group."""
        self._opened.add(group.key)

    def open_around(self, layer_index: int) -> bool:
        """Give a layer a box of its own; True if that unfolds anything."""
        hidden = {group.key for group in self._plan.around(layer_index)} - self._opened
        if not self.is_on or not hidden:
            return False
        self._opened |= hidden
        return True

    def opened_around(self, layer_index: int) -> tuple[FoldGroup, ...]:
        """The unfolded groups that a layer belongs to, the outermost first."""
        if not self.is_on:
            return ()
        return tuple(g for g in self._plan.around(layer_index) if g.key in self._opened)

    def close(self, groups: Iterable[FoldGroup]) -> None:
        """Fold groups again, and all that is inside them."""
        for group in groups:
            inside = set(group.layers)
            self._opened -= {g.key for g in self._plan.groups if inside.issuperset(g.layers)}


def plan_folds(net: Net) -> FoldPlan:
    """Find the stages, blocks and in-place chains of a net."""
    index_of = {layer.name: layer.index for layer in net.layers}

    def as_group(found: Group, kind: FoldKind, note: str) -> FoldGroup:
        return FoldGroup(kind, found.name, note, tuple(index_of[n] for n in found.layer_names))

    found_blocks = fold_blocks(net)
    blocks = [as_group(g, "block", plural(len(g.layer_names), "layer")) for g in found_blocks]
    n_boxes = len(net.layers) - sum(len(block.layers) - 1 for block in blocks)
    stages = []
    for stage in fold_stages(net, found_blocks) if n_boxes > STAGES_ABOVE else ():
        members = set(stage.layer_names)
        n_blocks = sum(members.issuperset(block.layer_names) for block in found_blocks)
        stages.append(as_group(stage, "stage", plural(n_blocks, "block")))
    return FoldPlan(tuple(stages), tuple(blocks), _fold_chains(net, blocks))


def _fold_chains(net: Net, blocks: Collection[FoldGroup]) -> tuple[FoldGroup, ...]:
    block_of = {index: i for i, block in enumerate(blocks) for index in block.layers}
    taken: set[int] = set()
    chains = []
    for run in in_place_runs(net):
        layers = tuple(version.layer_index for version in run)
        is_new = len(set(layers)) > 1 and taken.isdisjoint(layers)
        # a block that holds some of the layers and not the others would tear the chain
        is_in_one_place = len({block_of.get(index) for index in layers}) == 1
        if not (is_new and is_in_one_place and _is_closed(run)):
            continue
        taken.update(layers)
        others = ", ".join(version.layer for version in run[1:])
        chains.append(FoldGroup("chain", run[0].layer, f"+ {others}", layers))
    return tuple(chains)


def _is_closed(run: tuple[BlobVersion, ...]) -> bool:
    """Whether nothing outside the chain reads a value that the chain overwrites."""
    return all(before.readers == (after.layer,) for before, after in pairwise(run))
