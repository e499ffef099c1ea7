"""Two prototxts side by side: layers matched by name, then by place, and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from core.net.definition import Layer, Net
from core.net.message import Message
from core.words import plural, plural_with

ChangeKind = Literal["name", "type", "parameter", "wiring", "bottom", "top"]

_NOT_PARAMETERS = frozenset("name type bottom top layer".split())


@dataclass(frozen=True)
class Change:
    """One difference of a matched layer; a side is None where it has no such thing.

    wiring: a bottom comes from another layer; bottom, top: only the blob's name differs.
    """

    kind: ChangeKind
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class LayerPair:
    """A layer and its counterpart; one side is None for a layer that only one net has."""

    before: Layer | None
    after: Layer | None
    changes: tuple[Change, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Whether both nets have the layer, and the same in everything."""
        return self.before is not None and self.after is not None and not self.changes


@dataclass(frozen=True)
class NetComparison:
    """Both nets' layers in pairs, in an order that keeps the order of both where it can."""

    pairs: tuple[LayerPair, ...]

    @property
    def different(self) -> tuple[LayerPair, ...]:
        """The pairs that are not equal."""
        return tuple(pair for pair in self.pairs if not pair.is_equal)

    @property
    def is_same_wiring(self) -> bool:
        """Whether the nets differ in names at most."""
        names = {"name", "bottom", "top"}
        return all(
            pair.before is not None
            and pair.after is not None
            and all(change.kind in names for change in pair.changes)
            for pair in self.pairs
        )


def compare_nets(before: Net, after: Net) -> NetComparison:
    """Match the layers of two nets and list what differs.

    Layers of the same name are one layer, in order where a file repeats it; of the others, and of
    names that one file repeats more often, those of the same type that stand at the same place
    between matched ones are the same layer.
    """
    matched = _by_name(before, after)
    matched |= _by_place(before, after, matched)
    matched |= _rest_by_name(before, after, matched)
    back = {there: here for here, there in matched.items()}
    pairs = tuple(
        LayerPair(
            None if i is None else before.layers[i],
            None if j is None else after.layers[j],
            () if i is None or j is None else tuple(_changes(before, after, i, j, back)),
        )
        for i, j in _in_order(len(before.layers), len(after.layers), matched)
    )
    return NetComparison(pairs)


def _by_name(before: Net, after: Net) -> dict[int, int]:
    here, there = _places(before.layers), _places(after.layers)
    return {
        i: j
        for name, places in here.items()
        if len(places) == len(there.get(name, ()))
        for i, j in zip(places, there[name], strict=True)
    }


def _rest_by_name(before: Net, after: Net, matched: Mapping[int, int]) -> dict[int, int]:
    """What neither name nor place has matched, as far as a repeated name goes."""
    taken = set(matched.values())
    here = _places(layer for layer in before.layers if layer.index not in matched)
    there = _places(layer for layer in after.layers if layer.index not in taken)
    return {
        i: j
        for name, places in here.items()
        for i, j in zip(places, there.get(name, ()), strict=False)
    }


