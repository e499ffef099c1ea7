"""The engines there are, and starting them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.engines.engine import Engine
from core.engines.process import EngineProcess
from core.engines.values import EngineSpec, EngineStatus
from core.errors import EngineError

ENGINE_NAMES = ("torch",)
"""Engines a user can choose; `fake` is for tests."""

_DEFAULT_SPEC = EngineSpec()


def start_engine(spec: EngineSpec = _DEFAULT_SPEC) -> EngineProcess:
    """Start an engine's child and return at once; its libraries load meanwhile.

    Raises EngineUnavailableError when the command can't be run at all.
    """
    return EngineProcess(spec)


@contextmanager
def open_engine(
    spec: EngineSpec,
    net_text: str,
    weights: Path | None = None,
    device: str = "cpu",
    seed: int = 0,
) -> Iterator[Engine]:
    """One net in a child of its own, which ends with the `with` block."""
    with start_engine(spec) as process:
        yield process.open(net_text, weights, device=device, seed=seed)


def available_engines() -> tuple[EngineStatus, ...]:
    """Start each engine and ask what it runs on; takes as long as its libraries take to load."""
    return tuple(_probe(EngineSpec(name)) for name in ENGINE_NAMES)


def _probe(spec: EngineSpec) -> EngineStatus:
    try:
        with start_engine(spec) as process:
            versions, devices = process.versions(), process.devices()
    except EngineError as error:
        return EngineStatus(spec.name, False, str(error))
    where = ", ".join(device.name for device in devices)
    library = versions.get(spec.name, "")
    sentence = f"{spec.name} {library} runs on {where}.".replace("  ", " ")
    return EngineStatus(spec.name, True, sentence, tuple(versions.items()), devices)
