"""Which layers of a net fold into one box: one name prefix, a run to a pooling, a merge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.net.definition import Net

_FEWEST_LAYERS = 3
_MOST_LAYERS = 48
"""More branches than this between two merges (SegNet, OpenPose) say nothing as one box."""
_NORMALISATIONS = frozenset({"LRN", "BatchNorm", "Scale", "BN", "MVN"})
_BLOCK_TYPES = _NORMALISATIONS | frozenset(
    {
        "Convolution", "ConvolutionDepthwise", "DepthwiseConvolution", "Deconvolution", "ReLU",
        "PReLU", "ELU", "Sigmoid", "TanH", "ReLU6", "Dropout", "Pooling", "Power", "AbsVal",
    }
)  # fmt: skip


_HEAD_TYPES = frozenset({"Convolution", "Permute", "Flatten", "Reshape"})
_FEWEST_BLOCKS = 3
_JOINTS = "_/.-"
_SCORES = ("Loss", "Accuracy")
_STEM = re.compile(r"(?P<word>\D*)(?P<number>\d*)(?P<rest>.*)")


@dataclass(frozen=True)
class Group:
    """Layers drawn as one box, in file order; `name` is what the box is called."""

    name: str
    layer_names: tuple[str, ...]


def fold_blocks(net: Net) -> tuple[Group, ...]:
    """The groups of the folded view, in file order; layers outside them stay single.

    A group is closed under paths (folding it makes no cycle), has at least three layers, and
    never holds an input layer or a layer that writes an output of the net, but for the losses and
    accuracies of auxiliary heads.
    """
    flow = _Flow(net)
    by_prefix = [_Found(f"{p}/*", members) for p, members in _prefix_groups(flow)]
    by_merge = [_Found(flow.range_name(members), members) for members in _merge_groups(flow)]
    runs = [*_pooling_groups(flow), *_head_groups(flow)]
    by_run = [_Found(flow.range_name(members), members) for members in runs]
    chosen: list[_Found] = []
    taken: set[int] = set()
    for found in [*_widest(by_prefix, by_merge), *by_run]:
        if len(found.members) >= _FEWEST_LAYERS and taken.isdisjoint(found.members):
            chosen.append(found)
            taken |= found.members
    chosen = _without_cycles(flow, sorted(chosen, key=lambda found: min(found.members)))
    return tuple(
        Group(found.name, tuple(flow.names[i] for i in sorted(found.members))) for found in chosen
    )


def fold_stages(net: Net, blocks: Sequence[Group]) -> tuple[Group, ...]:
    """Runs of like-named blocks that follow one another, as one group each: "res3a ... res3b7".

    blocks: what `fold_blocks` found. Each stage holds at least three of them and nothing else, and
    only its last one is read by what follows.
    """
    flow = _Flow(net)
    index_of = {name: i for i, name in enumerate(flow.names)}
    runs: list[list[Group]] = []
    last_stem, last_end = "", -1
    last_members: list[int] = []
    for block in blocks:
        members = [index_of[name] for name in block.layer_names]
        stem = _stem_of(block)
        is_next = (
            bool(stem)
            and stem == last_stem
            and min(members) == last_end + 1
            and not flow.is_read_after(last_members, members)
        )
        if is_next:
            runs[-1].append(block)
        else:
            runs.append([block])
        last_stem, last_end, last_members = stem, max(members), members
    stages = [_as_stage(run) for run in runs if len(run) >= _FEWEST_BLOCKS]
    return tuple(stage for stage in stages if _is_closed(flow, stage, index_of))


def _is_closed(flow: _Flow, stage: Group, index_of: Mapping[str, int]) -> bool:
    """Whether no layer outside lies on a path from one of its layers to another."""
    members = {index_of[name] for name in stage.layer_names}
    return flow.closed(members) == members


def block_prefix(block: Group) -> str:
    """What the names at both ends of a block share: "res3b1" of res3b1_branch2a ... res3b1_relu."""
    if block.name.endswith("*"):
        return block.name[:-1].rstrip("_/.-")
    first, last = block.layer_names[0], block.layer_names[-1]
    return first[: _n_shared(first, last)].rstrip("_/.-")


def _stem_of(block: Group) -> str:
    """What blocks of one stage share: "res3" of res3a and res3b7, "dense" of dense67."""
    found = _STEM.fullmatch(block_prefix(block))
    if not found or not found["number"]:
        return block_prefix(block).rstrip("abcdefghijklmnopqrstuvwxyz") if found else ""
    return found["word"] + found["number"] if found["rest"] else found["word"]


def _as_stage(run: Sequence[Group]) -> Group:
    names = tuple(name for block in run for name in block.layer_names)
    return Group(f"{block_prefix(run[0])} ... {block_prefix(run[-1])}", names)


@dataclass(frozen=True)
class _Found:
    name: str
    members: frozenset[int]


class _Flow:
    """The layers as numbers in file order, and what flows where."""

    def __init__(self, net: Net) -> None:
        self.names = [layer.name for layer in net.layers]
        self.types = [layer.type for layer in net.layers]
        self.is_in_place = [layer.is_in_place for layer in net.layers]
        self.sources: list[list[int]] = []
        self.targets: list[list[int]] = [[] for _ in net.layers]
        for i, layer in enumerate(net.layers):
            versions = [version for version in net.read(layer) if version is not None]
            self.sources.append(sorted({version.layer_index for version in versions}))
            for source in self.sources[i]:
                self.targets[source].append(i)
        writes_output = {version.layer_index for version in net.outputs}
        self.may_fold = [
            bool(layer.bottoms) and i not in writes_output for i, layer in enumerate(net.layers)
        ]
        self.is_score = [
            i in writes_output and len(layer.bottoms) > 1 and layer.type.endswith(_SCORES)
            for i, layer in enumerate(net.layers)
        ]

    def range_name(self, members: frozenset[int]) -> str:
        """ "inception_3a/*", "res2a_*" where both ends begin so, else "conv4_1 ... pool4"."""
        prefixes = {_prefix(self.names[i]) for i in members}
        if len(prefixes) == 1 and (only := prefixes.pop()):
            return f"{only}/*"
        first, last = self.names[min(members)], self.names[max(members)]
        return _shared_pattern(first, last) or f"{first} ... {last}"

    def is_read_after(self, members: Sequence[int], following: Sequence[int]) -> bool:
        """Whether a layer after `following` reads any of `members`."""
        end = max(following)
        return any(target > end for i in members for target in self.targets[i])

    def closed(self, members: set[int]) -> frozenset[int]:
        """Members with every layer that lies on a path from one of them to another."""
        low, high = min(members), max(members)
        after, before = set(members), set(members)
        for i in range(low, high + 1):
            if any(source in after for source in self.sources[i]):
                after.add(i)
        for i in range(high, low - 1, -1):
            if any(target in before for target in self.targets[i]):
                before.add(i)
        return frozenset(after & before)


def _shared_pattern(first: str, last: str) -> str:
    """ "res2a_*" for "res2a_branch1" and "res2a_relu"; "" where no whole word is shared."""
    shared = _n_shared(first, last)
    if shared == len(first) and last[shared : shared + 1] in _JOINTS:
        return f"{first}{last[shared : shared + 1]}*"
    cut = max(first.rfind(joint, 0, shared) for joint in _JOINTS)
    return f"{first[: cut + 1]}*" if cut > 0 else ""


def _n_shared(first: str, last: str) -> int:
    """With how many letters both begin."""
    pairs = enumerate(zip(first, last, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))


def _prefix(name: str) -> str:
    return name.partition("/")[0] if "/" in name else ""


def _prefix_groups(flow: _Flow) -> list[tuple[str, frozenset[int]]]:
    """Foldable layers that share what stands before the first slash of their names.

    A layer whose whole name that is belongs to them; so do the losses and accuracies of a head
    that the net does not end in (GoogLeNet's loss1).
    """
    by_prefix: dict[str, set[int]] = {}
    for i, name in enumerate(flow.names):
        if (flow.may_fold[i] or flow.is_score[i]) and (prefix := _prefix(name)):
            by_prefix.setdefault(prefix, set()).add(i)
    number_of = {name: i for i, name in enumerate(flow.names) if flow.may_fold[i]}
    groups = []
    for prefix, members in by_prefix.items():
        if len(flow.names) - 1 in members:  # the head that the net ends in shows its scores
            members = {i for i in members if flow.may_fold[i]}
        if not members:
            continue
        closed = flow.closed(members)
        if prefix in number_of:  # MobileNet's conv0 leads conv0/bn, conv0/scale and conv0/relu
            led = flow.closed({*members, number_of[prefix]})
            closed = led if led <= closed | {number_of[prefix]} else closed
        if all(flow.may_fold[i] or (flow.is_score[i] and i in members) for i in closed):
            groups.append((prefix, closed))
    return groups


def _merge_groups(flow: _Flow) -> list[frozenset[int]]:
    """Branches between two layers that everything passes through, with the merge ending them.

    Lines from layers without bottoms (labels, image sizes) don't count as passing.
    """
    n_layers = len(flow.names)
    n_passing = [0] * (n_layers + 1)
    for target, sources in enumerate(flow.sources):
        for source in sources:
            if flow.sources[source] or target == source + 1:
                n_passing[source + 1] += 1
                n_passing[target] -= 1
    groups = []
    last_cut, passing = -1, 0
    for i in range(n_layers):
        passing += n_passing[i]
        if passing:
            continue
        is_merge = len(flow.sources[i]) > 1
        members = {*range(last_cut + 1, i + 1)}
        last_cut = i
        if is_merge and 1 < len(members) <= _MOST_LAYERS:
            members |= _in_place_after(flow, i)
            if all(flow.may_fold[m] for m in members):
                groups.append(frozenset(members))
    return groups


def _in_place_after(flow: _Flow, layer: int) -> set[int]:
    """The in-place layers that follow on the same blob."""
    found: set[int] = set()
    while len(flow.targets[layer]) == 1 and flow.is_in_place[flow.targets[layer][0]]:
        layer = flow.targets[layer][0]
        if not flow.may_fold[layer]:
            break
        found.add(layer)
    return found


def _pooling_groups(flow: _Flow) -> list[frozenset[int]]:
    """Runs of convolution and its kind, each reading only the one before, to a pooling.

    What directly follows the pooling in place (CIFAR's relu1) or normalises (CaffeNet's norm1)
    belongs to the run.
    """
    groups = []
    for run in _linear_runs(flow, _BLOCK_TYPES):
        start = 0
        for k, i in enumerate(run):
            if flow.types[i] != "Pooling" or k < start:
                continue
            end = k + 1
            while end < len(run) and (
                flow.types[run[end]] in _NORMALISATIONS or flow.is_in_place[run[end]]
            ):
                end += 1
            groups.append(frozenset(run[start:end]))
            start = end
    return groups


def _head_groups(flow: _Flow) -> list[frozenset[int]]:
    """Convolution, permute, flatten: how SSD and its kind read one feature map."""
    return [
        frozenset(run)
        for run in _linear_runs(flow, _HEAD_TYPES)
        if flow.types[run[0]] == "Convolution" and flow.types[run[-1]] != "Convolution"
    ]


def _linear_runs(flow: _Flow, types: frozenset[str]) -> list[list[int]]:
    """Longest runs of foldable layers of these types, each reading only the one before it."""
    runs: list[list[int]] = []
    run_ending_in: dict[int, list[int]] = {}
    for i, sources in enumerate(flow.sources):
        if not flow.may_fold[i] or flow.types[i] not in types or len(sources) != 1:
            continue
        run = run_ending_in.pop(sources[0], None)
        if run is None:
            run = []
            runs.append(run)
        run.append(i)
        run_ending_in[i] = run
    return runs


def _widest(by_prefix: Sequence[_Found], by_merge: Sequence[_Found]) -> list[_Found]:
    """Prefix groups first, except those that lie wholly inside the branches of a merge."""
    inner = {
        found for found in by_prefix if any(found.members < merge.members for merge in by_merge)
    }
    return [*(found for found in by_prefix if found not in inner), *by_merge, *inner]


def _without_cycles(flow: _Flow, chosen: list[_Found]) -> list[_Found]:
    """Drop groups that wait on each other (each closed, but A feeds B and B feeds A)."""
    while chosen:
        stuck = _stuck_groups(flow, chosen)
        if not stuck:
            break
        chosen = [found for k, found in enumerate(chosen) if k != max(stuck)]
    return chosen


def _stuck_groups(flow: _Flow, chosen: Sequence[_Found]) -> set[int]:
    n_layers = len(flow.names)
    box = list(range(n_layers))
    for k, found in enumerate(chosen):
        for member in found.members:
            box[member] = n_layers + k
    targets: dict[int, set[int]] = {b: set() for b in box}
    n_open = dict.fromkeys(targets, 0)
    for source, others in enumerate(flow.targets):
        for target in others:
            if box[source] != box[target] and box[target] not in targets[box[source]]:
                targets[box[source]].add(box[target])
                n_open[box[target]] += 1
    ready = [b for b, n in n_open.items() if n == 0]
    while ready:
        for target in targets[ready.pop()]:
            n_open[target] -= 1
            if n_open[target] == 0:
                ready.append(target)
    return {b - n_layers for b, n in n_open.items() if n > 0 and b >= n_layers}
