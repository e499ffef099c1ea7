"""The PyTorch engine: its devices, its settings and opening nets."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import torch

from core.engines.memory import host_bytes
from core.engines.session import Backend, OpenRequest, Session, TrainingSession, TrainRequest
from core.engines.torch import compiling, packing
from core.engines.torch.copies import copies_for
from core.engines.torch.devices import why_no_precision
from core.engines.torch.graphs import graphs_for
from core.engines.torch.operation import Place
from core.engines.torch.passes_at_once import PassesAtOnce
from core.engines.torch.session import TorchSession
from core.engines.torch.thread_choice import ThreadChoice
from core.engines.torch.training import TorchTraining
from core.engines.values import Device, FastPath, Precision
from core.errors import EngineError, EngineUnavailableError

FAST_PATHS = ("packed weights", "compiled layers", "fused sums")

_ALL_THREADS = ThreadChoice(1, torch.set_num_threads)
"""Nothing is chosen: what runs on a GPU waits for the GPU."""
_PRECISIONS = {
    "float32": torch.float32,
    "tf32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def make_backend(options: Mapping[str, str]) -> Backend:
    """Option `threads`: how many CPU threads to use; by default one or all of torch's, by trial.

    Option `precision`: float32 (the default), or bfloat16 for the blobs, weights and products of
    convolutions and inner products, which are still added up in float32; on a GPU with CUDA also
    float16, and tf32, which rounds what is multiplied to 10 bits and keeps float32 else. In all but
    float32 a GPU has channels last; option `layout`, channels_last or contiguous, says otherwise.

    Option `copies`: overlapped, the default on a GPU with CUDA, or plain. Option `graphs`: trial
    (the default), always or never; only CUDA has them. Neither changes a bit.
    """
    return TorchBackend(options)


class TorchBackend(Backend):
    """The same bits every time: deterministic kernels, and no TF32 unless it is asked for."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._precision_name = options.get("precision", "float32")
        self._precision = _read_precision(options)
        self._layout = options.get("layout", "")
        self._copies = _one_of(options, "copies", ("", "overlapped", "plain"))
        self._graphs = _one_of(options, "graphs", ("trial", "always", "never"))
        if "threads" in options:
            torch.set_num_threads(int(options["threads"]))
        # MKL chooses its vector functions in the first call; where two threads make that call at
        # once, one of them computes with 12 bits.
        torch.ones(1).exp()
        is_tf32 = self._precision_name == "tf32"
        torch.backends.cuda.matmul.allow_tf32 = is_tf32
        torch.backends.cudnn.allow_tf32 = is_tf32
        # sums of half precision stay in float32 to their end
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        if not is_tf32:
            torch.set_float32_matmul_precision("highest")
        self._fast_paths = _probe_fast_paths(self._precision)
        self._n_threads = 1 if "threads" in options else torch.get_num_threads()
        self._threads = ThreadChoice(self._n_threads, torch.set_num_threads)

    def versions(self) -> dict[str, str]:
        """Of torch, and of CUDA and cuDNN where it has them."""
        versions = {"torch": str(torch.__version__)}
        if torch.version.cuda and torch.cuda.is_available():
            versions["cuda"] = str(torch.version.cuda)
            versions["cudnn"] = str(torch.backends.cudnn.version())  # type: ignore[no-untyped-call]
        versions["threads"] = str(torch.get_num_threads())
        if self._precision_name != "float32":
            versions["precision"] = self._precision_name
        return versions

    def fast_paths(self) -> tuple[FastPath, ...]:
        """Packed weights, compiled layers and fused sums: which this torch has here."""
        return tuple(self._fast_paths.values())

    def devices(self) -> tuple[Device, ...]:
        """The CPU first, then each GPU that torch can use."""
        found = [self._device("cpu", _cpu_name(), host_bytes())]
        if torch.cuda.is_available():
            for index in range(torch.cuda.device_count()):
                gpu = torch.cuda.get_device_properties(index)
                found.append(self._device(f"cuda:{index}", gpu.name, gpu.total_memory))
        if torch.backends.mps.is_available():
            found.append(self._device("mps", "Apple GPU", None))
        return tuple(found)

    def _device(self, device_id: str, name: str, memory_bytes: int | None) -> Device:
        lacks = {one: self._lack(one, torch.device(device_id)) for one in _PRECISIONS}
        precisions = (Precision(one, lack and f"needs {lack}") for one, lack in lacks.items())
        return Device(device_id, name, memory_bytes, tuple(precisions))

    def _lack(self, precision: str, device: torch.device) -> str:
        """What a device lacks for a precision."""
        packs = device.type == "cpu" and not self._fast_paths[FAST_PATHS[0]].why_not
        return why_no_precision(precision, device, packs and packing.has_bfloat16())

    def open(self, request: OpenRequest) -> Session:
        """Build a net on one of the devices."""
        threads = self._threads if request.device == "cpu" else _ALL_THREADS
        place = self._place(request.device)
        copies = copies_for(place.device, self._copies)
        graphs = graphs_for(place.device, self._graphs)
        return TorchSession(request, place, threads, copies, graphs, self._at_once(request.device))

    def _at_once(self, device_id: str) -> PassesAtOnce | None:
        """Where threads are ours to share; copies that overlap are a way of their own."""
        if device_id != "cpu" or self._n_threads < 2 or self._copies == "overlapped":
            return None
        return PassesAtOnce(self._n_threads, torch.set_num_threads)

    def train(self, request: TrainRequest) -> TrainingSession:
        """Build a net to train on one of the devices."""
        return TorchTraining(request, self._place(request.device))

    def _place(self, device_id: str) -> Place:
        known = [device.id for device in self.devices()]
        if device_id not in known:
            hint = f"There is: {', '.join(known)}."
            raise EngineError(f"The torch engine has no device '{device_id}' here.", hint=hint)
        device = torch.device(device_id)
        packs, compiles, fuses_sums = (
            device.type == "cpu" and not self._fast_paths[name].why_not for name in FAST_PATHS
        )
        lack = self._lack(self._precision_name, device)
        if lack:
            raise EngineError(
                f"The device '{device_id}' can't run in {self._precision_name} here.",
                hint=f"Use float32, or {lack}.",
            )
        is_fast = device.type == "cuda" and self._precision_name != "float32"
        channels_last = self._layout == "channels_last" or (is_fast and not self._layout)
        return Place(device, packs, compiles, fuses_sums, self._precision, channels_last)


