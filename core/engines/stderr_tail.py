"""The last lines a child wrote to stderr, Caffe's fatal line first."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from typing import IO

MAX_LINES = 40
MAX_LINE_BYTES = 4096
_FATAL = re.compile(r"^F\d{4,8} [^\]]*\] ?")


def fatal_message(tail: str) -> str:
    """What Caffe's fatal line says after its date and place; "" when the tail begins with none."""
    first = tail.split("\n", 1)[0]
    lead = _FATAL.match(first)
    return first[lead.end() :].strip() if lead else ""


class StderrTail:
    """Drains a stream in a thread of its own, so that the child never blocks on a full pipe.

    on_line: told each line as it comes, in that thread.
    """

    def __init__(self, stream: IO[bytes], on_line: Callable[[bytes], None] | None = None) -> None:
        self._stream = stream
        self._on_line = on_line
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._fatal = ""
        self._thread = threading.Thread(target=self._drain, name="engine-stderr", daemon=True)
        self._thread.start()

    def text(self) -> str:
        """What came last, after the stream had a moment to end: the `F...` line, then the rest."""
        self.join(1.0)
        lines = list(self._lines)
        if self._fatal:
            lines = [self._fatal, *(line for line in lines if line != self._fatal)]
        return "\n".join(lines)

    def join(self, timeout_seconds: float = 3.0) -> None:
        """Wait for the stream to end."""
        self._thread.join(timeout_seconds)

    def _drain(self) -> None:
        while True:
            try:
                line = self._stream.readline(MAX_LINE_BYTES)
            except (OSError, ValueError):
                return
            if not line:
                return
            self._keep(line.decode("utf-8", "replace").rstrip())
            if self._on_line is not None:
                self._on_line(line)

    def _keep(self, line: str) -> None:
        if not self._fatal and _FATAL.match(line):
            self._fatal = line
        self._lines.append(line)
