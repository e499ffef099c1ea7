"""Recognising the wrong rewiring of in-place layers that tutorials teach.

There relu7 and drop7 both read fc7 and fc8 still reads fc7, so ReLU and Dropout are dead ends
(CAFFE.md 1). A layer is bypassed when it changes values only, nothing reads what it writes, and
a later layer reads what it read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.net.definition import BlobVersion, Layer, Net
from core.net.reader import read_net
from core.net.rename import RenamePlan, TextEdit, apply_edits

_PASS_THROUGH = frozenset(
    {"ReLU", "ReLU6", "PReLU", "ELU", "BNLL", "Dropout", "BatchNorm", "Scale", "Bias"}
)
_MEASURES = frozenset({"Accuracy", "Silence", "HDF5Output"})


@dataclass(frozen=True)
class RewiredName:
    """One bottom that reads the wrong blob."""

    layer: str
    reads_now: str
    should_read: str


@dataclass(frozen=True)
class Rewiring:
    """Layers that are bypassed, in words, and the names that put them back."""

    bypassed: tuple[str, ...]
    rows: tuple[RewiredName, ...]
    title: str
    body: str


def find_bypassed_layers(net: Net) -> tuple[Rewiring, ...]:
    """Every place where a value-only layer is a dead end beside the path that should use it."""
    found = (_examine(net, version) for version in net.versions)
    return tuple(rewiring for rewiring in found if rewiring is not None)


def plan_fix(net: Net, rewirings: Sequence[Rewiring]) -> RenamePlan:
    """The edit that makes every listed layer read what it should, as one undoable step."""
    should = {
        (row.layer, row.reads_now): row.should_read for found in rewirings for row in found.rows
    }
    edits = []
    for layer in net.layers:
        for blob, span in zip(layer.bottoms, layer.bottom_spans, strict=True):
            name = should.get((layer.name, blob))
            if name is not None and span is not None:
                old = net.text[span.start : span.end]
                quote = old[0] if old[0] in "\"'" else '"'
                edits.append(TextEdit(span.start, span.end, old, f"{quote}{name}{quote}"))
    edits.sort(key=lambda edit: edit.start)
    new_text = apply_edits(net.text, edits)
    read_net(new_text, state=net.state)
    touched = tuple(dict.fromkeys(layer for layer, _ in should))
    return RenamePlan((), tuple(edits), net.text, new_text, touched)


def _examine(net: Net, version: BlobVersion) -> Rewiring | None:
    readers = list(_readers(net, version))
    chain = [layer for layer in readers if _is_pass_through(layer)]
    dead = [layer for layer in chain if not any(v.readers for v in net.written(layer))]
    if not dead or not _is_used_beside(readers, dead[0]):
        return None
    rows = tuple(_rows(readers, chain, version.blob))
    if not rows:
        return None
    return Rewiring(
        tuple(layer.name for layer in dead), rows, _title(dead), _body(version, dead, chain, rows)
    )


def _readers(net: Net, version: BlobVersion) -> Iterator[Layer]:
    for layer in net.layers:
        if version in net.read(layer):
            yield layer


def _is_pass_through(layer: Layer) -> bool:
    return layer.type in _PASS_THROUGH and len(layer.bottoms) == 1 and not layer.is_in_place


def _is_used_beside(readers: Sequence[Layer], dead: Layer) -> bool:
    """A later reader that is no measure; a score head beside a loss is a usual thing."""
    return any(
        layer.index > dead.index
        and layer.type not in _MEASURES
        and not layer.type.endswith("Loss")
        and layer.type != "SoftmaxWithLoss"
        for layer in readers
    )


def _rows(readers: Sequence[Layer], chain: Sequence[Layer], blob: str) -> Iterator[RewiredName]:
    last: Layer | None = None
    for layer in readers:
        if last is not None:
            yield RewiredName(layer.name, blob, last.tops[0])
        if layer in chain:
            last = layer


def _title(dead: Sequence[Layer]) -> str:
    names = _listed([layer.name for layer in dead])
    return f"{names} {'is' if len(dead) == 1 else 'are'} bypassed in this file"


def _body(
    version: BlobVersion,
    dead: Sequence[Layer],
    chain: Sequence[Layer],
    rows: Sequence[RewiredName],
) -> str:
    chained = {layer.name for layer in chain}
    beside = [row.layer for row in rows if row.layer not in chained]
    types = _listed(list(dict.fromkeys(layer.type for layer in dead)))
    both = _listed([layer.name for layer in chain])
    verb = "reads" if len(chain) == 1 else "both read" if len(chain) == 2 else "all read"
    text = f"{both} {verb} {version.blob}"
    if beside:
        names, s = _listed(beside), "s" if len(beside) == 1 else ""
        text += f", and {names} still read{s} {version.blob}. So {names} work{s}"
    else:
        text += f". So what follows {chain[-1].name} works"
    ending = "and every score of this net differs from the original's."
    return f"{text} on values before {types}, {ending}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
