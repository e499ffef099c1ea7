"""What the graph shows of a net, as plain values: boxes, edges, brackets and badges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.layers.failures import failing_layers
from core.layers.registry import layer_type
from core.layers.shapes import NetShapes
from core.net.definition import BlobVersion, Layer, Net
from core.net.sentences import sharing_sentence
from core.words import plural

BadgeState = Literal["overwritten", "readable", "own", "plain"]
BracketKind = Literal["shared", "folded", "own"]
FoldKind = Literal["chain", "block", "stage"]

UNKNOWN_SHAPE = "shape unknown"
_MOST_SHAPES = 3


@dataclass(frozen=True)
class FoldGroup:
    """Layers that one box can stand for: a chain shares a blob, a stage holds blocks."""

    kind: FoldKind
    title: str
    note: str
    layers: tuple[int, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Names the group as long as its layers keep their names."""
        return self.kind, self.title


@dataclass(frozen=True)
class BadgePicture:
    """A blob version beside its box; `wish` is the layer a click gives a blob, "" for none."""

    layer: str
    top_index: int
    label: str
    state: BadgeState
    wish: str
    overwritten_by: str


@dataclass(frozen=True)
class BoxPicture:
    """One box: a layer, or several folded into one; `key` is the index of its first layer."""

    key: int
    layers: tuple[str, ...]
    name: str
    note: str
    shape: str
    family: str
    is_data: bool
    group: FoldGroup | None
    badges: tuple[BadgePicture, ...]
    is_inactive: bool = False
    failure: str = ""
    """Why the layer, or one of those folded into it, can't run."""

    @property
    def is_folded(self) -> bool:
        """Whether the box stands for several layers."""
        return self.group is not None


@dataclass(frozen=True)
class EdgePicture:
    """One arrow between two boxes, the blob versions that travel along it and their shapes."""

    source: int
    target: int
    blobs: tuple[str, ...]
    shapes: tuple[str, ...] = ()
    is_inactive: bool = False


@dataclass(frozen=True)
class BracketPicture:
    """A bracket over boxes (by key, in order) that share a blob, or that got blobs of their own."""

    kind: BracketKind
    boxes: tuple[int, ...]
    title: str
    subtitle: str
    sentence: str = ""


@dataclass(frozen=True)
class StubPicture:
    """The short end of wires that are not drawn, at a box: its words, and a line for each wire.

    ends: keys of all boxes that these wires join, the box itself among them.
    """

    box: int
    words: str
    lines: tuple[str, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True)
class GraphPicture:
    """Everything the scene mirrors; `box_of` leads from a layer index to its box's key."""

    boxes: tuple[BoxPicture, ...]
    edges: tuple[EdgePicture, ...]
    brackets: tuple[BracketPicture, ...]
    box_of: Mapping[int, int]
    stubs: tuple[StubPicture, ...] = ()

    @property
    def topology(self) -> tuple[object, ...]:
        """Equal for two pictures that can keep the same positions."""
        boxes = tuple((box.key, len(box.layers), bool(box.badges)) for box in self.boxes)
        ends = frozenset((edge.source, edge.target) for edge in self.edges)
        return boxes, ends, frozenset(stub.box for stub in self.stubs)


def draw_picture(
    net: Net,
    shapes: NetShapes,
    *,
    folded: Sequence[FoldGroup] = (),
    own_blobs: Iterable[tuple[str, str]] = (),
) -> GraphPicture:
    """Describe the graph of `net` with `folded` groups as one box each.

    own_blobs: (layer, top) pairs that a rename gave a blob of their own.
    """
    own = frozenset(own_blobs)
    group_of = {index: group for group in folded for index in group.layers}
    box_of = {
        layer.index: group_of[layer.index].layers[0] if layer.index in group_of else layer.index
        for layer in net.layers
    }
    runs = in_place_runs(net)
    own_runs = _own_runs(net, own)
    badges = _badges(net, own, {version.layer_index for run in own_runs for version in run})
    failures = failing_layers(net, shapes)
    boxes = tuple(
        _draw_box(net, shapes, layer, group_of.get(layer.index), badges, failures)
        for layer in net.layers
        if box_of[layer.index] == layer.index
    )
    brackets = (
        *_shared_brackets(net, runs, box_of, group_of),
        *_own_brackets(own_runs, box_of, group_of),
    )
    return GraphPicture(boxes, _draw_edges(net, shapes, box_of), brackets, box_of)


