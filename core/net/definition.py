"""A net as Caffe would build it from the text: layers, phases and the versions of every blob."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from core.errors import NetError
from core.net.message import Message, Scalar
from core.net.tokens import Span

AUTOMATIC_TOP = "(automatic)"
"""The blob Caffe adds for a loss layer that names no top."""


@dataclass(frozen=True)
class NetState:
    """What phase rules are held against (BVLC/caffe src/caffe/net.cpp, StateMeetsRule)."""

    phase: str = "TEST"
    level: int = 0
    stages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """One layer in V2 terms; spans say where its quoted names stand in the text.

    name: no other layer of the net has it, also where the file repeats names or leaves them out.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    bottom_spans: tuple[Span | None, ...]
    top_spans: tuple[Span | None, ...]
    name_span: Span | None
    span: Span | None
    message: Message = field(repr=False)
    parameter_names: tuple[str, ...] = ()
    index: int = 0

    def param(self, name: str) -> Message:
        """A parameter message such as "pooling_param", empty when absent."""
        return self.message.message(name)

    @property
    def written_name(self) -> str:
        """Its name as the file says it, by which Caffe binds weights; "" for none."""
        return self.message.word("name")

    def in_place_tops(self) -> tuple[int, ...]:
        """Indices i with top[i] == bottom[i]: Caffe's own test, per index."""
        pairs = zip(self.bottoms, self.tops, strict=False)
        return tuple(i for i, (bottom, top) in enumerate(pairs) if bottom == top)

    def phase_in(self, state: NetState) -> str:
        """ "TRAIN" or "TEST": its own `phase` where it has one, else the net's."""
        return self.message.word("phase", state.phase)

    @property
    def is_in_place(self) -> bool:
        """Whether any top overwrites the bottom of the same index."""
        return bool(self.in_place_tops())

    @property
    def line(self) -> int:
        """The line its block starts on; 1 for the implicit Input layer."""
        return self.span.line if self.span else 1


@dataclass(frozen=True)
class BlobVersion:
    """One value of a blob: what `layer` wrote as its top number `top_index`."""

    blob: str
    version: int
    layer: str
    layer_index: int
    top_index: int
    n_versions: int
    readers: tuple[str, ...]
    overwritten_by: str | None

    @property
    def label(self) -> str:
        """ "fc7@1", or just "fc7" for a blob that is written once."""
        return f"{self.blob}@{self.version}" if self.n_versions > 1 else self.blob

    @property
    def is_readable(self) -> bool:
        """Whether net.blobs still holds this value after a full forward pass."""
        return self.overwritten_by is None


@dataclass(frozen=True)
class Chain:
    """The versions of a blob that several layers write in place, oldest first."""

    blob: str
    versions: tuple[BlobVersion, ...]


@dataclass(frozen=True)
class Problem:
    """Something real Caffe would refuse, with the line of the layer or the field concerned."""

    sentence: str
    layer: str
    line: int
    column: int = 1


@dataclass(frozen=True)
class UnknownField:
    """A field BVLC Caffe 1.0 does not have; `fork` names where it comes from, "" when unknown.

    path: from the top of the file, as "layer.permute_param"; line and column of the field's name.
    """

    path: str
    fork: str
    layer: str
    line: int
    column: int


@dataclass(frozen=True)
class Net:
    """Layers in execution order, the versions they write, and what is wrong with them."""

    name: str
    dialect: str
    text: str = field(repr=False)
    state: NetState
    root: Message = field(repr=False)
    layers: tuple[Layer, ...]
    inactive: tuple[Layer, ...]
    versions: tuple[BlobVersion, ...]
    bottom_versions: tuple[tuple[int | None, ...], ...] = field(repr=False)
    problems: tuple[Problem, ...]
    unknown: tuple[UnknownField, ...] = ()

    def layer(self, name: str) -> Layer:
        """The layer of that name, else the first that is written so; NetError for none."""
        found = self._by_name.get(name) or next(iter(self.written_as(name)), None)
        if found is None:
            raise NetError(f"The net has no layer '{name}'.", hint=self._near(name))
        return found

    def written_as(self, name: str) -> tuple[Layer, ...]:
        """The layers that the file calls so, in order: several where a name stands twice."""
        return self._by_written_name.get(name, ())

    def has_layer(self, name: str) -> bool:
        """Whether a layer of that name is active."""
        return name in self._by_name

    def written(self, layer: str | Layer) -> tuple[BlobVersion, ...]:
        """The versions a layer writes, one for each top."""
        index = layer.index if isinstance(layer, Layer) else self.layer(layer).index
        return self._written.get(index, ())

    def read(self, layer: str | Layer) -> tuple[BlobVersion | None, ...]:
        """The versions a layer reads, one for each bottom; None where no layer writes it."""
        index = layer.index if isinstance(layer, Layer) else self.layer(layer).index
        return tuple(
            None if number is None else self.versions[number]
            for number in self.bottom_versions[index]
        )

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """Blobs that in-place layers write again, in file order."""
        by_blob: dict[str, list[BlobVersion]] = {}
        for version in self.versions:
            if version.n_versions > 1:
                by_blob.setdefault(version.blob, []).append(version)
        return tuple(Chain(blob, tuple(versions)) for blob, versions in by_blob.items())

    @cached_property
    def in_place_layers(self) -> tuple[Layer, ...]:
        """Every layer with a top that overwrites its bottom."""
        return tuple(layer for layer in self.layers if layer.is_in_place)

    @cached_property
    def hidden(self) -> tuple[BlobVersion, ...]:
        """Versions that are gone after a full forward pass."""
        return tuple(version for version in self.versions if not version.is_readable)

    @cached_property
    def outputs(self) -> tuple[BlobVersion, ...]:
        """Net outputs as Caffe counts them: named blobs no layer reads, unread inputs included."""
        return tuple(
            v for v in self.versions if v.is_readable and not v.readers and v.blob != AUTOMATIC_TOP
        )

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Input blobs: tops of Input layers."""
        return tuple(top for layer in self.layers if layer.type == "Input" for top in layer.tops)

    @cached_property
    def _by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def _by_written_name(self) -> dict[str, tuple[Layer, ...]]:
        found: dict[str, list[Layer]] = {}
        for layer in self.layers:
            if layer.written_name:
                found.setdefault(layer.written_name, []).append(layer)
        return {name: tuple(layers) for name, layers in found.items()}

    @cached_property
    def called_apart(self) -> tuple[Layer, ...]:
        """Layers whose name is not the one in the file, since that is another's or left out."""
        return tuple(layer for layer in self.layers if layer.name != layer.written_name)

    @cached_property
    def _written(self) -> dict[int, tuple[BlobVersion, ...]]:
        found: dict[int, list[BlobVersion]] = {}
        for version in self.versions:
            found.setdefault(version.layer_index, []).append(version)
        return {index: tuple(versions) for index, versions in found.items()}

    def _near(self, name: str) -> str:
        import difflib

        writers = list(dict.fromkeys(v.layer for v in self.versions if v.blob == name))
        if writers:
            return f"That is a blob; it is written by {', '.join(writers)}."
        elsewhere = [layer for layer in self.inactive if layer.name == name]
        if elsewhere:
            return f"The file has it, but not in the {self.state.phase} phase as it is built here."
        close = difflib.get_close_matches(name, list(self._by_name), n=3, cutoff=0.6)
        return f"Did you mean {', '.join(close)}?" if close else ""


def scalar_spans(scalars: tuple[Scalar, ...]) -> tuple[Span | None, ...]:
    """Where the quoted names stand."""
    return tuple(scalar.span for scalar in scalars)