def _places(layers: Iterable[Layer]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for layer in layers:
        places.setdefault(layer.written_name, []).append(layer.index)
    return places


def _by_place(before: Net, after: Net, matched: dict[int, int]) -> dict[int, int]:
    """Layers without a namesake, matched by the types between layers that have one."""
    here = [_word(layer, layer.index in matched) for layer in before.layers]
    taken = set(matched.values())
    there = [_word(layer, layer.index in taken) for layer in after.layers]
    found = {}
    blocks = SequenceMatcher(None, here, there, autojunk=False).get_matching_blocks()
    for i, j, size in blocks:
        for offset in range(size):
            if i + offset not in matched and j + offset not in taken:
                found[i + offset] = j + offset
    return found


def _word(layer: Layer, is_matched: bool) -> str:
    return f"={layer.written_name}" if is_matched else layer.type


def _in_order(
    n_before: int, n_after: int, matched: dict[int, int]
) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of indices: unmatched layers of both stand before the next matched pair."""
    taken = set(matched.values())
    shown: set[int] = set()
    j = 0
    for i in range(n_before):
        if i not in matched:
            yield i, None
            continue
        while j < matched[i]:
            if j not in taken:
                yield None, j
                shown.add(j)
            j += 1
        yield i, matched[i]
    for rest in range(n_after):
        if rest not in taken and rest not in shown:
            yield None, rest


def _changes(before: Net, after: Net, i: int, j: int, back: dict[int, int]) -> Iterator[Change]:
    old, new = before.layers[i], after.layers[j]
    if old.written_name != new.written_name:
        yield Change("name", "name", old.written_name, new.written_name)
    if old.type != new.type:
        yield Change("type", "type", old.type, new.type)
    yield from _blob_changes(before, after, old, new, back)
    written, then = parameters_of(old.message), parameters_of(new.message)
    for name in dict.fromkeys((*written, *then)):
        if written.get(name) != then.get(name):
            yield Change("parameter", name, written.get(name), then.get(name))


def _blob_changes(
    before: Net, after: Net, old: Layer, new: Layer, back: dict[int, int]
) -> Iterator[Change]:
    reads, then = before.bottom_versions[old.index], after.bottom_versions[new.index]
    for k in range(max(len(reads), len(then))):
        one = old.bottoms[k] if k < len(reads) else None
        other = new.bottoms[k] if k < len(then) else None
        from_here = _origin(before, reads[k]) if k < len(reads) else None
        from_there = _origin(after, then[k]) if k < len(then) else None
        mapped = None if from_there is None else (back.get(from_there[0], -1), from_there[1])
        if one is None or other is None or mapped != from_here:
            yield Change(
                "wiring", f"bottom {k}", _labelled(before, old, k), _labelled(after, new, k)
            )
        elif one != other:
            yield Change("bottom", f"bottom {k}", one, other)
    for k in range(max(len(old.tops), len(new.tops))):
        one = old.tops[k] if k < len(old.tops) else None
        other = new.tops[k] if k < len(new.tops) else None
        if one != other:
            yield Change("top", f"top {k}", one, other)


def _origin(net: Net, number: int | None) -> tuple[int, int] | None:
    if number is None:
        return None
    return net.versions[number].layer_index, net.versions[number].top_index


def _labelled(net: Net, layer: Layer, index: int) -> str | None:
    """ "fc7, written by relu7"."""
    if index >= len(layer.bottoms):
        return None
    number = net.bottom_versions[layer.index][index]
    writer = "nobody" if number is None else net.versions[number].layer
    return f"{layer.bottoms[index]}, written by {writer}"


def parameters_of(message: Message) -> dict[str, str]:
    """Every written field but names and wiring, by its dotted path; repeated values in one row."""
    found: dict[str, list[str]] = {}
    _gather(message, "", found)
    return {name: ", ".join(values) for name, values in found.items()}


def _gather(message: Message, prefix: str, found: dict[str, list[str]]) -> None:
    counts: dict[str, int] = {}
    for field in message.fields:
        if not prefix and field.name in _NOT_PARAMETERS:
            continue
        path = f"{prefix}{field.name}"
        if isinstance(field.value, Message):
            number = counts[path] = counts.get(path, 0) + 1
            _gather(field.value, f"{path}{f'[{number - 1}]' if number > 1 else ''}.", found)
        else:
            found.setdefault(path, []).append(field.value.value)


def sentence(comparison: NetComparison) -> str:
    """What the two nets have in common, in a line."""
    pairs = comparison.pairs
    only_before = sum(1 for pair in pairs if pair.after is None)
    only_after = sum(1 for pair in pairs if pair.before is None)
    changed = sum(1 for pair in pairs if pair.changes)
    equal = len(pairs) - only_before - only_after - changed
    if equal == len(pairs):
        return (
            "The layer is the same."
            if equal == 1
            else f"All {plural(equal, 'layer')} are the same."
        )
    parts = [f"{plural_with(equal, 'layer', 'is', 'are')} the same"]
    parts.append(f"{changed:,} {'differs' if changed == 1 else 'differ'}")
    parts += [*_only(only_before, "first"), *_only(only_after, "second")]
    same = " Both are wired alike: only names differ." if comparison.is_same_wiring else ""
    return f"{', '.join(parts)}.{same}"


def _only(count: int, which: str) -> Sequence[str]:
    return [f"{count} only in the {which}"] if count else []
