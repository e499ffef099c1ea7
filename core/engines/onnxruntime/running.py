"""Running graphs in ONNX Runtime: one session for each graph and each way that is worth it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import onnxruntime
from onnx import ModelProto

from core.engines.onnx_graph.running import GraphRunner
from core.engines.pass_choice import PassChoice

_SPIN_MICROSECONDS = 100
"""Longer than from one layer of a small net to the next. ONNX Runtime's own spin of milliseconds
takes the core that another program, or the decoder, waits for."""


@dataclass(frozen=True)
class Way:
    """n_threads: of a pass; spin_microseconds: for how long a thread without work stays awake."""

    n_threads: int
    spin_microseconds: int = 0


class _Graph:
    """One graph in sessions of its own, one for each way that is tried."""

    def __init__(self, model: ModelProto, beside: Mapping[str, onnxruntime.OrtValue]) -> None:
        self.inputs = frozenset(one.name for one in model.graph.input)
        self.sessions: dict[Way, onnxruntime.InferenceSession] = {}
        self._model, self._beside = model.SerializeToString(), dict(beside)

    def session(self, way: Way) -> onnxruntime.InferenceSession:
        """The one that runs in this way."""
        session = self.sessions.get(way)
        if session is None:
            session = self.sessions[way] = self._open(way)
        return session

    def _open(self, way: Way) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = way.n_threads
        options.log_severity_level = 4
        spin = way.spin_microseconds
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spin else "0")
        if spin:
            options.add_session_config_entry("session.intra_op.spin_duration_us", str(spin))
        if self._beside:
            options.add_external_initializers(list(self._beside), list(self._beside.values()))
        return onnxruntime.InferenceSession(
            self._model, options, providers=["CPUExecutionProvider"]
        )


class OnnxRuntimeRunner(GraphRunner[_Graph]):
    """Learned arrays are held once. Each kind of pass takes the way that was quicker."""

    def __init__(self, n_threads: int) -> None:
        super().__init__()
        ways = [Way(n_threads), Way(n_threads, _SPIN_MICROSECONDS), Way(1)]
        self._choice = PassChoice(ways if n_threads > 1 else ways[:1])
        self._arrays: dict[str, onnxruntime.OrtValue] = {}

    def _read(self, model: ModelProto, beside: Mapping[str, np.ndarray]) -> _Graph:
        for name, array in beside.items():
            if name not in self._arrays:
                self._arrays[name] = onnxruntime.OrtValue.ortvalue_from_numpy(array)
        return _Graph(model, {name: self._arrays[name] for name in beside})

    def _pass(self, key: Hashable, graph: _Graph, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        turn = self._choice.turn(key)
        session = graph.session(turn.way)
        with self._choice.timed(turn):
            found: list[np.ndarray] = session.run(None, feeds)
        if not turn.is_settled:
            used = self._choice.ways_in_use(key)
            graph.sessions = {way: one for way, one in graph.sessions.items() if way in used}
        return found
