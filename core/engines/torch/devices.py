"""What a pass asks of the device that it runs on: room, and to be done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from core.engines.memory import Need, check_fits, free_host_bytes, more_host_bytes


def check_room(need: Need, device: torch.device) -> None:
    """Raise EngineError where a pass needs more memory than its device has."""
    where = "memory" if device.type == "cpu" else "the GPU's memory"
    check_fits(need, lambda: _free_bytes(device), where)


def wait_for(device: torch.device) -> None:
    """Until the device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def why_no_precision(name: str, device: torch.device, has_cpu_bfloat16: bool) -> str:
    """What a device lacks to run in a precision; "" where it can."""
    if name == "float32":
        return ""
    if device.type == "cuda":
        major, _ = torch.cuda.get_device_capability(device)
        needs = 7 if name == "float16" else 8
        return "" if major >= needs else f"a GPU of generation {needs} or later"
    if name != "bfloat16":
        return "a GPU with CUDA"
    if device.type == "cpu" and has_cpu_bfloat16:
        return ""
    return "a processor with AVX-512 BF16 or AMX, or a GPU with CUDA"


def more_bytes(device: torch.device) -> int | None:
    """What this process can have beside the tensors that it holds; None where nobody can tell."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free) + int(cached)
    return more_host_bytes() if device.type == "cpu" else None


class TakenMemory:
    """Counts what a pass takes on its device; bytes: of the last one, None where nobody counts."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.bytes: int | None = None

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Run one pass."""
        if self._device.type != "cuda":
            yield
            return
        torch.cuda.reset_peak_memory_stats(self._device)
        before = torch.cuda.memory_allocated(self._device)
        yield
        self.bytes = int(torch.cuda.max_memory_allocated(self._device)) - int(before)


def _free_bytes(device: torch.device) -> int | None:
    """What a pass can have; None where nobody can tell."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free) + int(torch.cuda.memory_reserved(device))
    return free_host_bytes() if device.type == "cpu" else None