def _probe_fast_paths(precision: torch.dtype) -> dict[str, FastPath]:
    """By name, each tried on this processor; the others build on packed weights."""
    why_no_packing = packing.why_unavailable()
    why_no_compiling = why_no_sums = f"needs {FAST_PATHS[0]}" if why_no_packing else ""
    if not why_no_packing:
        is_exact = precision is torch.float32
        why_no_compiling = compiling.why_unavailable() if is_exact else "only float32 is compiled"
        why_no_sums = "" if packing.sums_exactly() else "a fused sum has other bits here"
    reasons = (why_no_packing, why_no_compiling, why_no_sums)
    return {name: FastPath(name, why) for name, why in zip(FAST_PATHS, reasons, strict=True)}


def _read_precision(options: Mapping[str, str]) -> torch.dtype:
    name = options.get("precision", "float32")
    if name not in _PRECISIONS:
        known = ", ".join(_PRECISIONS)
        raise EngineUnavailableError(f"There is no precision '{name}'.", hint=f"Known: {known}.")
    return _PRECISIONS[name]


def _one_of(options: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    """An option's value, the first that is known by default."""
    value = options.get(name, known[0])
    if value not in known:
        hint = f"Known: {', '.join(filter(None, known))}."
        raise EngineUnavailableError(f"There are no {name} '{value}'.", hint=hint)
    return value


def _cpu_name() -> str:
    return f"CPU ({torch.get_num_threads()} threads, {platform.machine()})"
