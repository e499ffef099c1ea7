"""What a process and its children take of the machine, as /proc has it (Linux)."""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


def descendants(root: int) -> list[int]:
    """The living children of a process, and theirs."""
    parents: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if fields[0] != "Z":
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def resident_bytes(pid: int) -> int:
    """Memory of one process that is in RAM; 0 once it has ended."""
    try:
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def private_bytes(pid: int) -> int:
    """Of `resident_bytes`, what no file backs: heaps, stacks, pictures."""
    try:
        status = (PROC / str(pid) / "status").read_text()
    except OSError:
        return 0
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found[1]) << 10 if found else 0


def count_entries(pid: int, what: str) -> int:
    """How many threads ("task") or open files ("fd") a process has."""
    return len(list((PROC / str(pid) / what).iterdir()))


def heap_bytes() -> int:
    """What this process has allocated and not freed; the rest of its heaps is free room in them."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_info"):
        return 0
    libc.fopen.restype = ctypes.c_void_p
    with tempfile.NamedTemporaryFile("r") as report:
        stream = ctypes.c_void_p(libc.fopen(report.name.encode(), b"w"))
        libc.malloc_info(0, stream)
        libc.fclose(stream)
        text = report.read().rpartition("</heap>")[2]  # the sums over all arenas stand last
    sizes = dict(re.findall(r'<system type="(current)" size="(\d+)"', text))
    free = sum(
        int(n) for n in re.findall(r'<total type="(?:fast|rest)" count="\d+" size="(\d+)"', text)
    )
    mapped = sum(int(n) for n in re.findall(r'<total type="mmap" count="\d+" size="(\d+)"', text))
    return int(sizes.get("current", 0)) - free + mapped


@dataclass
class Peak:
    """The most memory at one moment: the process itself, the children together, all together."""

    own: int = 0
    children: int = 0
    total: int = 0


class Sampler:
    """Looks at a process and its children every few milliseconds, in a thread."""

    def __init__(self, pid: int, seconds: float = 0.02) -> None:
        self._pid, self._seconds = pid, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory-sampler", daemon=True)
        self.peak = Peak()

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def restart(self) -> Peak:
        """The peak so far; a new one begins."""
        before, self.peak = self.peak, Peak()
        return before

    def _look(self) -> None:
        while not self._stop.wait(self._seconds):
            own = resident_bytes(self._pid)
            children = sum(resident_bytes(pid) for pid in descendants(self._pid))
            peak = self.peak
            peak.own, peak.children = max(peak.own, own), max(peak.children, children)
            peak.total = max(peak.total, own + children)
