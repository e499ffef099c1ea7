"""Which wires are drawn as a short stub with a name in place of a long line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gui.graph.picture import BoxPicture, EdgePicture, GraphPicture, StubPicture

MOST_READERS = 2
"""A data or label blob with more readers than this has stubs."""
_FAN = 4
_LONG = 6
_NEAR = 2


@dataclass(frozen=True)
class _Cut:
    """A wire that is not drawn: where it comes from, where it goes, what travels along it."""

    source: int
    target: int
    blob: str
    is_fan: bool


def cut_wires(picture: GraphPicture) -> GraphPicture:
    """The picture with stubs in place of wires that would only cross it.

    Cut are wires from a data layer to more than two boxes that read something else as well, and
    long wires into a box that gathers four or more (SSD's mbox concats), but for the nearest.
    """
    boxes = {box.key: box for box in picture.boxes}
    cuts = _cut_inputs(picture.edges, boxes)
    edges = _without(picture.edges, cuts)
    fans = _cut_fans(edges)
    edges = _without(edges, fans)
    return replace(picture, edges=edges, stubs=_stubs([*cuts, *fans], boxes))


def _cut_inputs(edges: Iterable[EdgePicture], boxes: Mapping[int, BoxPicture]) -> list[_Cut]:
    readers: dict[tuple[int, str], list[int]] = defaultdict(list)
    has_others: set[int] = set()
    for edge in edges:
        if edge.is_inactive:
            continue
        if boxes[edge.source].family != "data / input":
            has_others.add(edge.target)
            continue
        for blob in edge.blobs:
            readers[edge.source, blob].append(edge.target)
    return [
        _Cut(source, target, blob, is_fan=False)
        for (source, blob), targets in readers.items()
        if len(targets) > MOST_READERS
        for target in targets
        if target in has_others
    ]


def _cut_fans(edges: Iterable[EdgePicture]) -> list[_Cut]:
    into: dict[int, list[EdgePicture]] = defaultdict(list)
    for edge in edges:
        into[edge.target].append(edge)
    ranks = _ranks(into)
    cuts = []
    for target, gathered in into.items():
        lengths = {edge: ranks[target] - ranks[edge.source] for edge in gathered}
        if len(gathered) < _FAN or max(lengths.values()) <= _LONG:
            continue
        nearest = min(gathered, key=lambda edge: lengths[edge])
        cuts += [
            _Cut(edge.source, target, blob, is_fan=True)
            for edge in gathered
            if edge is not nearest and lengths[edge] > _NEAR
            for blob in edge.blobs
        ]
    return cuts


def _ranks(into: Mapping[int, Iterable[EdgePicture]]) -> dict[int, int]:
    """How many wires the longest way to each box has; boxes of one rank stand side by side."""
    ranks: dict[int, int] = {}
    keys = {edge.source for edges in into.values() for edge in edges} | set(into)
    for start in sorted(keys):
        waiting = [start]
        while waiting:
            key = waiting[-1]
            before = [edge.source for edge in into.get(key, ())]
            unknown = [k for k in before if k not in ranks and k not in waiting]
            if unknown:
                waiting += unknown
                continue
            ranks[key] = max((ranks.get(k, 0) + 1 for k in before), default=0)
            waiting.pop()
    return ranks


def _without(edges: Iterable[EdgePicture], cuts: Iterable[_Cut]) -> tuple[EdgePicture, ...]:
    gone = {(cut.source, cut.target, cut.blob) for cut in cuts}
    kept = []
    for edge in edges:
        ways = [
            i for i, blob in enumerate(edge.blobs) if (edge.source, edge.target, blob) not in gone
        ]
        if len(ways) == len(edge.blobs):
            kept.append(edge)
        elif ways:
            shapes = tuple(edge.shapes[i] for i in ways) if edge.shapes else ()
            kept.append(replace(edge, blobs=tuple(edge.blobs[i] for i in ways), shapes=shapes))
    return tuple(kept)


def _stubs(cuts: Iterable[_Cut], boxes: Mapping[int, BoxPicture]) -> tuple[StubPicture, ...]:
    """One stub a box: what it reads, what it gathers, and where its own output goes."""
    reads: dict[int, list[_Cut]] = defaultdict(list)
    gathers: dict[int, list[_Cut]] = defaultdict(list)
    feeds: dict[int, list[_Cut]] = defaultdict(list)
    ends_of: dict[tuple[int, str], set[int]] = defaultdict(set)
    for cut in cuts:
        if not cut.is_fan:
            reads[cut.target].append(cut)
            ends_of[cut.source, cut.blob] |= {cut.source, cut.target}
        else:
            gathers[cut.target].append(cut)
            feeds[cut.source].append(cut)
    stubs = []
    for key in sorted({*reads, *gathers, *feeds}):
        words = [cut.blob for cut in reads[key]]
        lines = [f"{cut.blob}, written by {boxes[cut.source].name}" for cut in reads[key]]
        ends = {key}.union(*(ends_of[cut.source, cut.blob] for cut in reads[key]))
        if gathers[key]:
            n = len({cut.source for cut in gathers[key]})
            words.append(f"{n} more inputs" if n > 1 else "1 more input")
            lines += [f"{cut.blob}, written by {boxes[cut.source].name}" for cut in gathers[key]]
            ends |= {cut.source for cut in gathers[key]}
        targets = sorted({cut.target for cut in feeds[key]})
        if targets:
            names = ", ".join(boxes[target].name for target in targets)
            words.append(f"to {names}")
            lines.append(f"read by {names}")
            ends |= set(targets)
        stubs.append(StubPicture(key, ", ".join(words), tuple(lines), tuple(sorted(ends))))
    return tuple(stubs)
