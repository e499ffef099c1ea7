"""What an engine provides inside the child: a backend that opens nets, a session for each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.engines.begun import BegunPass
from core.engines.changes import Writing
from core.engines.operations import BackwardRule, Intervened, Iterated, Memory, Pass, Shape, Want
from core.engines.values import Device, EngineLayer, FastPath, PassResult, Value
from core.errors import EngineError
from core.layers.multipliers import LearnedArray
from core.net.definition import NetState
from core.net.solver_settings import SolverSettings

OnLayer = Callable[[str], None]
"""Told the name of each layer just before it runs."""


@dataclass(frozen=True)
class OpenRequest:
    """The net to build and where; see EngineProcess.open.

    python_consent: the fingerprint of the programs that the user lets run.
    """

    net_text: str
    weights_path: Path | None
    device: str
    seed: int
    state: NetState
    input_shapes: Mapping[str, tuple[int, ...]]
    python_consent: str = ""


@dataclass(frozen=True)
class GradientsAsked:
    """What a pass forward and back is asked for, as `operations.Gradients` has it.

    of: a diff for each value that is differentiated, {} for the net's loss.
    """

    of: Mapping[Value, np.ndarray]
    wants: Sequence[Value] = ()
    layers: Sequence[str] = ()
    rule: BackwardRule = "gradient"
    norms: Sequence[Value] = ()
    reads: Sequence[Value] = ()


@dataclass(frozen=True)
class GradientArrays:
    """Its answer, each in the order that it was asked for; learned: a list for each layer."""

    wants: list[np.ndarray]
    learned: list[list[np.ndarray]]
    norms: list[float]
    reads: list[np.ndarray]


class Session(ABC):
    """One opened net."""

    layers: tuple[EngineLayer, ...]
    inputs: Mapping[str, tuple[int, ...] | None]
    warnings: tuple[str, ...] = ()
    filler_layers: tuple[str, ...] = ()
    n_begun = 1
    """How many passes are worth beginning before the first has ended."""

    @abstractmethod
    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> list[np.ndarray]:
        """One pass; an array for each want, in order, measured where the value lives.

        inputs: lent for the pass; their memory is written over once it has been answered.
        """

    def begin(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> BegunPass[list[np.ndarray]]:
        """The same pass, begun; over already where `n_begun` is 1.

        inputs: lent until this returns. Any thread may be the one that tells of layers.
        """
        found = [np.array(one) for one in self.measure(inputs, wants, on_layer)]
        return BegunPass(lambda: found)

    def make_way(self) -> None:  # noqa: B027 - most engines run nothing beside their caller
        """Stop the passes of `begin`, which are made when they are waited for.

        Called before anything else is asked; with its return none is running.
        """

    def room(self, inputs: Mapping[str, Shape], wants: Sequence[Want]) -> Memory:
        """What such a pass needs of memory; an empty Memory where the engine can't tell."""
        return Memory()

    @abstractmethod
    def run(self, inputs: Mapping[str, np.ndarray], on_layer: OnLayer) -> PassResult:
        """One pass that keeps every value for read()."""

    @abstractmethod
    def read(self, value: Value) -> np.ndarray:
        """A value of the last run; EngineError when there is none."""

    def intervene(
        self,
        inputs: Mapping[str, np.ndarray] | None,
        writings: Sequence[Writing],
        wants: Sequence[Want],
        copies: int,
        on_layer: OnLayer,
    ) -> tuple[Intervened, list[np.ndarray]]:
        """One pass with changed values; inputs: None to go on from those of the last run."""
        raise EngineError(
            "This engine changes no values.", hint="Choose the engine torch or caffe for it."
        )

    def gradients(
        self,
        inputs: Mapping[str, np.ndarray],
        asked: GradientsAsked,
        on_layer: OnLayer,
    ) -> GradientArrays:
        """One pass and back."""
        raise EngineError(
            "This engine gives no gradients.", hint="Choose the engine torch for them."
        )

    def close(self) -> None:  # noqa: B027 - most engines have nothing to say to anybody
        """Called once, before the session is dropped."""


@dataclass(frozen=True)
class TrainRequest(OpenRequest):
    """The net to train, and how."""

    solver: SolverSettings = field(default_factory=SolverSettings)


@dataclass(frozen=True)
class TestRequest:
    """A net that scores a training, whose arrays it shares by layer name and index.

    weights_path: for arrays that the training does not hold.
    """

    net_text: str
    weights_path: Path | None
    state: NetState
    input_shapes: Mapping[str, tuple[int, ...]]


class TestSession(ABC):
    """One net that scores a training."""

    inputs: Mapping[str, tuple[int, ...] | None]

    @abstractmethod
    def test(self, batch: Mapping[str, np.ndarray], on_layer: OnLayer) -> Pass:
        """One pass with the arrays as they are now."""


class TrainingSession(ABC):
    """One net that learns."""

    arrays: tuple[LearnedArray, ...]
    inputs: Mapping[str, tuple[int, ...] | None]
    filler_layers: tuple[str, ...] = ()

    @abstractmethod
    def iterate(self, batches: Sequence[Mapping[str, np.ndarray]], on_layer: OnLayer) -> Iterated:
        """One iteration over these batches."""

    def add_test(self, request: TestRequest) -> TestSession:
        """Build a net that scores this one."""
        raise EngineError("This engine has no test nets.", hint="Choose the engine torch for them.")

    def peaks(
        self, batch: Mapping[str, np.ndarray], on_layer: OnLayer
    ) -> tuple[tuple[str, ...], list[np.ndarray]]:
        """Names of the ReLU layers, and the greatest value of each of their channels."""
        return (), []

    @abstractmethod
    def weights(self) -> list[np.ndarray]:
        """Every learned array in the order of `arrays`."""

    @abstractmethod
    def history(self) -> list[np.ndarray]:
        """What the solver remembers."""

    @abstractmethod
    def first_gradients(self) -> list[np.ndarray]:
        """Of iteration 0, () after another."""

    @abstractmethod
    def first_updates(self) -> list[np.ndarray]:
        """What iteration 0 subtracted."""

    @abstractmethod
    def restore(self, iteration: int, step: int, history: Sequence[np.ndarray]) -> None:
        """Go on from a state."""


class Backend(ABC):
    """One engine in the child."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Library versions by name."""

    @abstractmethod
    def devices(self) -> tuple[Device, ...]:
        """Where nets can run; the first is the default."""

    def layer_types(self) -> tuple[str, ...]:
        """Every type it can run, () where it does not tell."""
        return ()

    def fast_paths(self) -> tuple[FastPath, ...]:
        """Which quicker ways nets take on the CPU, and why not the others."""
        return ()

    def train(self, request: TrainRequest) -> TrainingSession:
        """Build a net to train."""
        raise EngineError("This engine trains no net.", hint="Choose the engine torch for it.")

    @abstractmethod
    def open(self, request: OpenRequest) -> Session:
        """Build a net; what can't be run of it is told by its layers."""
