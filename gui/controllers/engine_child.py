"""Which engine runs the window's nets: started, restarted after a crash, and what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.engine_names import engine_title
from core.engines.batch_size import USUAL_BATCH, BatchWish
from core.engines.consent import PythonPrograms
from core.engines.host import EngineHost, NetToRun
from core.engines.process import EngineProcess
from core.engines.registry import start_engine, status_of
from core.engines.trial import Chosen
from core.engines.values import Device, EngineSpec, EngineStatus, FastPath
from core.errors import AppError, EngineCrashed
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.runs import Run
from gui.widgets.precision_choice import precision_title

STARTING, READY, STOPPED, UNAVAILABLE = "starting", "ready", "stopped", "unavailable"
DEFAULT_SPEC = EngineSpec()


class EngineController(QObject):
    """The engine of the whole window; jobs open their nets through `host`, on any lane."""

    state_changed = pyqtSignal()
    devices_changed = pyqtSignal()
    request_changed = pyqtSignal()
    """From now on nets run on another engine or device, or Python layers may run."""
    crashed = pyqtSignal(object)
    restarted = pyqtSignal()
    engine_chosen = pyqtSignal(object)
    """A survey takes this engine, a Chosen."""
    _launched = pyqtSignal(object)
    _chose = pyqtSignal(object)

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
        self.chosen: Chosen | None = None
        self.batch: BatchWish = USUAL_BATCH
        """Images that share a pass of a survey."""
        self.host = EngineHost(self._launch)
        self.host.on_choice = self._chose.emit
        self._process: EngineProcess | None = None
        self._last_crash: EngineCrashed | None = None
        self._was_stopped = False
        self._agreed_programs: frozenset[str] = frozenset()
        lanes.stuck.connect(self._kill_stuck)
        lanes.engine_crashed.connect(self._on_crashed)
        self._launched.connect(self._on_launched)
        self._chose.connect(self._on_chose)

    @property
    def title(self) -> str:
        """The engine's name as users know it, with what the last trial chose."""
        title = engine_title(self.spec.name)
        if self.spec.precision != "float32":
            title = f"{title} {precision_title(self.spec.precision)}"
        return f"{title}: {engine_title(self.chosen.engine)}" if self.chosen else title

    @property
    def why_no_precision(self) -> dict[str, str]:
        """Why the chosen device can't run in a precision, by its name; {} where nobody knows."""
        found = next((one for one in self.devices if one.id == self.device), None)
        return {one.name: one.why_not for one in found.precisions} if found else {}

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
        spec = self.spec
        self._lanes.engine.start(
            lambda: self.host.process(spec), key="engine-start", on_error=self._on_not_started
        )

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
        self.spec, self.chosen = spec, None
        self.devices, self.versions, self.fast_paths = (), {}, ()
        self.restart()
        self.devices_changed.emit()
        self._change_request()

    def agree_to(self, programs: PythonPrograms) -> None:
        """Let these programs run as they are now, for as long as the window lives."""
        self._agreed_programs |= {programs.fingerprint}
        self._change_request()

    def request(self) -> NetToRun:
        """The document as it is now, as a job is to run it."""
        document = self._document
        return NetToRun(
            document.text,
            document.path or Path("net.prototxt"),
            document.weights_path,
            document.state,
            self.device,
            engine=self.spec,
        )

    def adapted(self, request: NetToRun) -> NetToRun:
        """A request of earlier, for the engine and the device of now."""
        now = self.request()
        return replace(request, device=now.device, engine=now.engine)

    def kill(self) -> None:
        """Stop the child at once; the jobs that wait for it end as cancelled."""
        self.host.kill()

    def close(self) -> None:
        """End the child for good."""
        self.host.close()

    def _launch(self, spec: EngineSpec) -> EngineProcess:
        """Called by the host in the thread of whichever job needs a child first."""
        process = start_engine(spec, agree=self._agrees)
        if spec == self.spec.settled:  # others help it: they try a survey, or verify
            self._process = process
            self._launched.emit(process)
        return process

    def _agrees(self, programs: PythonPrograms) -> bool:
        """Called in the thread of whichever job opens a net."""
        return programs.fingerprint in self._agreed_programs

    def _on_launched(self, process: EngineProcess) -> None:
        """Ask what it is while its libraries load."""
        self._lanes.engine.start(
            lambda: status_of(process),
            key="engine-status",
            on_result=lambda status: self._on_started(process, status),
            on_error=lambda error: self._on_not_started(error, process),
        )

    def _on_chose(self, chosen: Chosen) -> None:
        self.chosen = chosen
        self.state_changed.emit()
        self.engine_chosen.emit(chosen)

    def _kill_stuck(self, _run: Run) -> None:
        self.restart()

    def _on_crashed(self, error: EngineCrashed) -> None:
        if error is self._last_crash:
            return  # jobs that waited for the dead child report it again
        self._last_crash = error
        self._was_stopped = True
        self._set_state(STOPPED, error.sentence)
        self.crashed.emit(error)

    def _on_not_started(self, error: AppError, process: EngineProcess | None = None) -> None:
        if process is self._process or process is None:
            self._set_state(UNAVAILABLE, str(error))

    def _on_started(self, process: EngineProcess, status: EngineStatus) -> None:
        if process is not self._process or not process.is_alive:
            return  # the job that started it has ended it before it was asked
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
