"""What a pass asks of the device that it runs on: room, and to be done."""

from __future__ import annotations

import torch

from core.engines.memory import Need, check_fits, free_host_bytes


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


def _free_bytes(device: torch.device) -> int | None:
    """What a pass can have; None where nobody can tell."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free) + int(torch.cuda.memory_reserved(device))
    return free_host_bytes() if device.type == "cpu" else None
