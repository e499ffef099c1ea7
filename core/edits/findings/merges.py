"""Branches that a merge leaves out: one read twice in its stead, or one bottom short."""

from __future__ import annotations

from collections.abc import Iterator

from core.edits.findings.finding import Finding, NameChange, listed
from core.edits.findings.flow import Flow, is_measure
from core.layers.shapes import infer_shapes
from core.net.definition import Layer, Net

_MERGES = frozenset({"Concat", "Eltwise"})
_MOST_FORKS = 3
_ENDS = frozenset({"Convolution", "Pooling", "Deconvolution"})


def find_left_out_branches(net: Net) -> Iterator[Finding]:
    """Dead branches beside a merge of their siblings; any other dead end is an output."""
    flow = Flow(net)
    dead = [number for number in range(len(net.versions)) if _is_branch_end(flow, number)]
    if not dead:
        return
    for merge in (layer for layer in net.layers if layer.type in _MERGES):
        mine = [number for number in dead if _is_sibling(flow, number, merge)]
        if len(mine) == 1:
            found = _finding(flow, merge, mine[0])
            if found is not None:
                yield found


def _finding(flow: Flow, merge: Layer, number: int) -> Finding | None:
    blob, writer = flow.version(number).blob, flow.writer(number).name
    repeated = [i for i, name in enumerate(merge.bottoms) if merge.bottoms.count(name) > 1]
    if repeated:
        index = _place(flow, merge, number, repeated)
        now = merge.bottoms[index]
        if not _fits(flow, merge, number):
            return None
        return Finding(
            "read twice",
            "wrong values",
            (merge.name,),
            (NameChange(merge.name, "bottom", index, now, blob),),
            f"{merge.name} reads {now} twice and {blob} not at all",
            f"{merge.name} ({merge.type}) reads {now} twice, while {blob}, which {writer} writes "
            "beside it, is read by nobody and becomes a net output.",
        )
    if merge.type != "Concat" or not _others_read_more(flow, merge):
        return None
    row = NameChange(merge.name, "new bottom", _insertion(flow, merge, number), "", blob)
    return Finding(
        "dead branch",
        "suspect",
        (writer, merge.name),
        (row,),
        f"{merge.name} leaves out {blob}",
        f"{merge.name} reads {listed(list(merge.bottoms))}, which come from the same blob as "
        f"{blob}; that one is read by nobody, so Caffe makes it a net output and its branch is "
        "computed for nothing.",
    )


def _is_branch_end(flow: Flow, number: int) -> bool:
    writer = flow.writer(number)
    if not flow.is_dead(number) or is_measure(writer) or not writer.bottoms:
        return False
    return writer.type in _ENDS or flow.is_value_only(writer)


def _is_sibling(flow: Flow, number: int, merge: Layer) -> bool:
    """Whether every branch of the merge, and this one, leave the same blob shortly before."""
    if flow.writer(number).index > merge.index:
        return False
    forks = _forks(flow, number)
    reads = [n for n in flow.net.bottom_versions[merge.index] if n is not None]
    branches = [_forks(flow, n) for n in set(reads)]
    own = next(iter(forks), None)
    return own is not None and all(own in branch for branch in branches)


def _forks(flow: Flow, number: int) -> list[int]:
    """The versions with several readers from this one upwards, the nearest first."""
    found: list[int] = []
    while len(found) < _MOST_FORKS:
        if len(flow.readers(number)) > 1:
            found.append(number)
        sources = set(flow.net.bottom_versions[flow.writer(number).index]) - {None}
        if len(sources) != 1:
            break
        number = next(n for n in sources if n is not None)
    return found


def _fits(flow: Flow, merge: Layer, number: int) -> bool:
    """An Eltwise adds equal shapes only."""
    if merge.type != "Eltwise":
        return True
    shapes = infer_shapes(flow.net)
    version = flow.version(number)
    wanted = shapes.bottoms(merge)[0]
    return shapes.top(version.layer, version.top_index) == wanted


def _others_read_more(flow: Flow, merge: Layer) -> bool:
    """Whether this merge is one bottom short of most of its kind in this net."""
    counts = [len(x.bottoms) for x in flow.net.layers if x.type == merge.type and x is not merge]
    usual = len(merge.bottoms) + 1
    return len(counts) >= 2 and counts.count(usual) * 2 > len(counts)


def _place(flow: Flow, merge: Layer, number: int, repeated: list[int]) -> int:
    """Which of the repeated bottoms the branch belongs to: bottoms stand in file order."""
    first = flow.net.bottom_versions[merge.index][repeated[0]]
    return repeated[0] if first is not None and number < first else repeated[-1]


def _insertion(flow: Flow, merge: Layer, number: int) -> int:
    reads = flow.net.bottom_versions[merge.index]
    return sum(1 for read in reads if read is not None and read < number)