def in_place_runs(net: Net) -> tuple[tuple[BlobVersion, ...], ...]:
    """Versions of one blob, each overwritten by a layer that reads it: the true in-place chains."""
    runs: list[tuple[BlobVersion, ...]] = []
    for chain in net.chains:
        run: list[BlobVersion] = []
        for version in chain.versions:
            layer = net.layers[version.layer_index]
            if run and version.top_index not in layer.in_place_tops():
                runs.append(tuple(run))
                run = []
            run.append(version)
        runs.append(tuple(run))
    return tuple(run for run in runs if len(run) > 1)


def has_same_layers(net: Net | None, other: Net | None) -> bool:
    """Whether two nets have layers of the same names in the same order, as before a rename."""
    if net is None or other is None:
        return False
    return [layer.name for layer in net.layers] == [layer.name for layer in other.layers]


def shape_words(shape: Sequence[int] | None, *, with_batch: bool = False) -> str:
    """ "512×14×14": the sizes of a shape, the batch axis left out unless asked for."""
    if shape is None:
        return UNKNOWN_SHAPE
    sizes = shape if with_batch or len(shape) < 2 else shape[1:]
    return "×".join(str(size) for size in sizes) if shape else "scalar"


def _draw_box(
    net: Net,
    shapes: NetShapes,
    first: Layer,
    group: FoldGroup | None,
    badges: Mapping[int, tuple[BadgePicture, ...]],
    failures: Mapping[str, str],
) -> BoxPicture:
    members = [net.layers[index] for index in group.layers] if group else [first]
    last = members[-1]
    shown = badges.get(last.index, ())
    if group and group.kind != "chain":
        shown = _new_blobs(members, badges)
    family = layer_type(first.type).family
    return BoxPicture(
        key=first.index,
        layers=tuple(member.name for member in members),
        name=group.title if group else first.name,
        note=group.note if group else first.type,
        shape=_shape_of(shapes, last),
        family=family,
        is_data=family == "data / input" and group is None,
        group=group,
        badges=shown,
        failure=next((failures[m.name] for m in members if m.name in failures), ""),
    )


def _new_blobs(
    members: Sequence[Layer], badges: Mapping[int, tuple[BadgePicture, ...]]
) -> tuple[BadgePicture, ...]:
    """One badge for all blobs that a rename gave the layers of a block."""
    inside = [badge for member in members for badge in badges.get(member.index, ())]
    own = [badge for badge in inside if badge.state == "own"]
    if not own:
        return ()
    words = "1 blob new" if len(own) == 1 else f"{plural(len(own), 'blob')} new"
    return (BadgePicture(own[0].layer, own[0].top_index, words, "own", "", ""),)


def _shape_of(shapes: NetShapes, layer: Layer) -> str:
    words = [shape_words(shapes.top(layer, i)) for i in range(len(layer.tops))]
    if len(words) > 1 and all(word == UNKNOWN_SHAPE for word in words):
        return "shapes unknown"
    return ", ".join([*words[:_MOST_SHAPES], "…"] if len(words) > _MOST_SHAPES else words)


def _draw_edges(net: Net, shapes: NetShapes, box_of: Mapping[int, int]) -> tuple[EdgePicture, ...]:
    carried: dict[tuple[int, int], dict[str, str]] = {}
    for layer in net.layers:
        for version in net.read(layer):
            if version is None:
                continue
            ends = (box_of[version.layer_index], box_of[layer.index])
            if ends[0] != ends[1]:
                top = shapes.top(net.layers[version.layer_index], version.top_index)
                shape = shape_words(top, with_batch=True)
                carried.setdefault(ends, {}).setdefault(version.label, shape)
    return tuple(
        EdgePicture(source, target, tuple(blobs), tuple(blobs.values()))
        for (source, target), blobs in carried.items()
    )


