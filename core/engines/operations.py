"""The operations that pass between client and child: every request and its reply, once.

Requests travel as the header of a frame, tagged by "op"; arrays go behind it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from core.activations.statistics import Statistics as ValueStatistics
from core.engines.changes import Change, Moved
from core.engines.values import Device, EngineLayer, FastPath, PassResult, Value
from core.layers.multipliers import LearnedArray
from core.measures.measure import Measure
from core.net.definition import NetState
from core.net.solver_settings import SolverSettings

PROTOCOL = 5
Shape = tuple[int, ...]
BackwardRule = Literal["gradient", "guided"]
"""guided: a ReLU lets nothing back that is below 0 (Springenberg et al., 2015)."""


class Request(msgspec.Struct, frozen=True, tag_field="op", tag=str.lower):
    """What every request is; `op` is the lower-case name of its class."""


class Hello(Request, frozen=True):
    """Who are you? Answered by a Greeting."""

    protocol: int = PROTOCOL


class Greeting(msgspec.Struct, frozen=True):
    """What a child says of itself; layer_types and fast_paths are () where it does not tell."""

    protocol: int
    versions: dict[str, str] = {}
    devices: tuple[Device, ...] = ()
    layer_types: tuple[str, ...] = ()
    fast_paths: tuple[FastPath, ...] = ()


class Open(Request, frozen=True):
    """Build a net; see EngineProcess.open. Answered by an Opened."""

    net_text: str
    weights: str | None
    device: str
    seed: int
    state: NetState
    input_shapes: dict[str, Shape]
    python_consent: str = ""


class Opened(msgspec.Struct, frozen=True):
    """A net as the engine built it; `net` is its number in later requests.

    n_begun: how many passes are worth beginning before the first has ended.
    """

    net: int
    device: str
    layers: tuple[EngineLayer, ...]
    inputs: dict[str, Shape | None]
    warnings: tuple[str, ...]
    filler_layers: tuple[str, ...]
    n_begun: int = 1


class Want(msgspec.Struct, frozen=True, array_like=True):
    """One measure of one value."""

    value: Value
    measure: Measure


class Take(Request, frozen=True, tag="measure"):
    """Run one pass over `inputs` and measure values where they live: an array for each want."""

    net: int
    inputs: tuple[str, ...]
    wants: tuple[Want, ...]


class Begin(Request, frozen=True):
    """Begin the pass of a Take. Answered by a Begun as soon as its inputs are on their way."""

    net: int
    inputs: tuple[str, ...]
    wants: tuple[Want, ...]


class Begun(msgspec.Struct, frozen=True):
    """The number of a pass among those of its child."""

    number: int


class End(Request, frozen=True):
    """Wait for a pass that has begun: its arrays, as of the Take."""

    net: int
    number: int
    wants: tuple[Want, ...]


class GiveUp(Request, frozen=True):
    """Nobody waits for a pass that has begun: it ends at its next layer. Answered by a Done."""

    net: int
    number: int


class Room(Request, frozen=True):
    """What a pass over inputs of these shapes would need of memory. Answered by a Memory."""

    net: int
    inputs: dict[str, Shape]
    wants: tuple[Want, ...]


class Memory(msgspec.Struct, frozen=True):
    """What a pass needs and what there is, in bytes.

    more_bytes: what the child can have beside what it holds, None where nobody can tell.
    need_bytes: weights and the values that live at one time, 0 where the engine does not tell.
    taken_bytes: what the last pass took on the device beside what it found there, workspaces
    included; None where the device does not count.
    """

    more_bytes: int | None = None
    need_bytes: int = 0
    taken_bytes: int | None = None


class Run(Request, frozen=True):
    """Run one pass over `inputs` that keeps every value. Answered by a PassResult."""

    net: int
    inputs: tuple[str, ...]


class Read(Request, frozen=True):
    """One value of the last run, as an array."""

    net: int
    value: Value


class Statistics(Request, frozen=True):
    """Summaries of values of the last run over shared edges: two arrays and a header for each."""

    net: int
    values: tuple[Value, ...]
    bins: int | None = None
    value_range: tuple[float, float] | None = None


class Intervene(Request, frozen=True):
    """Run one pass in which values are written over right after their layers, and measure.

    Arrays: the inputs, then one for each change that puts an array. from_kept: no inputs; what
    changes is computed anew from the values of the last run, which stay as they are, for `copies`
    images that begin as that one. Answered by an Intervened, with an array for each want.
    """

    net: int
    inputs: tuple[str, ...]
    changes: tuple[Change, ...]
    wants: tuple[Want, ...]
    from_kept: bool = False
    copies: int = 1


class Intervened(msgspec.Struct, frozen=True):
    """How long a pass with changes took and which layers it ran.

    moved: of a pass from kept values for one image, every value that has other bits now.
    """

    seconds: float
    layers: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()


class Gradients(Request, frozen=True):
    """Run one pass and go back through it: the gradient of the sum of each of `of` times its diff.

    The diffs follow the inputs. `of` empty: of the loss, every top by its loss weight. rule: how a
    ReLU goes back. norms: values of whose gradients the length is asked for. reads: values of the
    pass itself. Answered by a GradientCounts: arrays of `wants`, then of the learned arrays of each
    of `layers`, then `reads`.
    """

    net: int
    inputs: tuple[str, ...]
    of: tuple[Value, ...]
    wants: tuple[Value, ...]
    layers: tuple[str, ...]
    rule: BackwardRule = "gradient"
    norms: tuple[Value, ...] = ()
    reads: tuple[Value, ...] = ()


class GradientCounts(msgspec.Struct, frozen=True):
    """How many learned arrays each layer has that was asked for, and the L2 norms asked for."""

    n_arrays: tuple[int, ...]
    norms: tuple[float, ...] = ()


class SummaryHeader(msgspec.Struct, frozen=True):
    """A summary without its arrays: the statistics, and what the histogram counts beside bins."""

    statistics: ValueStatistics
    counters: dict[str, int]


class Summaries(msgspec.Struct, frozen=True):
    """The headers of summaries; the arrays are edges and counts, pair by pair."""

    summaries: tuple[SummaryHeader, ...]


class Train(Request, frozen=True):
    """Build a net to train, in the state that its solver names. Answered by a TrainingOpened."""

    net_text: str
    weights: str | None
    device: str
    seed: int
    state: NetState
    input_shapes: dict[str, Shape]
    solver: SolverSettings


class TrainingOpened(msgspec.Struct, frozen=True):
    """A net that learns; `net` is its number in later requests."""

    net: int
    learned: tuple[LearnedArray, ...]
    inputs: dict[str, Shape | None]
    filler_layers: tuple[str, ...]


class Iterate(Request, frozen=True):
    """One iteration: arrays of each input for each batch, one batch after the other."""

    net: int
    inputs: tuple[str, ...]
    n_batches: int


class Pass(msgspec.Struct, frozen=True):
    """What one pass of an iteration gave: the weighted loss, and outputs that are one number."""

    loss: float
    outputs: dict[str, float]


class Iterated(msgspec.Struct, frozen=True):
    """iteration: how many are done; rate: the learning rate of this one.

    step: how many steps of the rate lie behind. gradient_norm: L2 of all gradients together, summed
    over the passes, before they are clipped.
    """

    iteration: int
    rate: float
    step: int
    passes: tuple[Pass, ...]
    gradient_norm: float = 0.0

    @property
    def loss(self) -> float:
        """The mean over the passes, which is what Caffe shows."""
        return sum(one.loss for one in self.passes) / len(self.passes)


class AddTest(Request, frozen=True):
    """Build a net that shares the arrays of a training by layer name and index, to score it.

    weights: for arrays that the training does not hold. Answered by a TestOpened.
    """

    net: int
    net_text: str
    weights: str | None
    state: NetState
    input_shapes: dict[str, Shape]


class TestOpened(msgspec.Struct, frozen=True):
    """A net that scores a training; `test` is its number among those of the training."""

    test: int
    inputs: dict[str, Shape | None]


class Test(Request, frozen=True):
    """One pass of a net that scores a training. Answered by a Pass, elements as "blob[i]"."""

    net: int
    test: int
    inputs: tuple[str, ...]


class Peaks(Request, frozen=True):
    """One pass of a training's net as at test time: the greatest value of each rectified channel.

    Answered by a Peaked, with an array (channels,) for each layer.
    """

    net: int
    inputs: tuple[str, ...]


class Peaked(msgspec.Struct, frozen=True):
    """The ReLU layers whose channels were looked at."""

    layers: tuple[str, ...]


class ReadTraining(Request, frozen=True):
    """Arrays of a training: its weights, what the solver remembers, or what the first iteration
    found and subtracted.
    """

    net: int
    what: Literal["weights", "history", "first_gradients", "first_updates"]


class Restore(Request, frozen=True):
    """Go on from a state: its history as arrays."""

    net: int
    iteration: int
    step: int


class Close(Request, frozen=True):
    """Forget a net."""

    net: int


class Done(msgspec.Struct, frozen=True):
    """The reply of an operation that answers with arrays alone."""


Operation = (
    Hello
    | Open
    | Take
    | Begin
    | End
    | GiveUp
    | Room
    | Run
    | Read
    | Statistics
    | Intervene
    | Gradients
    | Train
    | Iterate
    | AddTest
    | Test
    | Peaks
    | ReadTraining
    | Restore
    | Close
)
REPLIES: dict[type[Request], type] = {
    Hello: Greeting,
    Open: Opened,
    Take: Done,
    Begin: Begun,
    End: Done,
    GiveUp: Done,
    Room: Memory,
    Run: PassResult,
    Read: Done,
    Statistics: Summaries,
    Intervene: Intervened,
    Gradients: GradientCounts,
    Train: TrainingOpened,
    Iterate: Iterated,
    AddTest: TestOpened,
    Test: Pass,
    Peaks: Peaked,
    ReadTraining: Done,
    Restore: Done,
    Close: Done,
}
