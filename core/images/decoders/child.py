"""A decoder's main program: `python -m core.images.decoders.child`, started by the pool."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from functools import partial
from typing import Any

import msgspec

from core import frames
from core.children import offer_to_be_killed_first, requests_of, take_stdout
from core.images.decoders.confinement import confine, limit_next_picture
from core.images.decoders.messages import Request
from core.images.decoders.work import do
from core.images.formats import readable_formats


def main() -> None:
    """Answer until the pool closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started us
    replies = take_stdout()
    offer_to_be_killed_first()
    readable_formats()  # loads what reads them, before it gets hard
    _decode_in_one_thread()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    confine()
    requests = requests_of(sys.stdin.buffer, partial(frames.read_frame, sys.stdin.buffer))
    frames.write_frame(replies, {"ready": os.getpid()})
    os.dup2(nowhere, 2)  # nobody reads what C libraries say of files
    os.dup2(nowhere, 1)
    for header, _ in requests:
        limit_next_picture()
        answer, arrays = do(msgspec.convert(header, Request))
        frames.write_frame(replies, msgspec.to_builtins(answer), arrays)


def _decode_in_one_thread() -> None:
    """AVIF takes a thread a core, whose stacks are half of the addresses of a machine with 64."""
    with contextlib.suppress(ImportError):  # Pillow before 11.3 has none
        plugin: Any = importlib.import_module("PIL.AvifImagePlugin")
        plugin.DEFAULT_MAX_THREADS = 1


if __name__ == "__main__":
    main()
