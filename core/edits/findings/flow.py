"""Following values through a net: value-only chains, dead ends, and moving readers along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.edits.findings.finding import NameChange
from core.net.definition import AUTOMATIC_TOP, BlobVersion, Layer, Net

VALUE_ONLY = frozenset(
    "ReLU ReLU6 PReLU ELU BNLL Clip Swish Mish HSwish HardSwish Dropout BatchNorm BN Scale "
    "Bias".split()
)
"""Types that change values and not shapes, and that no net uses for its scores."""

_MEASURES = frozenset("Accuracy Silence HDF5Output ArgMax Softmax Python".split())


@dataclass(frozen=True)
class Flow:
    """A net with what is needed to walk it by versions; they are numbered as `Net.versions`."""

    net: Net

    def readers(self, number: int) -> list[Layer]:
        """The layers that read this version, in file order."""
        return [layer for layer, _ in self._reads.get(number, ())]

    def reads(self, number: int) -> list[tuple[Layer, int]]:
        """Layer and bottom index of everyone who reads this version."""
        return self._reads.get(number, [])

    def top(self, layer: Layer) -> int:
        """The number of the version that a layer with one top writes."""
        return self._tops[layer.index][0]

    def writer(self, number: int) -> Layer:
        """Who wrote this version."""
        return self.net.layers[self.net.versions[number].layer_index]

    def version(self, number: int) -> BlobVersion:
        """The version of that number."""
        return self.net.versions[number]

    def is_value_only(self, layer: Layer) -> bool:
        """Whether the layer changes values only: one bottom, one top."""
        return (
            layer.type in VALUE_ONLY
            and len(layer.bottoms) == len(layer.tops) == 1
            and self.net.bottom_versions[layer.index][0] is not None
        )

    def is_dead(self, number: int) -> bool:
        """Whether nothing reads it and nothing overwrites it: Caffe makes it a net output."""
        version = self.version(number)
        is_automatic = version.blob == AUTOMATIC_TOP
        return not version.readers and version.is_readable and not is_automatic

    def dead_chain(self, first: Layer) -> list[Layer] | None:
        """`first` and the value-only layers behind it up to a dead end; None where it goes on."""
        chain, layer = [first], first
        while True:
            if not self.is_value_only(layer):
                return None
            readers = self.readers(self.top(layer))
            if not readers:
                return chain if self.is_dead(self.top(layer)) else None
            if len(readers) > 1:
                return None
            layer = readers[0]
            chain.append(layer)

    def live_chain(self, first: Layer) -> list[Layer]:
        """`first` and the value-only layers behind it, as long as each is the only reader."""
        chain = [first]
        while True:
            readers = self.readers(self.top(chain[-1]))
            if len(readers) != 1 or not self.is_value_only(readers[0]):
                return chain
            chain.append(readers[0])

    def moved(self, number: int, blob: str, *, after: int = -1) -> Iterator[NameChange]:
        """What reads this version, or writes in place on it, says `blob` from layer `after` on."""
        for layer, index in self.reads(number):
            if layer.index <= after:
                continue
            yield NameChange(layer.name, "bottom", index, layer.bottoms[index], blob)
            if index in layer.in_place_tops():
                yield NameChange(layer.name, "top", index, layer.tops[index], blob)
                yield from self.moved(self._tops[layer.index][index], blob)

    @cached_property
    def _reads(self) -> dict[int, list[tuple[Layer, int]]]:
        found: dict[int, list[tuple[Layer, int]]] = {}
        for layer in self.net.layers:
            for index, number in enumerate(self.net.bottom_versions[layer.index]):
                if number is not None:
                    found.setdefault(number, []).append((layer, index))
        return found

    @cached_property
    def _tops(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for number, version in enumerate(self.net.versions):
            found.setdefault(version.layer_index, []).append(number)
        return found


def is_measure(layer: Layer) -> bool:
    """Whether a layer only looks at values: losses, accuracies, scores."""
    return layer.type in _MEASURES or "Loss" in layer.type


def types_of(layers: Sequence[Layer]) -> list[str]:
    """Their types, each once."""
    return list(dict.fromkeys(layer.type for layer in layers))


def names_of(layers: Sequence[Layer]) -> tuple[str, ...]:
    """Their names, each once."""
    return tuple(dict.fromkeys(layer.name for layer in layers))
