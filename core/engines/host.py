"""Nets in engines for jobs: each job opens its own, equal ones share what the child holds."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.engines.engine import Engine
from core.engines.process import EngineProcess
from core.engines.registry import start_engine
from core.engines.several import SeveralEngines, spec_of_child
from core.engines.trial import Chosen
from core.engines.values import EngineSpec
from core.errors import EngineCancelled, EngineError
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE

TORCH = EngineSpec()
Shape = tuple[int, ...]


@dataclass(frozen=True)
class NetToRun:
    """All that decides on what runs: one value, made where the user asks.

    path: where the prototxt lies or would lie; recipes and class names are looked for beside it.
    why_engine: of one that was chosen by trial.
    """

    text: str
    path: Path
    weights: Path | None = None
    state: NetState = DEFAULT_STATE
    device: str = "cpu"
    seed: int = 0
    engine: EngineSpec = TORCH
    why_engine: str = field(default="", compare=False)

    @property
    def precision(self) -> str:
        """ "float32", or what the engine's options say."""
        return self.engine.precision


@dataclass
class _Held:
    """An open net and how many jobs hold it."""

    engine: Engine
    process: EngineProcess
    n_holders: int = 0


@dataclass(frozen=True)
class _Key:
    """What makes two open nets equal; a weights file that was written anew is another one."""

    net: NetToRun
    input_shapes: tuple[tuple[str, Shape], ...]
    weights_stamp: tuple[int, int] | None


def stamp_of(path: Path | None) -> tuple[int, int] | None:
    """Size and time of a file; None where there is none to look at, which opening it will say."""
    try:
        status = path.stat() if path is not None else None
    except OSError:
        return None
    return None if status is None else (status.st_size, status.st_mtime_ns)


class EngineHost:
    """Children by engine, and the nets that are open in them; any thread may call.

    on_choice: told each engine that is chosen by trial, in the thread of the job.

    A net stays open while a job holds it. The last few nets of each child that nobody holds stay
    open too, so that asking again costs nothing.
    """

    def __init__(
        self,
        start: Callable[[EngineSpec], EngineProcess] = start_engine,
        *,
        n_kept: int = 1,
    ) -> None:
        self._start = start
        self.on_choice: Callable[[Chosen], None] = lambda chosen: None
        self._n_kept = n_kept
        self._lock = threading.RLock()
        self._processes: dict[EngineSpec, EngineProcess] = {}
        self._nets: dict[_Key, _Held] = {}
        self._is_closed = False

    def process(self, spec: EngineSpec) -> EngineProcess:
        """The living child of an engine, started when there is none."""
        spec = spec.settled
        with self._lock:
            if self._is_closed:
                raise EngineError("The window is closing.")
            process = self._processes.get(spec)
            if process is not None and process.is_alive:
                return process
            if process is not None:
                self._forget(process)
                process.close()
            process = self._processes[spec] = self._start(spec)
            return process

    @contextmanager
    def opened(
        self, net: NetToRun, input_shapes: Mapping[str, Shape] | None = None
    ) -> Iterator[Engine]:
        """A net for as long as the block lasts, whatever other jobs do meanwhile.

        A device "cuda:0,cuda:1" opens it in a child for each, which share the passes of a survey.
        Raises what EngineProcess.open raises.
        """
        devices = net.device.split(",")
        if len(devices) > 1:
            with contextlib.ExitStack() as stack:
                engines = [
                    stack.enter_context(
                        self.opened(
                            replace(net, device=one, engine=spec_of_child(net.engine, number)),
                            input_shapes,
                        )
                    )
                    for number, one in enumerate(devices)
                ]
                yield SeveralEngines(engines)
            return
        net = replace(net, engine=net.engine.settled)
        key = _Key(net, tuple(sorted((input_shapes or {}).items())), stamp_of(net.weights))
        held = self._hold(key)
        try:
            yield held.engine
        finally:
            self._release(key, held)

    def kill(self) -> None:
        """Stop every child at once; jobs that wait for one end as cancelled."""
        with self._lock:
            processes = list(self._processes.values())
        for process in processes:
            process.kill()

    def close(self) -> None:
        """End every child for good."""
        with self._lock:
            self._is_closed = True
            processes = list(self._processes.values())
            self._processes.clear()
            self._nets.clear()
        for process in processes:
            with contextlib.suppress(EngineError, OSError):
                process.close()

    def __enter__(self) -> EngineHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hold(self, key: _Key) -> _Held:
        with self._lock:
            process = self.process(key.net.engine)
            held = self._nets.get(key)
            is_open = held is not None and held.process is process
            if held is not None and is_open and not process.would_run_more_of(held.engine):
                held.n_holders += 1
                return held
        net = key.net
        engine = process.open(
            net.text,
            net.weights,
            device=net.device,
            seed=net.seed,
            state=net.state,
            input_shapes=dict(key.input_shapes),
        )
        with self._lock:
            held = self._nets[key] = _Held(engine, process, 1)
            return held

    def _release(self, key: _Key, held: _Held) -> None:
        with self._lock:
            held.n_holders -= 1
            idle = [
                k
                for k, one in self._nets.items()
                if not one.n_holders and k.net.engine.settled == key.net.engine.settled
            ]
            surplus = [self._nets.pop(k) for k in idle[: max(0, len(idle) - self._n_kept)]]
            if not held.n_holders and self._nets.get(key) is not held:
                surplus.append(held)
        for one in {id(one): one for one in surplus}.values():
            if one.process.is_alive:
                with contextlib.suppress(EngineError, EngineCancelled):
                    one.engine.close()

    def _forget(self, process: EngineProcess) -> None:
        self._nets = {key: one for key, one in self._nets.items() if one.process is not process}
