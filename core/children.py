"""Child processes of our own program: how they are started, and how they begin."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from core import frames

if sys.platform == "linux":
    import fcntl

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds the `core` package. Children start in it, not where the user is."""

_PIPE_BYTES = 1 << 20

T = TypeVar("T")


def child_environment(defaults: Mapping[str, str]) -> dict[str, str]:
    """Our environment for a child that imports `core`; defaults: where the user has set nothing."""
    environment = {**defaults, **os.environ}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *python_path(os.environ)])
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONIOENCODING"] = "utf-8"
    return environment


def python_path(environment: Mapping[str, str]) -> list[str]:
    """Absolute entries: an empty or a relative one means whatever folder the user is in."""
    entries = environment.get("PYTHONPATH", "").split(os.pathsep)
    return [entry for entry in entries if Path(entry).is_absolute()]


def creation_flags() -> int:
    """On Windows, no console window beside ours."""
    return getattr(subprocess, "CREATE_NO_WINDOW", 0)


def enlarge_pipe(pipe: IO[bytes]) -> None:
    """Let a whole image lie in the pipe: fewer turns between the processes. Linux only."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # beyond what the system grants a user
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def take_stdout() -> IO[bytes]:
    """In the child: keep stdout for frames; what else prints, in Python or C, goes to stderr."""
    sys.stdout.flush()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def requests_of(stream: IO[bytes], read: Callable[[], T]) -> Iterator[T]:
    """In the child: the requests as they are asked for, with nobody between the pipe and them.

    read: takes the next one from the stream. The process ends when its parent is gone. Another
    thread looks out for that, as this one may be deep in its work: the system wakes it for nothing
    else. Where it can't, that thread reads.
    """
    if not hasattr(select, "poll"):
        return iter(_read_in_thread(read).get, None)
    threading.Thread(target=_end_with_parent, args=(stream,), name="parent", daemon=True).start()
    return iter(partial(_read_or_end, read), None)


def _read_in_thread(read: Callable[[], T]) -> queue.SimpleQueue[T]:
    requests: queue.SimpleQueue[T] = queue.SimpleQueue()

    def pass_on() -> None:
        while True:
            requests.put(_read_or_end(read))

    threading.Thread(target=pass_on, name="requests", daemon=True).start()
    return requests


def _end_with_parent(stream: IO[bytes]) -> None:
    hung_up = select.poll()
    hung_up.register(stream, 0)
    hung_up.poll()
    os._exit(0)


def _read_or_end(read: Callable[[], T]) -> T:
    try:
        return read()
    except frames.StreamEnded:
        os._exit(0)
    except (frames.FrameError, OSError, ValueError) as error:
        print(f"unreadable request: {error}", file=sys.stderr, flush=True)  # noqa: T201
        os._exit(3)


def offer_to_be_killed_first() -> None:
    """In the child: when Linux runs out of memory, it should end this process and not ours."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
