"""What tells later which files a result speaks of: hashes of net and weights, engine and state."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.engines.host import NetToRun
from core.errors import AppError
from core.net.text import encode_prototxt


def net_manifest(net: NetToRun) -> dict[str, Any]:
    """Net, weights, state and engine with their SHA-256, as plain values for JSON."""
    return {
        "net": {
            "path": str(net.path.absolute()),
            "sha256": hashlib.sha256(encode_prototxt(net.text)).hexdigest(),
            "phase": net.state.phase,
            "level": net.state.level,
            "stages": list(net.state.stages),
        },
        "weights": None
        if net.weights is None
        else {"path": str(net.weights.absolute()), "sha256": file_sha256(net.weights)},
        "engine": {
            "name": net.engine.name,
            "device": net.device,
            "precision": net.precision,
            "seed": net.seed,
        },
    }


def file_sha256(path: Path) -> str:
    """The hash of a file in hex, about a second a gigabyte; once for each state of the file."""
    try:
        status = path.stat()
        return _hash_as_of(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise AppError(f"'{path}' can't be read: {error.strerror}.") from error


@lru_cache(maxsize=16)
def _hash_as_of(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
