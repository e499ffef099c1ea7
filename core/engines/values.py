"""The plain values that engines take and give."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from core.engine_names import AUTO, GRAPH_ENGINES
from core.engines.consent import PythonPrograms


class Value(NamedTuple):
    """One activation: what `layer` wrote to its top blob `top`."""

    layer: str
    top: str


@dataclass(frozen=True)
class Precision:
    """What nets compute in, such as "float32" or "bfloat16"; why_not: "" where a device can."""

    name: str
    why_not: str = ""


@dataclass(frozen=True)
class Device:
    """Where a net can run; `id` is "cpu", "cuda:0" or "mps", `memory_bytes` None if unknown.

    precisions: those that the engine knows; () where it has but its own.
    """

    id: str
    name: str
    memory_bytes: int | None
    precisions: tuple[Precision, ...] = ()


_NOT_OF_VALUES = ("precision", "threads", "child", "copies", "graphs")


@dataclass(frozen=True)
class EngineSpec:
    """Which engine to start and how.

    command: for "caffe" what starts a Python with pycaffe, such as ("ssh", "gpu", "python3"), ()
    is what the variable BLOBSCOPE_CAFFE_PYTHON says; for the others an interpreter that has this
    Blobscope, () is the Python that runs us.
    options: (name, value) pairs for the engine, such as ("threads", "2").
    """

    name: str = "torch"
    command: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()

    @property
    def is_by_trial(self) -> bool:
        """Whether a survey chooses the engine that runs it."""
        return self.name == AUTO

    @property
    def precision(self) -> str:
        """What it computes in: "float32" unless the options name another."""
        return dict(self.options).get("precision", "float32")

    @property
    def exact(self) -> EngineSpec:
        """What proves, differentiates and trains in its place: real Caffe, or float32 PyTorch.

        The last bits of a graph engine move with what is asked of it, and it has no way back.
        """
        if self.name in (*GRAPH_ENGINES, AUTO):
            return EngineSpec()
        return replace(self, options=tuple(o for o in self.options if o[0] != "precision"))

    @property
    def settled(self) -> EngineSpec:
        """What runs where nothing has been tried: PyTorch for "auto"."""
        return self.exact if self.is_by_trial else self

    @property
    def value_options(self) -> tuple[tuple[str, str], ...]:
        """Options that may change values, besides the precision; sorted."""
        return tuple(sorted(o for o in self.options if o[0] not in _NOT_OF_VALUES))


@dataclass(frozen=True)
class Obstacle:
    """Why a layer can't run; of a program the sentence is its module and class.

    kind: "net" where real Caffe refuses the layer as it stands, "type" where the engine lacks it,
    "program" where nobody has agreed to run it; programs says what that is.
    """

    sentence: str
    hint: str = ""
    kind: Literal["net", "type", "program"] = "net"
    programs: PythonPrograms | None = None


@dataclass(frozen=True)
class EngineLayer:
    """A layer as the engine built it; a shape is None where only running it can tell.

    obstacle: why this engine can't run it, None where it can.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    top_shapes: tuple[tuple[int, ...] | None, ...]
    obstacle: Obstacle | None = None


@dataclass(frozen=True)
class FastPath:
    """A quicker way to the same numbers on the CPU; why_not: "" where nets take it."""

    name: str
    why_not: str = ""

    @property
    def sentence(self) -> str:
        """ "compiled layers: off, torch 2.99 compiles nothing here"."""
        return f"{self.name}: off, {self.why_not}" if self.why_not else f"{self.name}: on"


@dataclass(frozen=True)
class PassResult:
    """A forward pass whose values stayed in the child: its time and what it keeps.

    layer_seconds: by layer, of those that ran; {} where the engine does not tell.
    """

    seconds: float
    n_images: int
    kept_bytes: int
    layer_seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine can start here, in one sentence, what it runs on and which layer types.

    layer_types, fast_paths: () where the engine does not tell.
    """

    name: str
    is_available: bool
    sentence: str
    versions: tuple[tuple[str, str], ...] = ()
    devices: tuple[Device, ...] = ()
    layer_types: tuple[str, ...] = ()
    fast_paths: tuple[FastPath, ...] = ()
