"""Keeps one engine child: starts it, hands out nets on its lane, restarts it after a crash."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.base import (
    Device,
    Engine,
    EngineProcess,
    EngineSpec,
    EngineStatus,
    FastPath,
)
from core.engines.host import NetToRun
from core.engines.registry import start_engine, status_of
from core.errors import AppError, EngineCrashed, EngineError
from gui.document import ModelDocument
from gui.engine_titles import engine_title
from gui.jobs import Lanes, Run

STARTING, READY, STOPPED, UNAVAILABLE = "starting", "ready", "stopped", "unavailable"
DEFAULT_SPEC = EngineSpec()


class EngineController(QObject):
    """One child for the whole window; `open_net` and `process` are for jobs of the engine lane."""

    state_changed = pyqtSignal()
    devices_changed = pyqtSignal()
    request_changed = pyqtSignal()
    """From now on nets run on another engine or device, or Python layers may run."""
    crashed = pyqtSignal(object)
    restarted = pyqtSignal()
    _started = pyqtSignal(object, object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        spec: EngineSpec | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self.spec = spec or DEFAULT_SPEC
        self.state = STARTING
        self.sentence = ""
        self.device = "cpu"
        self.devices: tuple[Device, ...] = ()
        self.versions: dict[str, str] = {}
        self.fast_paths: tuple[FastPath, ...] = ()
        self._process: EngineProcess | None = None
        self._opened: tuple[NetToRun, Engine] | None = None
        self._last_crash: EngineCrashed | None = None
        self._was_stopped = False
        self._is_closed = False
        self._trusted: frozenset[Path] = frozenset()
        lanes.stuck.connect(self._kill_stuck)
        lanes.engine_crashed.connect(self._on_crashed)
        self._started.connect(self._on_started)

    @property
    def title(self) -> str:
        """The engine's name as users know it."""
        return engine_title(self.spec.name)

    @property
    def device_name(self) -> str:
        """The chosen device in short: "CPU", "CUDA 0"."""
        return short_device_name(self.device)

    @property
    def process_id(self) -> int | None:
        """The living child's process id."""
        process = self._process
        return process.pid if process is not None and process.is_alive else None

    def start(self) -> None:
        """Start the child in the background; its libraries load meanwhile."""
        self._set_state(STARTING)
        self._lanes.engine.start(self.process, key="engine-start", on_error=self._on_not_started)

    def restart(self) -> None:
        """Start a new child in place of a dead or deaf one."""
        self.kill()
        self._was_stopped = True
        self.start()

    def choose_device(self, device: str) -> None:
        """Run from now on where `device` says; nets open there on next use."""
        if device != self.device:
            self.device = device
            self.devices_changed.emit()
            self._change_request()

    def choose_engine(self, spec: EngineSpec) -> None:
        """Run nets in another engine from now on; the one before ends."""
        if spec == self.spec:
            return
        self.spec = spec
        self.devices, self.versions, self.fast_paths = (), {}, ()
        self.restart()
        self.devices_changed.emit()
        self._change_request()

    def trust_python_layers(self) -> None:
        """Let the open prototxt's Python layers run, for as long as the window lives."""
        if self._document.path is not None:
            self._trusted |= {self._document.path}
            self._change_request()

    def request(self) -> NetToRun:
        """The document as it is now, to be opened on the engine lane."""
        document = self._document
        return NetToRun(
            document.text,
            document.path or Path("net.prototxt"),
            document.weights_path,
            document.state,
            self.device,
            engine=self.spec,
            allow_python_layers=document.path in self._trusted,
        )

    def adapted(self, request: NetToRun) -> NetToRun:
        """A request of earlier, for the engine and the device of now."""
        now = self.request()
        return replace(
            request,
            device=now.device,
            engine=now.engine,
            allow_python_layers=now.allow_python_layers,
        )

    def process(self) -> EngineProcess:
        """The living child, started when there is none. For the engine lane."""
        process = self._process
        if process is not None and process.is_alive:
            return process
        if self._is_closed:
            raise EngineError("The window is closing.")
        if process is not None:
            process.close()
        self._opened = None
        process = self._process = start_engine(self.spec)
        self._started.emit(process, status_of(process))
        return process

    def open_net(self, request: NetToRun) -> Engine:
        """The net of `request`, kept open until another one is asked for. For the engine lane.

        Raises what EngineProcess.open raises.
        """
        process = self.process()
        if self._opened is not None:
            if self._opened[0] == request:
                return self._opened[1]
            self._opened[1].close()
            self._opened = None
        engine = process.open(
            request.text,
            request.weights,
            device=request.device,
            seed=request.seed,
            state=request.state,
            allow_python_layers=request.allow_python_layers,
        )
        self._opened = (request, engine)
        return engine

    def kill(self) -> None:
        """Stop the child at once; the job that waits for it ends as cancelled."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the child for good."""
        self._is_closed = True
        if self._process is not None:
            with contextlib.suppress(EngineError, OSError):
                self._process.close()

    def _kill_stuck(self, run: Run) -> None:
        if run.lane == "engine":
            self.restart()

    def _on_crashed(self, error: EngineCrashed) -> None:
        if error is self._last_crash:
            return  # jobs that waited for the dead child report it again
        self._last_crash = error
        self._was_stopped = True
        self._set_state(STOPPED, error.sentence)
        self.crashed.emit(error)

    def _on_not_started(self, error: AppError) -> None:
        self._set_state(UNAVAILABLE, str(error))

    def _on_started(self, process: EngineProcess, status: EngineStatus) -> None:
        if process is not self._process:
            return
        self.devices = status.devices
        self.versions = dict(status.versions)
        self.fast_paths = status.fast_paths
        if self.device not in {device.id for device in self.devices}:
            self.device = self.devices[0].id if self.devices else "cpu"
        self._set_state(READY)
        self.devices_changed.emit()
        if self._was_stopped:
            self._was_stopped = False
            self.restarted.emit()

    def _change_request(self) -> None:
        self._document.revision += 1
        self.state_changed.emit()
        self.request_changed.emit()

    def _set_state(self, state: str, sentence: str = "") -> None:
        self.state = state
        self.sentence = sentence
        self.state_changed.emit()


def short_device_name(device_id: str) -> str:
    """ "cpu" -> "CPU", "cuda:1" -> "CUDA 1", "mps" -> "MPS"."""
    return device_id.replace(":", " ").upper()
