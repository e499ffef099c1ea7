"""Plants the mistakes people make when they rewire nets by hand, each in every place it fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from core.net.definition import BlobVersion, Chain, Layer, Net
from core.net.reader import read_net
from core.net.rename import plan_rename_all

Name = tuple[str, str, int, str]
"""Layer, "bottom" or "top", index, what it says from now on."""


class Planted(NamedTuple):
    """A mistake: its kind, a layer it concerns, the right text and the wrong one."""

    kind: str
    layer: str
    right: str
    wrong: str


def planted(net: Net) -> Iterator[Planted]:
    """Every mistake in every place of a sound net."""
    own = read_net(plan_rename_all(net).new_text)
    for kind, plant in KINDS.items():
        for layer, right, names in plant(net, own):
            wrong = with_names(right, names)
            if wrong != right.text:
                yield Planted(kind, layer, right.text, wrong)
    for layer, wrong in _left_out(own):
        yield Planted("a concat leaves a branch out", layer, own.text, wrong)


Places = Iterator[tuple[str, Net, list[Name]]]


def with_names(net: Net, names: Sequence[Name]) -> str:
    """The text with these names; written anew here, so that no code under test does it."""
    places = []
    for layer, place, index, name in names:
        found = net.layer(layer)
        span = (found.bottom_spans if place == "bottom" else found.top_spans)[index]
        assert span is not None
        places.append((span.start, span.end, name))
    text = net.text
    for start, end, name in sorted(set(places), reverse=True):
        text = f'{text[:start]}"{name}"{text[end:]}'
    return text


def wiring(text: str) -> object:
    """Which layer reads what whom wrote, whatever the names: equal wirings compute equal values."""
    net = read_net(text)
    return (
        [(layer.name, layer.type) for layer in net.layers],
        net.bottom_versions,
        [(version.layer_index, version.top_index) for version in net.versions],
        bool(net.problems),
    )


def _members(net: Net, chain: Chain) -> list[Layer]:
    return [net.layer(version.layer) for version in chain.versions]


def _reads(net: Net, version: BlobVersion) -> list[tuple[str, str, int]]:
    return [
        (layer.name, "bottom", index)
        for layer in net.layers
        for index, read in enumerate(net.read(layer))
        if read == version
    ]


def _read_by(net: Net, version: BlobVersion, name: str) -> list[Name]:
    return [(*read, name) for read in _reads(net, version)]


def _chains(net: Net, own: Net, least: int) -> Iterator[tuple[list[Layer], BlobVersion]]:
    """The layers of a chain with blobs of their own, and the last of their versions."""
    for chain in net.chains:
        members = [own.layer(layer.name) for layer in _members(net, chain)]
        last = own.written(members[-1])[0]
        if len(members) > least and _reads(own, last):
            yield members, last


def _all_parallel(net: Net, own: Net) -> Places:
    for members, last in _chains(net, own, 2):
        raw = members[0].tops[0]
        names: list[Name] = [(m.name, "bottom", 0, raw) for m in members[1:]]
        yield members[1].name, own, [*names, *_read_by(own, last, raw)]


def _top_alone(net: Net, own: Net) -> Places:
    for chain in net.chains:
        members = _members(net, chain)
        if _reads(net, chain.versions[-1]):
            layer = members[-1]
            yield layer.name, net, [(layer.name, "top", 0, f"{layer.name}_out")]


def _end_bypassed(net: Net, own: Net) -> Places:
    for members, last in _chains(net, own, 2):
        yield members[-1].name, own, _read_by(own, last, members[-2].tops[0])


def _second_reads_raw(net: Net, own: Net) -> Places:
    for members, _ in _chains(net, own, 2):
        yield members[1].name, own, [(members[2].name, "bottom", 0, members[0].tops[0])]


def _last_skips_one(net: Net, own: Net) -> Places:
    for members, _ in _chains(net, own, 3):
        yield members[2].name, own, [(members[3].name, "bottom", 0, members[1].tops[0])]


def _chain_bypassed(net: Net, own: Net) -> Places:
    for members, last in _chains(net, own, 2):
        readers = {own.layer(layer).type for layer, _, _ in _reads(own, last)}
        if not readers & {"Eltwise", "Concat"}:
            yield members[1].name, own, _read_by(own, last, members[0].tops[0])


def _merge_reads_raw(kind: str) -> Callable[[Net, Net], Places]:
    def plant(net: Net, own: Net) -> Places:
        for members, last in _chains(net, own, 1):
            reads = _reads(own, last)
            if len(reads) == 1 and own.layer(reads[0][0]).type == kind:
                yield reads[0][0], own, _read_by(own, last, members[0].tops[0])

    return plant


def _one_of_two_readers(net: Net, own: Net) -> Places:
    for members, last in _chains(net, own, 1):
        reads = [r for r in _reads(own, last) if own.layer(r[0]).type == "Convolution"]
        if len(reads) > 1 and members[1].type == "ReLU" and len(members) == 2:
            yield reads[-1][0], own, [(*reads[-1], members[0].tops[0])]


def _first_top_alone(net: Net, own: Net) -> Places:
    for chain in net.chains:
        members = _members(net, chain)
        if len(members) > 2:
            yield members[1].name, net, [(members[1].name, "top", 0, f"{members[1].name}_out")]


def _last_top_left(net: Net, own: Net) -> Places:
    for members, last in _chains(net, own, 2):
        raw = members[0].tops[0]
        names: list[Name] = [(members[-1].name, "top", 0, raw), *_read_by(own, last, raw)]
        yield members[-1].name, own, names


def _top_without_readers(net: Net, own: Net) -> Places:
    for layer in net.layers:
        if layer.type not in ("Convolution", "InnerProduct", "Pooling"):
            continue
        if layer.tops[0] == layer.name and net.written(layer)[0].readers:
            yield layer.name, net, [(layer.name, "top", 0, f"{layer.name}_raw")]


def _slip_in_a_bottom(net: Net, own: Net) -> Places:
    for layer in own.layers:
        if layer.type == "Pooling" and len(layer.bottoms[0]) > 4:
            yield layer.name, own, [(layer.name, "bottom", 0, _swapped(layer.bottoms[0]))]


def _slip_in_a_top(net: Net, own: Net) -> Places:
    for layer in own.layers:
        if layer.type == "Pooling" and len(layer.tops[0]) > 4 and own.written(layer)[0].readers:
            yield layer.name, own, [(layer.name, "top", 0, _swapped(layer.tops[0]))]


def _swapped(name: str) -> str:
    return f"{name[0]}{name[2]}{name[1]}{name[3:]}"


def _capitals(net: Net, own: Net) -> Places:
    for layer in net.layers:
        if len(layer.bottoms) == 1 and not layer.is_in_place and layer.type == "Convolution":
            name = layer.bottoms[0].capitalize()
            yield layer.name, net, [(layer.name, "bottom", 0, name)]


def _reader_without_top(net: Net, own: Net) -> Places:
    for chain in net.chains:
        last = chain.versions[-1]
        name = f"{chain.blob}_{last.layer}"
        if last.readers:
            yield last.layer, net, _read_by(net, last, name)


def _copied_top(net: Net, own: Net) -> Places:
    for layer in net.layers:
        followers = [
            x.name for x in net.in_place_layers if x.tops == layer.tops and x.tops[0] == layer.name
        ]
        if layer.type == "Convolution" and followers:
            yield layer.name, net, [(layer.name, "top", 0, layer.bottoms[0])]


def _dropout_first(net: Net, own: Net) -> Places:
    """The net with ReLU behind Dropout, where ReLU is then left out."""
    text = own.text
    swapped = re.sub(
        r'"?(ReLU|RELU|Dropout|DROPOUT)"?(?=\s)', lambda m: _other_type(m.group(0)), text
    )
    other = read_net(swapped)
    for members, last in _chains(net, other, 2):
        if [m.type for m in members[1:]] == ["Dropout", "ReLU"]:
            drop, relu = members[1:]
            names: list[Name] = [(relu.name, "bottom", 0, members[0].tops[0])]
            yield relu.name, other, [*names, *_read_by(other, last, drop.tops[0])]


def _other_type(written: str) -> str:
    pairs = {"ReLU": "Dropout", "Dropout": "ReLU", "RELU": "DROPOUT", "DROPOUT": "RELU"}
    return re.sub(r"\w+", lambda m: pairs[m.group(0)], written)


def _merge_reads_twice(kind: str) -> Callable[[Net, Net], Places]:
    def plant(net: Net, own: Net) -> Places:
        for layer in own.layers:
            if layer.type == kind and len(set(layer.bottoms)) > 1:
                last = own.read(layer)[-1]
                if last is not None and len(last.readers) == 1 and _is_straight(own, last):
                    index = len(layer.bottoms) - 1
                    yield layer.name, own, [(layer.name, "bottom", index, layer.bottoms[0])]

    return plant


def _is_straight(net: Net, version: BlobVersion) -> bool:
    writer = net.layer(version.layer)
    return writer.type in ("Convolution", "Pooling", "ReLU", "Scale", "BatchNorm")


def _left_out(own: Net) -> Iterator[tuple[str, str]]:
    for layer in own.layers:
        if layer.type == "Concat" and len(layer.bottoms) > 3:
            span = layer.bottom_spans[-1]
            last = own.read(layer)[-1]
            if span is None or last is None or len(last.readers) > 1:
                continue
            start = own.text.rfind("bottom", 0, span.start)
            yield layer.name, own.text[:start] + own.text[span.end :]


KINDS: dict[str, Callable[[Net, Net], Places]] = {
    "every in-place layer reads the raw blob, and so does the next": _all_parallel,
    "only the top of the last in-place layer is changed": _top_alone,
    "the last of a chain is bypassed": _end_bypassed,
    "the second of a chain reads the raw blob": _second_reads_raw,
    "the last of a longer chain skips one": _last_skips_one,
    "a whole chain is bypassed": _chain_bypassed,
    "an Eltwise reads the raw blob": _merge_reads_raw("Eltwise"),
    "a Concat reads the raw blob": _merge_reads_raw("Concat"),
    "one of two readers reads the raw blob": _one_of_two_readers,
    "only the top of the first in-place layer is changed": _first_top_alone,
    "the last of a chain keeps its old top": _last_top_left,
    "a top is changed without its readers": _top_without_readers,
    "two letters of a bottom are swapped": _slip_in_a_bottom,
    "two letters of a top are swapped": _slip_in_a_top,
    "a bottom is written with a capital": _capitals,
    "a reader is changed without the top": _reader_without_top,
    "a top is copied from the layer before": _copied_top,
    "ReLU behind Dropout is left out": _dropout_first,
    "an Eltwise reads one branch twice": _merge_reads_twice("Eltwise"),
    "a Concat reads one branch twice": _merge_reads_twice("Concat"),
}
