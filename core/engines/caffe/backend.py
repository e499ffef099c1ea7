"""The real-Caffe engine: the Python it runs in, its devices and opening nets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from core.engines.caffe.link import Link
from core.engines.caffe.session import CaffeSession
from core.engines.caffe.training import CaffeTraining
from core.engines.session import Backend, OpenRequest, Session, TrainingSession, TrainRequest
from core.engines.values import Device
from core.errors import EngineError, EngineStoppedFromOutside, EngineUnavailableError

GREETING_TIMEOUT_SECONDS = 60.0


def make_backend(options: Mapping[str, str]) -> Backend:
    """Options: `command` (a JSON list of words) starts a Python with pycaffe, in the `folder`.

    greeting_timeout_seconds: how long it may take until Caffe is imported there.
    """
    return CaffeBackend(options)


class CaffeBackend(Backend):
    """One foreign Python; raises EngineUnavailableError when it does not come up.

    One that something ends while it starts is started once more.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        command = json.loads(options.get("command", "[]"))
        if not command:
            raise EngineUnavailableError(
                "No Python with Caffe is named.",
                hint='Use --caffe-python "COMMAND" or the variable BLOBSCOPE_CAFFE_PYTHON.',
            )
        seconds = float(options.get("greeting_timeout_seconds", GREETING_TIMEOUT_SECONDS))
        folder = Path(options.get("folder", "."))
        try:
            self._link = Link(command, folder, seconds)
        except EngineStoppedFromOutside:
            self._link = Link(command, folder, seconds)

    def versions(self) -> dict[str, str]:
        """Of Caffe, and of the Python and the NumPy it runs in."""
        told = self._link.greeting
        return {name: str(told[name]) for name in ("caffe", "python", "numpy", "executable")}

    def devices(self) -> tuple[Device, ...]:
        """The CPU first, then each GPU that this Caffe accepts."""
        told = self._link.greeting
        gpus = [
            Device(f"cuda:{gpu['index']}", str(gpu["name"]), gpu["memory_bytes"])
            for gpu in told["gpus"]
        ]
        return (Device("cpu", f"CPU ({told['machine']})", None), *gpus)

    def layer_types(self) -> tuple[str, ...]:
        """What this Caffe was built with; () when it can't tell."""
        return tuple(self._link.greeting["layer_types"] or ())

    def open(self, request: OpenRequest) -> Session:
        """Send a net and its weights, and build it there."""
        return CaffeSession(self._link, request, self._gpu(request.device), self.layer_types())

    def train(self, request: TrainRequest) -> TrainingSession:
        """Build a solver and its net there."""
        return CaffeTraining(self._link, request, self._gpu(request.device), self.layer_types())

    def _gpu(self, device_id: str) -> int | None:
        known = [device.id for device in self.devices()]
        if device_id not in known:
            hint = f"There is: {', '.join(known)}."
            raise EngineError(f"The caffe engine has no device '{device_id}' here.", hint=hint)
        return None if device_id == "cpu" else int(device_id.partition(":")[2])
