"""Standard output and error through which no name of a stranger steers the terminal."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from core.words import printable


class GuardedStream:
    """A stream that writes control characters and marks of writing direction as escapes.

    Names of layers, files and labels, and what engines print, come from strangers. Everything that
    is printed passes here, also by argparse and in tracebacks, into a terminal and into a pipe
    alike: a listing that was saved is shown on a terminal later. Line ends and tabs stay. JSON has
    escapes of its own for such characters, so its names are exact.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text, made printable."""
        self._stream.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        """Write each of several texts."""
        for line in lines:
            self.write(line)

    def write_control(self, text: str) -> None:
        """Write control characters that are ours, such as those that clear a line."""
        self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def guarded_output() -> Iterator[None]:
    """Both standard streams guarded in the block; names of any encoding go to any terminal."""
    before = sys.stdout, sys.stderr
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = map(_guarded, before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _guarded(stream: TextIO) -> TextIO:
    """The stream with its guard; None, for one that whoever started us closed, stays None."""
    if stream is None or isinstance(stream, GuardedStream):
        return stream
    return cast(TextIO, GuardedStream(stream))