def _badges(
    net: Net, own: frozenset[tuple[str, str]], near_own: set[int]
) -> dict[int, tuple[BadgePicture, ...]]:
    """The badges of every layer whose blob is shared, or was until a rename."""
    found: dict[int, list[BadgePicture]] = {}
    for version in net.versions:
        is_own = (version.layer, version.blob) in own
        if version.n_versions > 1 or is_own or version.layer_index in near_own:
            badge = _badge(net, version, is_own)
            found.setdefault(version.layer_index, []).append(badge)
    return {index: tuple(badges) for index, badges in found.items()}


def _badge(net: Net, version: BlobVersion, is_own: bool) -> BadgePicture:
    in_place = version.top_index in net.layers[version.layer_index].in_place_tops()
    wish = version.layer if in_place else (version.overwritten_by or "")
    state: BadgeState = "readable"
    if not version.is_readable:
        state = "overwritten"
    elif version.n_versions == 1:
        state, wish = ("own" if is_own else "plain"), ""
    return BadgePicture(
        layer=version.layer,
        top_index=version.top_index,
        label=version.label,
        state=state,
        wish=wish,
        overwritten_by=version.overwritten_by or "",
    )


def _shared_brackets(
    net: Net,
    runs: Sequence[Sequence[BlobVersion]],
    box_of: Mapping[int, int],
    group_of: Mapping[int, FoldGroup],
) -> list[BracketPicture]:
    sentence_of = {chain.blob: sharing_sentence(chain.versions) for chain in net.chains}
    brackets = []
    for run in runs:
        indices = [version.layer_index for version in run]
        sentence = sentence_of[run[0].blob]
        boxes = tuple(dict.fromkeys(box_of[index] for index in indices))
        title = f"shares blob {run[0].blob}"
        group = group_of.get(indices[0])
        if len(boxes) > 1:
            words = f"{plural(len(run), 'writer')}, 1 blob"
            brackets.append(BracketPicture("shared", boxes, title, words, sentence))
        elif group is not None and group.kind == "chain":
            words = f"{plural(len(run), 'layer')}, folded"
            brackets.append(BracketPicture("folded", boxes, title, words, sentence))
    return brackets


def _own_runs(net: Net, own: frozenset[tuple[str, str]]) -> list[list[BlobVersion]]:
    """Layers that got blobs of their own, each run led by the layer whose blob they shared."""
    runs: list[list[BlobVersion]] = []
    run_of: dict[tuple[int, int], list[BlobVersion]] = {}
    for version in net.versions:
        if (version.layer, version.blob) not in own:
            continue
        layer = net.layers[version.layer_index]
        reads = net.read(layer)
        before = reads[version.top_index] if version.top_index < len(reads) else None
        origin = (before.layer_index, before.top_index) if before else None
        run = run_of.get(origin) if origin else None
        if run is None:
            run = [before] if before else []
            runs.append(run)
            if before and origin:
                run_of[origin] = run
        run.append(version)
        run_of[version.layer_index, version.top_index] = run
    return runs


def _own_brackets(
    runs: Iterable[Sequence[BlobVersion]],
    box_of: Mapping[int, int],
    group_of: Mapping[int, FoldGroup],
) -> list[BracketPicture]:
    brackets = []
    for run in runs:
        boxes = tuple(dict.fromkeys(box_of[version.layer_index] for version in run))
        n_blobs = len({version.blob for version in run})
        group = group_of.get(run[0].layer_index)
        if len(boxes) < 2 and (group is None or group.kind != "chain"):
            continue
        # what still shares its blob has a bracket of its own, and its label, in this place
        is_free = all(version.n_versions == 1 for version in run)
        title = f"{plural(len(run), 'layer')}, {plural(n_blobs, 'blob')}" if is_free else ""
        words = "all readable" if is_free else ""
        brackets.append(BracketPicture("own", boxes, title, words))
    return brackets
