"""The engine interface: everything that callers import."""

from __future__ import annotations

from core.engines.engine import Engine
from core.engines.process import EngineProcess
from core.engines.values import (
    Device,
    EngineLayer,
    EngineSpec,
    EngineStatus,
    FastPath,
    PassResult,
    Value,
)

__all__ = [
    "Device",
    "Engine",
    "EngineLayer",
    "EngineProcess",
    "EngineSpec",
    "EngineStatus",
    "FastPath",
    "PassResult",
    "Value",
]
