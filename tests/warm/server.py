"""A Python that has loaded what engines load and makes a copy of itself for each child asked for.

`python -m tests.warm.server FD`: a socket. A request is one line of JSON with the child's words and
environment, and its files: the three streams, one that its exit code is written to, and those of
memory that it shares. The answer is its process id. Each child is a process of its own, as if
started anew.
"""

from __future__ import annotations

import io
import json
import os
import select
import signal
import socket
import sys
import traceback
from typing import NoReturn

import core.engines.child
import core.engines.fake
import core.engines.torch.backend
from core.engines.launch import SHARED_OPTION
from tests.warm.children import CODE

MOST_BYTES = 1 << 16
MOST_FILES = 16
TELLS = 3


def main(socket_number: int) -> None:
    """Serve until the tests' process is gone."""
    asked = socket.socket(fileno=socket_number)
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking)
    watched: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([asked, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            tell_ends(watched)
        if asked in ready:
            line, files, _, _ = socket.recv_fds(asked, MOST_BYTES, MOST_FILES)
            if not line:
                return
            child = os.fork()
            if child == 0:
                for other in (woken, waking, *watched.values()):
                    os.close(other)
                asked.close()
                words, environment = json.loads(line)
                os.environ.clear()
                os.environ.update(environment)
                become(words, files)
            watched[child] = files.pop(TELLS)
            for file in files:
                os.close(file)
            asked.sendall(CODE.pack(child))


def tell_ends(watched: dict[int, int]) -> None:
    """Write the exit code of each child that has ended, as subprocess gives it."""
    while watched:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        file = watched.pop(child)
        os.write(file, CODE.pack(os.waitstatus_to_exitcode(status)))
        os.close(file)


def become(words: list[str], files: list[int]) -> NoReturn:
    """In the copy: an engine's child with streams of its own."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, file in enumerate(files[:TELLS]):
        os.dup2(file, number)
    for file in files[: TELLS + 1]:
        os.close(file)
    shared = f"{SHARED_OPTION}="
    numbers = ",".join(map(str, files[TELLS + 1 :]))
    words = [shared + numbers if word.startswith(shared) else word for word in words]
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)), "utf-8")
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, "w"), "utf-8", write_through=True) for number in (1, 2)
    )
    sys.argv = ["core.engines.child", *words]
    code = 1
    try:
        core.engines.child.main(words)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        traceback.print_exc()
    os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]))
