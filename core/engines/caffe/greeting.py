"""What a foreign Python says first, and in which words it fails to."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import IO, Any

from core.engines.caffe.bundle import MARK
from core.errors import EngineStoppedFromOutside, EngineUnavailableError

MAX_BANNER_BYTES = 256 * 1024
"""How much may stand on the child's standard output before its first word."""
_SHOWN_WORDS = 60


class NoGreeting(Exception):
    """The stream ended, or goes on and on without a word for us."""


def read_told(stream: IO[bytes]) -> tuple[dict[str, Any], str]:
    """The next line that is for us, and what was printed before it."""
    banner = b""
    while len(banner) < MAX_BANNER_BYTES:
        line = stream.readline(MAX_BANNER_BYTES)
        if not line:
            raise NoGreeting(banner.decode("utf-8", "replace"))
        if line.startswith(MARK):
            return _parsed(line[len(MARK) :]), banner.decode("utf-8", "replace")
        banner += line
    raise NoGreeting(banner.decode("utf-8", "replace"))


def refused(command: Sequence[str], told: Mapping[str, Any], details: str) -> Exception:
    """The error for a Python that says itself why it can't serve."""
    if told.get("failed") == "terminal":
        return EngineUnavailableError(
            f"`{shown(command)}` opens a terminal, where values can't pass.",
            hint="Leave out the option -t.",
            details=details,
        )
    python = f"Python {told.get('python', '')}".strip()
    missing = str(told.get("sentence", "")).rstrip(".")
    return EngineUnavailableError(
        f"`{shown(command)}` ({python}) can't import Caffe: {missing}.",
        hint="Name a Python that imports caffe; PYTHONPATH may have to name the whole path of "
        "caffe/python.",
        details=details,
    )


def ended(command: Sequence[str], code: int | None, banner: str, stderr: str) -> Exception:
    """The error for a command that ends before it says anything."""
    said = _telling_line(command, stderr) or _telling_line(command, banner)
    why = f": {said.rstrip('.')}." if said else "."
    return EngineUnavailableError(
        f"`{shown(command)}` ended (exit code {code}) before Caffe could start{why}",
        hint=_hint(command, f"{stderr}\n{banner}"),
        details=f"{banner}\n{stderr}".strip(),
    )


def stopped(command: Sequence[str], code: int | None, banner: str, stderr: str) -> Exception:
    """The error for a command that others ended before it said anything."""
    return EngineStoppedFromOutside(
        f"Something ended `{shown(command)}` (exit code {code}) before Caffe could start.",
        hint="The system may have run out of memory; the next try starts it again.",
        details=f"{banner}\n{stderr}".strip(),
    )


def silent(command: Sequence[str], seconds: float, banner: str, stderr: str) -> Exception:
    """The error for a command that runs but does not answer."""
    return EngineUnavailableError(
        f"`{shown(command)}` did not answer as a Python within {seconds:g} s.",
        hint=_hint(command, f"{stderr}\n{banner}"),
        details=f"{banner}\n{stderr}".strip(),
    )


def not_started(command: Sequence[str], error: OSError) -> Exception:
    """The error for a command whose program is missing or may not run."""
    if isinstance(error, FileNotFoundError):
        return EngineUnavailableError(
            f"There is no program '{command[0]}'.", hint="Check the command of the Caffe engine."
        )
    return EngineUnavailableError(f"'{command[0]}' can't start: {error.strerror or error}.")


def shown(command: Sequence[str]) -> str:
    """A command as one would type it, cut when it is long."""
    text = shlex.join(command)
    return text if len(text) <= _SHOWN_WORDS else text[: _SHOWN_WORDS - 1] + "…"


def _hint(command: Sequence[str], printed: str) -> str:
    program = PurePath(command[0]).stem.lower()
    if program == "ssh":
        return (
            "ssh must log in without asking anything: set up a key, log in once by hand, and try "
            "`ssh -o BatchMode=yes HOST true`."
        )
    if program in ("docker", "podman"):
        if "-i" not in command and "--interactive" not in command:
            return f"{program} needs the option -i, to pass what we send."
        return f"Try `{program} run --rm IMAGE python -c 'import caffe'` by hand; pull first."
    if "not a tty" in printed:
        return "Leave out the option -t."
    return "The command must start a Python that imports caffe: try it by hand."


def _telling_line(command: Sequence[str], text: str) -> str:
    """The first line that the program itself signs, else the last; prompts are no lines."""
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line.strip(">. ")]
    signed = [line for line in told if line.startswith(f"{PurePath(command[0]).name}:")]
    return (signed[:1] or told[-1:] or [""])[0]


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError as error:
        raise NoGreeting(str(error)) from error
    if not isinstance(told, dict):
        raise NoGreeting(line.decode("utf-8", "replace"))
    return told
