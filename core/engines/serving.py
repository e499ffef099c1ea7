"""Answering the requests of the client inside the child."""

from __future__ import annotations

import gc
import platform
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.activations.summary import summarise_values
from core.engines import operations
from core.engines.begun import OF_BEGUN, BegunPass
from core.engines.changes import join_writings
from core.engines.operations import Done, Greeting, Opened, Operation, Shape
from core.engines.session import (
    Backend,
    GradientsAsked,
    OnLayer,
    OpenRequest,
    Session,
    TestRequest,
    TestSession,
    TrainingSession,
    TrainRequest,
)
from core.engines.talk import Heard
from core.errors import EngineError

Answer = tuple[Any, list[np.ndarray]]
Arrays = Sequence[np.ndarray]
_MOST_COPIES = 4096
_MOST_BEGUN = 64
"""Passes whose results wait, of all nets."""


class Server:
    """Holds the open nets and turns each request into a call of the engine."""

    def __init__(self, backend: Backend, on_layer: OnLayer) -> None:
        self._backend = backend
        self._on_layer = on_layer
        self._sessions: dict[int, Session] = {}
        self._trainings: dict[int, TrainingSession] = {}
        self._tests: dict[int, list[TestSession]] = {}
        self._next_net = 1
        self._last: tuple[bytes, Any] = (b"", None)
        self._begun: OrderedDict[tuple[int, int], BegunPass[list[np.ndarray]]] = OrderedDict()
        self._next_pass = 1
        self._operations: dict[type, Callable[[Any, Arrays], Answer]] = {
            operations.Hello: self._hello,
            operations.Open: self._open,
            operations.Take: self._take,
            operations.Begin: self._begin,
            operations.End: self._end,
            operations.GiveUp: self._give_up,
            operations.Room: self._room,
            operations.Run: self._run,
            operations.Read: self._read,
            operations.Statistics: self._statistics,
            operations.Intervene: self._intervene,
            operations.Gradients: self._gradients,
            operations.Train: self._train,
            operations.Iterate: self._iterate,
            operations.AddTest: self._add_test,
            operations.Test: self._test,
            operations.Peaks: self._peaks,
            operations.ReadTraining: self._read_training,
            operations.Restore: self._restore,
            operations.Close: self._close,
        }

    def answer(self, heard: Heard) -> Answer:
        """Do what a request asks; EngineError for one that nobody knows or that lacks a field."""
        request, arrays = self._request(heard), heard.arrays
        if not isinstance(request, operations.Take | operations.Begin):
            arrays = [_own(array) for array in arrays]
        if not isinstance(request, OF_BEGUN):
            for session in self._sessions.values():
                session.make_way()
        return self._operations[type(request)](request, arrays)

    def _request(self, heard: Heard) -> Any:
        """The last one is remembered: callers ask for the same of one image after another."""
        if heard.words != self._last[0]:
            try:
                self._last = (heard.words, msgspec.convert(heard.header, Operation))
            except msgspec.ValidationError as error:
                raise EngineError(f"The engine can't do that: {error}.") from error
        return self._last[1]

    def _hello(self, request: operations.Hello, arrays: Arrays) -> Answer:
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        versions.update(self._backend.versions())
        return Greeting(
            operations.PROTOCOL,
            versions,
            self._backend.devices(),
            tuple(self._backend.layer_types()),
            self._backend.fast_paths(),
        ), []

    def _open(self, request: operations.Open, arrays: Arrays) -> Answer:
        session = self._backend.open(
            OpenRequest(
                net_text=request.net_text,
                weights_path=None if request.weights is None else Path(request.weights),
                device=request.device,
                seed=request.seed,
                state=request.state,
                input_shapes=request.input_shapes,
                python_consent=request.python_consent,
            )
        )
        net = self._next_net
        self._next_net += 1
        self._sessions[net] = session
        inputs: dict[str, Shape | None] = dict(session.inputs)
        return Opened(
            net,
            request.device,
            session.layers,
            inputs,
            session.warnings,
            session.filler_layers,
            session.n_begun,
        ), []

    def _take(self, request: operations.Take, arrays: Arrays) -> Answer:
        session = self._session(request.net)
        given = _named(request.inputs, arrays)
        return Done(), session.measure(given, request.wants, self._on_layer)

    def _begin(self, request: operations.Begin, arrays: Arrays) -> Answer:
        given = _named(request.inputs, arrays)
        end = self._session(request.net).begin(given, request.wants, self._on_layer)
        number = self._next_pass
        self._next_pass += 1
        self._begun[request.net, number] = end
        while len(self._begun) > _MOST_BEGUN:  # whoever began it was stopped
            self._begun.popitem(last=False)
        return operations.Begun(number), []

    def _end(self, request: operations.End, arrays: Arrays) -> Answer:
        end = self._begun.pop((request.net, request.number), None)
        if end is None:
            raise EngineError("This pass has not begun, or was given up.")
        return Done(), end()

    def _give_up(self, request: operations.GiveUp, arrays: Arrays) -> Answer:
        begun = self._begun.pop((request.net, request.number), None)
        if begun is not None:
            begun.give_up()
        return Done(), []

    def _room(self, request: operations.Room, arrays: Arrays) -> Answer:
        return self._session(request.net).room(request.inputs, request.wants), []

    def _run(self, request: operations.Run, arrays: Arrays) -> Answer:
        session = self._session(request.net)
        return session.run(_named(request.inputs, arrays), self._on_layer), []

    def _read(self, request: operations.Read, arrays: Arrays) -> Answer:
        return Done(), [self._session(request.net).read(request.value)]

    def _statistics(self, request: operations.Statistics, arrays: Arrays) -> Answer:
        session = self._session(request.net)
        values = [session.read(value) for value in request.values]
        summaries = summarise_values(values, bins=request.bins, value_range=request.value_range)
        headers = tuple(
            operations.SummaryHeader(one.statistics, one.histogram.counters()) for one in summaries
        )
        arrays = [a for one in summaries for a in (one.histogram.edges, one.histogram.counts)]
        return operations.Summaries(headers), arrays

    def _intervene(self, request: operations.Intervene, arrays: Arrays) -> Answer:
        n_inputs = len(request.inputs)
        inputs = None if request.from_kept else _named(request.inputs, arrays[:n_inputs])
        writings = join_writings(request.changes, arrays[n_inputs:])
        if not 1 <= request.copies <= _MOST_COPIES:
            raise EngineError(f"{request.copies} copies of an image are no batch.")
        session = self._session(request.net)
        return session.intervene(inputs, writings, request.wants, request.copies, self._on_layer)

    def _gradients(self, request: operations.Gradients, arrays: Arrays) -> Answer:
        n_inputs = len(request.inputs)
        inputs = _named(request.inputs, arrays[:n_inputs])
        of = dict(zip(request.of, arrays[n_inputs:], strict=True))
        asked = GradientsAsked(
            of, request.wants, request.layers, request.rule, request.norms, request.reads
        )
        found = self._session(request.net).gradients(inputs, asked, self._on_layer)
        n_arrays = tuple(len(of_layer) for of_layer in found.learned)
        learned = (array for of_layer in found.learned for array in of_layer)
        counts = operations.GradientCounts(n_arrays, tuple(found.norms))
        return counts, [*found.wants, *learned, *found.reads]

    def _train(self, request: operations.Train, arrays: Arrays) -> Answer:
        session = self._backend.train(
            TrainRequest(
                net_text=request.net_text,
                weights_path=None if request.weights is None else Path(request.weights),
                device=request.device,
                seed=request.seed,
                state=request.state,
                input_shapes=request.input_shapes,
                solver=request.solver,
            )
        )
        net = self._next_net
        self._next_net += 1
        self._trainings[net] = session
        return operations.TrainingOpened(
            net, session.arrays, dict(session.inputs), session.filler_layers
        ), []

    def _iterate(self, request: operations.Iterate, arrays: Arrays) -> Answer:
        n_inputs = len(request.inputs)
        if request.n_batches < 1 or len(arrays) != request.n_batches * n_inputs:
            raise EngineError(f"{len(arrays)} arrays are no {request.n_batches} batches.")
        starts = range(0, request.n_batches * n_inputs, n_inputs) if n_inputs else [0]
        batches = [_named(request.inputs, arrays[start : start + n_inputs]) for start in starts]
        if not n_inputs:
            batches *= request.n_batches
        return self._training(request.net).iterate(batches, self._on_layer), []

    def _add_test(self, request: operations.AddTest, arrays: Arrays) -> Answer:
        session = self._training(request.net).add_test(
            TestRequest(
                request.net_text,
                None if request.weights is None else Path(request.weights),
                request.state,
                request.input_shapes,
            )
        )
        tests = self._tests.setdefault(request.net, [])
        tests.append(session)
        return operations.TestOpened(len(tests) - 1, dict(session.inputs)), []

    def _test(self, request: operations.Test, arrays: Arrays) -> Answer:
        tests = self._tests.get(request.net, [])
        if not 0 <= request.test < len(tests):
            raise EngineError("This training has no such test net.")
        return tests[request.test].test(_named(request.inputs, arrays), self._on_layer), []

    def _peaks(self, request: operations.Peaks, arrays: Arrays) -> Answer:
        given = _named(request.inputs, arrays)
        layers, found = self._training(request.net).peaks(given, self._on_layer)
        return operations.Peaked(layers), found

    def _read_training(self, request: operations.ReadTraining, arrays: Arrays) -> Answer:
        found: list[np.ndarray] = getattr(self._training(request.net), request.what)()
        return Done(), found

    def _restore(self, request: operations.Restore, arrays: Arrays) -> Answer:
        self._training(request.net).restore(request.iteration, request.step, arrays)
        return Done(), []

    def _training(self, net: int) -> TrainingSession:
        training = self._trainings.get(net)
        if training is None:
            raise EngineError("This training is closed in the engine.", hint="Start it again.")
        return training

    def _close(self, request: operations.Close, arrays: Arrays) -> Answer:
        self._trainings.pop(request.net, None)
        self._tests.pop(request.net, None)
        for key in [key for key in self._begun if key[0] == request.net]:
            del self._begun[key]
        session = self._sessions.pop(request.net, None)
        if session is not None:
            session.close()
        gc.collect()  # layers refer to themselves; their weights should go now
        return Done(), []

    def _session(self, net: int) -> Session:
        session = self._sessions.get(net)
        if session is None:
            raise EngineError("This net is closed in the engine.", hint="Open it again.")
        return session


def _own(array: np.ndarray) -> np.ndarray:
    """For whoever may keep it."""
    return array if array.flags.owndata else array.copy()


def _named(names: Sequence[str], arrays: Arrays) -> dict[str, np.ndarray]:
    return dict(zip(names, arrays, strict=True))
