"""One net that runs in an engine's child process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from core.activations.histogram import Histogram
from core.activations.summary import ValueSummary
from core.engines.begun import BegunPass
from core.engines.changes import Writing
from core.engines.consent import PythonLayersRefused, PythonPrograms
from core.engines.obstacles import refusal
from core.engines.operations import (
    BackwardRule,
    Begin,
    Close,
    End,
    GiveUp,
    Gradients,
    Intervene,
    Intervened,
    Memory,
    Opened,
    Read,
    Request,
    Room,
    Run,
    Statistics,
    Take,
    Want,
)
from core.engines.values import EngineLayer, PassResult, Value
from core.engines.wiring import is_fed
from core.errors import EngineError
from core.images.pixels import Pictures, Pixels
from core.measures.measure import KEEP, Measure

Reply = tuple[Any, list[np.ndarray]]


class Call(Protocol):
    """Sends one request to the child and waits for the reply."""

    def __call__(self, request: Request, arrays: Sequence[Pictures] = ()) -> Reply: ...


@dataclass(frozen=True)
class GradientsFound:
    """Gradients with respect to values, and to learned arrays by (layer, index).

    norms: L2 norms of the gradients that only those were asked of. activations: of the pass.
    """

    values: dict[Value, np.ndarray]
    parameters: dict[tuple[str, int], np.ndarray]
    norms: dict[Value, float] = field(default_factory=dict)
    activations: dict[Value, np.ndarray] = field(default_factory=dict)


class Engine:
    """A net in the child; every method waits for it and may raise what EngineProcess says."""

    def __init__(self, call: Call, opened: Opened, name: str) -> None:
        self._call = call
        self.name = name
        self._net = opened.net
        self.layers: tuple[EngineLayer, ...] = opened.layers
        self.inputs: dict[str, tuple[int, ...] | None] = opened.inputs
        self.warnings: tuple[str, ...] = opened.warnings
        self.filler_layers: tuple[str, ...] = opened.filler_layers
        self.device: str = opened.device
        self.n_begun: int = opened.n_begun
        self._needs = _Needs(self.layers)
        waiting = (layer.obstacle.programs for layer in self.layers if layer.obstacle)
        self.programs: PythonPrograms | None = next((one for one in waiting if one), None)
        """What its Python layers would run if the user agreed to it; None where nothing waits."""

    @property
    def cannot_run(self) -> tuple[EngineLayer, ...]:
        """Layers this engine can't run; `obstacle` says why. What needs none of them runs."""
        return tuple(layer for layer in self.layers if layer.obstacle)

    def needed_layers(self, want: Sequence[Value]) -> tuple[EngineLayer, ...]:
        """The layers that a pass for these values runs, in net order, data layers among them."""
        return self._needs.layers_for(want)

    def needed_inputs(self, want: Sequence[Value]) -> tuple[str, ...]:
        """The input blobs that have to be given for these values, in net order."""
        return self._needs.inputs_for(want)

    def check(self, want: Sequence[Value]) -> None:
        """Raise what a pass for these values would raise over layers that can't run.

        UnsupportedLayerError, PythonLayersRefused or EngineError.
        """
        error = self._refusal(self.needed_layers(want))
        if error is not None:
            raise error

    @property
    def whole_net_refusal(self) -> EngineError | None:
        """What a pass for every value would raise; None where all layers can run."""
        return self._refusal(self.layers)

    def obstacles(self, want: Sequence[Value]) -> tuple[EngineLayer, ...]:
        """The layers that these values need and this engine can't run."""
        if not self.cannot_run:
            return ()
        return tuple(layer for layer in self.needed_layers(want) if layer.obstacle)

    def forward(
        self, inputs: Mapping[str, np.ndarray], want: Sequence[Value]
    ) -> dict[Value, np.ndarray]:
        """Run one pass and return the wanted values, each as right after its layer.

        inputs: by input blob, (n_images, channels, height, width) float32; any batch size.
        """
        found = self.measure(inputs, {Value(*value): (KEEP,) for value in want})
        return {value: array for (value, _), array in found.items()}

    takes_pixels = True
    """Whether what `measure` is fed may be pixels, whose values are made on their way."""

    def measure(
        self, inputs: Mapping[str, Pictures], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        """Run one pass and measure values where they live; only what was measured travels.

        inputs: as for `forward`, or pixels. Each measure says the shape of its array.
        """
        pairs = _pairs(wants)
        request = Take(self._net, tuple(inputs), tuple(Want(*pair) for pair in pairs))
        _, arrays = self._ask(request, _float32(inputs))
        return dict(zip(pairs, arrays, strict=True))

    def begin(
        self, inputs: Mapping[str, Pictures], wants: Mapping[Value, Sequence[Measure]]
    ) -> BegunPass[dict[tuple[Value, Measure], np.ndarray]]:
        """The same, begun: up to `n_begun` passes may have begun at a time."""
        pairs = _pairs(wants)
        wanted = tuple(Want(*pair) for pair in pairs)
        begun, _ = self._ask(Begin(self._net, tuple(inputs), wanted), _float32(inputs))

        def end() -> dict[tuple[Value, Measure], np.ndarray]:
            _, arrays = self._ask(End(self._net, begun.number, wanted))
            return dict(zip(pairs, arrays, strict=True))

        def give_up() -> None:
            with contextlib.suppress(EngineError):  # the child is gone, and the pass with it
                self._ask(GiveUp(self._net, begun.number))

        return BegunPass(end, give_up)

    def room(
        self, inputs: Mapping[str, tuple[int, ...]], wants: Mapping[Value, Sequence[Measure]]
    ) -> Memory:
        """What `measure` over inputs of these shapes needs of memory, and what there is."""
        shapes = {name: tuple(shape) for name, shape in inputs.items()}
        wanted = tuple(Want(*pair) for pair in _pairs(wants))
        found, _ = self._ask(Room(self._net, shapes, wanted))
        memory: Memory = found
        return memory

    def shape_of(self, value: Value) -> tuple[int, ...] | None:
        """A value's shape as the engine built it; None where only running it can tell."""
        for layer in self.layers:
            if layer.name == value.layer and value.top in layer.tops:
                return layer.top_shapes[layer.tops.index(value.top)]
        return None

    def run(self, inputs: Mapping[str, np.ndarray]) -> PassResult:
        """Run one pass; every value stays in the child until the next one."""
        result, _ = self._ask(Run(self._net, tuple(inputs)), _float32(inputs))
        passed: PassResult = result
        return passed

    def read(self, value: Value) -> np.ndarray:
        """One value of the last run."""
        _, arrays = self._ask(Read(self._net, Value(*value)))
        return arrays[0]

    def statistics(
        self,
        values: Sequence[Value],
        *,
        bins: int | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> dict[Value, ValueSummary]:
        """Statistics and histograms of values of the last run; all share their edges."""
        wanted = tuple(dict.fromkeys(Value(*value) for value in values))
        found, arrays = self._ask(Statistics(self._net, wanted, bins, value_range))
        pairs = zip(wanted, found.summaries, strict=True)
        return {
            value: ValueSummary(
                summary.statistics,
                Histogram(arrays[2 * i], arrays[2 * i + 1], **summary.counters),
            )
            for i, (value, summary) in enumerate(pairs)
        }

    def intervene(
        self,
        writings: Sequence[Writing],
        wants: Mapping[Value, Sequence[Measure]],
        *,
        inputs: Mapping[str, np.ndarray] | None = None,
        copies: int = 1,
    ) -> tuple[Intervened, dict[tuple[Value, Measure], np.ndarray]]:
        """Run one pass in which `writings` are written over values, in net order, and measure.

        inputs: as for `forward`; None goes on from the values of the last run, which stay as they
        are, for `copies` images that begin as that one.
        """
        pairs = _pairs(wants)
        given = {} if inputs is None else inputs
        request = Intervene(
            self._net,
            tuple(given),
            tuple(one.change for one in writings),
            tuple(Want(*pair) for pair in pairs),
            from_kept=inputs is None,
            copies=copies,
        )
        put = [np.asarray(one.array, np.float32) for one in writings if one.array is not None]
        told, arrays = self._ask(request, [*_float32(given), *put])
        return told, dict(zip(pairs, arrays, strict=True))

    def gradients(
        self,
        inputs: Mapping[str, np.ndarray],
        of: Mapping[Value, np.ndarray],
        want: Sequence[Value],
        layers: Sequence[str] = (),
        *,
        rule: BackwardRule = "gradient",
        norms: Sequence[Value] = (),
        reads: Sequence[Value] = (),
    ) -> GradientsFound:
        """One pass forward and back: gradients of the sum of each value of `of` times its diff.

        of: a diff of its shape for each value, or {} for the net's loss. want: with respect to
        which values, each as it is right after its layer. layers: with respect to whose learned
        arrays. norms: of which gradients the L2 norm is told. reads: activations of the same pass.
        inputs: as for `forward`.
        """
        request = Gradients(
            self._net,
            tuple(inputs),
            tuple(Value(*value) for value in of),
            tuple(Value(*value) for value in want),
            tuple(layers),
            rule,
            tuple(Value(*value) for value in norms),
            tuple(Value(*value) for value in reads),
        )
        given = [*_float32(inputs), *_float32(of)]
        counts, arrays = self._ask(request, given)
        rest = iter(arrays)
        return GradientsFound(
            {value: next(rest) for value in request.wants},
            {
                (layer, index): next(rest)
                for layer, n_arrays in zip(layers, counts.n_arrays, strict=True)
                for index in range(n_arrays)
            },
            dict(zip(request.norms, counts.norms, strict=True)),
            {value: next(rest) for value in request.reads},
        )

    def _ask(self, request: Request, arrays: Sequence[Pictures] = ()) -> Reply:
        """A net that is built late may meet other programs than the user had agreed to."""
        try:
            return self._call(request, arrays)
        except PythonLayersRefused as refused:
            self.programs = refused.programs
            raise

    def _refusal(self, layers: Iterable[EngineLayer]) -> EngineError | None:
        found = ((layer.name, layer.type, layer.obstacle) for layer in layers)
        return refusal(((name, type_, why) for name, type_, why in found if why), self.name)

    def close(self) -> None:
        """Let the child forget this net."""
        with contextlib.suppress(EngineError):
            self._call(Close(self._net))

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Needs:
    """Which layer reads what which other one wrote, after the last writer of each blob."""

    def __init__(self, layers: Sequence[EngineLayer]) -> None:
        self._layers = layers
        self._sources: list[tuple[tuple[int, str], ...]] = []
        writers: dict[str, int] = {}
        for i, layer in enumerate(layers):
            found = ((writers[blob], blob) for blob in layer.bottoms if blob in writers)
            self._sources.append(tuple(found))
            writers.update(dict.fromkeys(layer.tops, i))

    def layers_for(self, want: Sequence[Value]) -> tuple[EngineLayer, ...]:
        return tuple(self._layers[i] for i in self._indices(want))

    def inputs_for(self, want: Sequence[Value]) -> tuple[str, ...]:
        fed = {
            i: layer for i, layer in enumerate(self._layers) if is_fed(layer.type, layer.bottoms)
        }
        wanted = {(i, top) for i, layer in fed.items() for top in layer.tops
                  if Value(layer.name, top) in want}  # fmt: skip
        read = {source for i in self._indices(want) for source in self._sources[i]}
        needed = sorted((i, self._layers[i].tops.index(top), top) for i, top in wanted | read
                        if i in fed)  # fmt: skip
        return tuple(top for _, _, top in needed)

    def _indices(self, want: Sequence[Value]) -> list[int]:
        wanted = {Value(*value) for value in want}
        needed = {i for i, layer in enumerate(self._layers)
                  if any(Value(layer.name, top) in wanted for top in layer.tops)}  # fmt: skip
        for i in reversed(range(len(self._layers))):
            if i in needed:
                needed.update(source for source, _ in self._sources[i])
        return sorted(needed)


def _float32(inputs: Mapping[Any, Pictures]) -> list[Pictures]:
    return [
        array if isinstance(array, Pixels) else np.asarray(array, dtype=np.float32)
        for array in inputs.values()
    ]


def _pairs(wants: Mapping[Value, Sequence[Measure]]) -> list[tuple[Value, Measure]]:
    return [(value, one) for value, some in wants.items() for one in dict.fromkeys(some)]
