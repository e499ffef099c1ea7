"""How an engine's child is started: its command line, folder and environment."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.children import ROOT, child_environment, creation_flags, python_path
from core.engines.values import EngineSpec
from core.errors import EngineUnavailableError

CAFFE_PYTHON_VARIABLE = "BLOBSCOPE_CAFFE_PYTHON"
"""The command of the caffe engine for those who name none."""

# Large blobs come and go in every pass: let malloc keep their pages instead of giving them back,
# and put them on huge pages. Both only where the user has not decided otherwise.
_MEMORY_SETTINGS = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "THP_MEM_ALLOC_ENABLE": "1",
}
# libgomp's threads spin for milliseconds at the end of each layer. Where another program keeps a
# core busy, one of them then waits for a core that the other burns: 0.16 s instead of 0.03 s for a
# pass of SqueezeNet. A short spin costs a tenth of that pass on an idle machine.
_WAITING_SETTINGS = {"GOMP_SPINCOUNT": "10000"}
# cuBLAS gives the same bits every time only with a workspace of fixed size.
_DETERMINISM_SETTINGS = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


_OTHERS_SIGNALS = (-1, -2, -9, -15)
"""SIGHUP, SIGINT, SIGKILL, SIGTERM: what users, sessions and a system without memory send."""


SHARED_OPTION = "shared"
"""The option that tells a child the files of its shared memory."""

KILLED = 137
"""The exit code by which a child of ours passes on that what it runs on was killed."""


@dataclass(frozen=True)
class Launch:
    """Arguments for subprocess.Popen."""

    arguments: tuple[str, ...]
    folder: Path
    environment: dict[str, str]
    creation_flags: int = 0
    files: tuple[int, ...] = ()


def may_share_memory(spec: EngineSpec) -> bool:
    """Whether the child is started by us: what a command starts may run on another machine."""
    return not spec.command or spec.name == "caffe"


def launch_of(spec: EngineSpec, shared: Sequence[int] = ()) -> Launch:
    """The child runs `python -m core.engines.child NAME OPTION=VALUE...`, from any folder.

    The child of the caffe engine is ours too and starts the foreign Python itself, in the folder
    where the user is. shared: open files of memory for arrays, which the child inherits.
    Raises EngineUnavailableError for a command that can't be split into words.
    """
    options = [f"{name}={value}" for name, value in spec.options]
    interpreter = spec.command or (sys.executable,)
    if spec.name == "caffe":
        interpreter = (sys.executable,)
        command = spec.command or split_command(os.environ.get(CAFFE_PYTHON_VARIABLE, ""))
        options += [f"command={json.dumps(command)}", f"folder={Path.cwd()}"]
    if shared:
        options.append(f"{SHARED_OPTION}={','.join(map(str, shared))}")
    arguments = (*interpreter, "-m", "core.engines.child", spec.name, *options)
    settings = {**_MEMORY_SETTINGS, **_WAITING_SETTINGS, **_DETERMINISM_SETTINGS}
    environment = child_environment(settings)
    return Launch(arguments, ROOT, environment, creation_flags(), tuple(shared))


def is_ended_from_outside(code: int | None) -> bool:
    """Whether a child's exit code is that of a signal which others send; 128 + n is a shell's."""
    return code is not None and (code in _OTHERS_SIGNALS or -(code - 128) in _OTHERS_SIGNALS)


def split_command(text: str) -> tuple[str, ...]:
    """The words of a command as one types it; no shell runs it. EngineUnavailableError if odd."""
    try:
        return tuple(shlex.split(text, posix=os.name != "nt"))
    except ValueError as error:
        raise EngineUnavailableError(
            f"`{text}` is no command: {error}.", hint="Close every quote that opens."
        ) from error


def without_our_path(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of our child as the user's own programs should see it."""
    kept = os.pathsep.join(entry for entry in python_path(environment) if entry != str(ROOT))
    others = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    return {**others, "PYTHONPATH": kept} if kept else others
