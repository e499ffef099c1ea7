"""Errors as they pass from the child to the window and become exceptions again."""

from __future__ import annotations

import traceback
from typing import Any

import msgspec

from core.engines.consent import PythonLayersRefused, PythonPrograms
from core.errors import (
    AppError,
    EngineError,
    EngineOutOfMemory,
    EngineStoppedFromOutside,
    EngineUnavailableError,
    NetError,
    PrototxtError,
    UnsupportedLayerError,
    WeightsError,
)

_KINDS: dict[str, type[AppError]] = {
    kind.__name__: kind
    for kind in (
        EngineError,
        EngineOutOfMemory,
        EngineStoppedFromOutside,
        EngineUnavailableError,
        NetError,
        WeightsError,
    )
}


def header_from_error(error: BaseException, running: str = "") -> dict[str, Any]:
    """Describe an exception of the child; an unforeseen one carries its traceback as details."""
    if isinstance(error, UnsupportedLayerError):
        layers = [list(pair) for pair in error.layers]
        return {"kind": "UnsupportedLayerError", "layers": layers, "engine": error.engine}
    if isinstance(error, PythonLayersRefused):
        return {
            "kind": "PythonLayersRefused",
            "layers": [list(pair) for pair in error.layers],
            "programs": msgspec.to_builtins(error.programs),
        }
    if isinstance(error, PrototxtError):
        return _described("NetError", str(error), error.hint, error.details)
    if isinstance(error, AppError):
        kind = type(error).__name__
        known = kind if kind in _KINDS else "EngineError"
        return _described(known, error.sentence, error.hint, error.details)
    if is_out_of_memory(error):
        where = f" at layer '{running}'" if running else ""
        hint = "Use a smaller image or batch, or another device."
        sentence = f"The engine ran out of memory{where}."
        return _described("EngineOutOfMemory", sentence, hint, str(error))
    where = f"layer '{running}' failed" if running else "the request failed"
    sentence = f"In the engine, {where}: {_first_line(error)}"
    return _described("EngineError", sentence, "", "".join(traceback.format_exception(error)))


class _ErrorHeader(msgspec.Struct, frozen=True):
    """An error as it travels; which fields count is for its kind to say."""

    kind: str = ""
    sentence: str = ""
    hint: str = ""
    details: str = ""
    engine: str = "torch"
    layers: list[tuple[str, str]] = []
    programs: PythonPrograms | None = None


def error_from_header(header: object) -> AppError:
    """The exception a child described. Raises msgspec.ValidationError for what describes none."""
    told = msgspec.convert(header, _ErrorHeader)
    if told.kind == "UnsupportedLayerError":
        return UnsupportedLayerError(told.layers, told.engine)
    if told.kind == "PythonLayersRefused":
        return PythonLayersRefused(told.layers, told.programs)
    kind = _KINDS.get(told.kind, EngineError)
    sentence = told.sentence or "The engine refused without a word."
    return kind(sentence, hint=told.hint, details=told.details)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out, on the host or on a GPU."""
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text or "not enough memory" in text


def _described(kind: str, sentence: str, hint: str, details: str) -> dict[str, Any]:
    return {"kind": kind, "sentence": sentence, "hint": hint, "details": details}


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
