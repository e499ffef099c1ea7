"""What trials of engines found, in a small file of the user's: a trial is made once."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import threading
from pathlib import Path

import msgspec

from core.engine_names import GRAPH_ENGINES
from core.engines.trial import Chosen, Inputs, Wants
from core.errors import AppError
from core.files import written_beside
from core.typed_json import as_type, load_json

FOLDER_VARIABLE = "BLOBSCOPE_CACHE"
"""A folder in place of the system's for caches."""
_MOST_TRIALS = 200
_MOST_BYTES = 1 << 20
_RULES = 5
"""Counted up where trials judge otherwise than before, so that old ones are made anew."""
_KNOWN = ("torch", *GRAPH_ENGINES)
_PACKAGES = {
    "opencv": (
        "opencv-python-headless", "opencv-python",
        "opencv-contrib-python-headless", "opencv-contrib-python",
    ),
}  # fmt: skip
"""What an engine comes in, where that has another name; any of these."""


class Remembered(msgspec.Struct, frozen=True):
    """One trial. key: of `trial_key`; net: the file's name."""

    key: str
    engine: str
    reason: str
    net: str = ""

    @property
    def chosen(self) -> Chosen:
        """What it found."""
        return Chosen(self.engine, self.reason)


class _Document(msgspec.Struct, frozen=True):
    trials: tuple[Remembered, ...] = ()


class TrialMemory:
    """The last trials. A file that can't be read or written is one without trials."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def all(self) -> tuple[Remembered, ...]:
        """The last one last."""
        try:
            document = as_type(load_json(self._path, _MOST_BYTES), _Document, self._path.name)
        except (AppError, OSError):
            return ()
        return tuple(one for one in document.trials if one.engine in _KNOWN)

    def find(self, key: str) -> Chosen | None:
        """The trial of this key."""
        return next((one.chosen for one in reversed(self.all()) if one.key == key), None)

    def keep(self, found: Remembered) -> None:
        """In place of an earlier one of its key."""
        with self._lock, contextlib.suppress(AppError, OSError):
            others = [one for one in self.all() if one.key != found.key]
            document = _Document((*others, found)[-_MOST_TRIALS:])
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with written_beside(self._path) as beside:
                beside.write_bytes(msgspec.json.encode(document))


def default_memory() -> TrialMemory:
    """That of this user."""
    return TrialMemory(_cache_folder() / "engine-trials.json")


def trial_key(net: object, inputs: Inputs, wants: Wants) -> str:
    """SHA-256 of what decides on a trial: the net, its passes, this machine and the versions.

    net: as plain values, with what tells its weights.
    """
    said = {
        "rules": _RULES,
        "net": net,
        "inputs": sorted((name, array.shape) for name, array in inputs.items()),
        "wants": [[*value, [repr(measure) for measure in wants[value]]] for value in sorted(wants)],
        "machine": [platform.node(), platform.machine(), platform.processor(), os.cpu_count()],
        "versions": [
            _version(package) for name in _KNOWN for package in _PACKAGES.get(name, (name,))
        ],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _version(package: str) -> str:
    """ "" for one that is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _cache_folder() -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "blobscope"
