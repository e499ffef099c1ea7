"""What tells later which files a result speaks of: hashes of net and weights, engine and state."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.engines.host import NetToRun
from core.files import file_sha256
from core.measures.measure import Measure, Pool
from core.net.definition import NetState
from core.net.text import encode_prototxt


def net_manifest(net: NetToRun) -> dict[str, Any]:
    """Net, weights, state and engine with their SHA-256, as plain values for JSON.

    "chosen" says why an engine that was chosen by trial was it.
    """
    return {
        "net": text_manifest(net.path, net.text, net.state),
        "weights": None
        if net.weights is None
        else {"path": str(net.weights.absolute()), "sha256": file_sha256(net.weights)},
        "engine": {
            "name": net.engine.settled.name,
            "device": net.device,
            "precision": net.precision,
            "seed": net.seed,
            **({"chosen": net.why_engine} if net.why_engine else {}),
        },
    }


def text_manifest(path: Path | None, text: str, state: NetState) -> dict[str, Any]:
    """A prototxt and the state it is in; path: None for one that no file has."""
    return {
        "path": None if path is None else spelled(path.absolute()),
        "sha256": hashlib.sha256(encode_prototxt(text)).hexdigest(),
        "phase": state.phase,
        "level": state.level,
        "stages": list(state.stages),
    }


def plain_values(value: Any) -> Any:
    """A value with its paths and mappings as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): plain_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(one) for one in value]
    return spelled(value) if isinstance(value, Path) else value


def spelled(path: Path) -> str:
    """A path as any file can hold it: bytes of a name that are no UTF-8 become escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def measure_words(measure: Measure) -> dict[str, Any]:
    """What was measured of an activation, as a manifest says it."""
    if not isinstance(measure, Pool):
        return {"pooling": "none"}
    words: dict[str, Any] = {"pooling": measure.method}
    if measure.method == "gem":
        words["p"] = measure.p
    elif measure.has_levels:
        words["levels"] = measure.levels
    return {**words, "relu": True} if measure.relu else words
