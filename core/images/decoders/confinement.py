"""What a decoder's process gives up before it opens the first file.

Everywhere but on Windows: memory beyond a limit, files that grow, core dumps, more than a few open
files. On Linux also programs, every change to the file system, TCP connections and signals to other
processes (Landlock, from kernel 5.13 on), and a life longer than that of the thread that started
it. macOS knows a limit on memory but does not hold to it; Windows has none of this, and there only
the parent's limit on time ends what a file makes of a decoder.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
import time

if sys.platform != "win32":
    import resource

MAX_MEMORY_BYTES = 1 << 30
"""Of addresses, of which Python with NumPy and Pillow takes 130 MB. A picture of 64 million pixels
takes 256 MB in Pillow and 192 MB as an array."""

_MAX_OPEN_FILES = 32
_CPU_SECONDS = 40
"""For one picture: more than the parent waits, for the case that there is no parent any more."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET = 444
_RESTRICT_SELF = 446
# linux/landlock.h: every right to files but reading files and folders; LANDLOCK_ACCESS_NET_*, and
# LANDLOCK_SCOPE_*. By the version of Landlock that knows them first.
_FILE_RIGHTS = ((1, 0x1FFF & ~0b1100), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_NET_RIGHTS = ((4, 0b11),)
_SCOPES = ((6, 0b11),)
_Rights = tuple[tuple[int, int], ...]


def confine() -> None:
    """Give up what the system here lets a process give up; to be called before other threads."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _keep_reading_only(libc)
    if sys.platform != "win32":
        _lower(resource.RLIMIT_AS, MAX_MEMORY_BYTES)
        _lower(resource.RLIMIT_FSIZE, 0)
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)


def limit_next_picture() -> None:
    """From now on, so many seconds of the processor and no more; then SIGXCPU ends the process."""
    if sys.platform != "win32":
        _, hardest = resource.getrlimit(resource.RLIMIT_CPU)
        wanted = int(time.process_time()) + _CPU_SECONDS
        is_free = hardest == resource.RLIM_INFINITY
        resource.setrlimit(
            resource.RLIMIT_CPU, (wanted if is_free else min(wanted, hardest), hardest)
        )


if sys.platform != "win32":

    def _lower(kind: int, most: int) -> None:
        _, hardest = resource.getrlimit(kind)
        limit = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):  # macOS refuses some limits on memory
            return


def _keep_reading_only(libc: ctypes.CDLL) -> None:
    """Landlock without a single rule: what is handled is refused, from now on and to children."""
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    handled = [_known(rights, version) for rights in (_FILE_RIGHTS, _NET_RIGHTS, _SCOPES)]
    n_fields = 1 if version < 4 else 2 if version < 6 else 3
    attributes = struct.pack(f"={n_fields}Q", *handled[:n_fields])
    rules = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules >= 0:
        libc.syscall(_RESTRICT_SELF, rules, 0)
        os.close(rules)


def _known(rights: _Rights, version: int) -> int:
    return sum(bits for since, bits in rights if since <= version)
