"""What a pass needs at the least against what is free: said before anything is allocated.

The need is a lower bound (values that live at one time, weights, nothing for workspaces), and what
is free counts all that the system could give back, swap and the process's own heap among it. So a
pass that would have fitted is never refused; one that is let through may still run out.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.engines.wiring import Step, Wiring
from core.errors import EngineOutOfMemory
from core.layers.shapes import NetShapes
from core.words import bytes_text

ALWAYS_TRIED_BYTES = 256 * 1024 * 1024
"""Smaller passes are not worth a look at the system's figures."""
_NO_LIMIT = 1 << 60
_MARGIN = 1.05
"""A heap has room to begin with: estimates were up to 2% over what passes took in addition."""
_FLOAT_BYTES = 4

NEVER_OVERWRITING_TYPES = frozenset(
    {"Convolution", "Deconvolution", "InnerProduct", "LRN", "Pooling"}
)
"""Types whose tops never take the memory of a bottom."""
_OWNING_TYPES = NEVER_OVERWRITING_TYPES | {
    "BatchNorm", "Eltwise", "ELU", "Normalize", "PReLU", "ReLU", "Scale", "Sigmoid", "Softmax",
    "TanH",
}  # fmt: skip
"""Types whose tops have memory of their own wherever their bottoms are needed afterwards."""


@dataclass(frozen=True)
class Need:
    """Bytes, and the layer at which the pass needs most."""

    n_bytes: int
    layer: str


class StepOfPass(Protocol):
    """A step as it meets memory: the slots that it writes, and those nobody needs after it.

    added: a slot that a fused sum may write its result to.
    """

    @property
    def step(self) -> Step: ...
    @property
    def tops(self) -> tuple[int, ...]: ...
    @property
    def freed(self) -> tuple[int, ...]: ...
    @property
    def added(self) -> int | None: ...


def bytes_of_slots(wiring: Wiring, shapes: NetShapes, value_bytes: int) -> dict[int, int]:
    """What each value takes; 0 where its shape is not known before the pass."""
    found = {}
    for step in wiring.steps:
        for index, slot in enumerate(step.tops):
            shape = shapes.top(step.layer, index)
            found[slot] = 0 if shape is None else math.prod(shape) * value_bytes
    return found


def bytes_of_weights(step: Step, shapes: NetShapes, value_bytes: int) -> int:
    """What the parameters take that no earlier layer holds."""
    owned = shapes.of(step.layer).owned_parameters
    return sum(math.prod(shape) for shape in owned) * value_bytes


def need_of_pass(
    steps: Iterable[StepOfPass],
    given: Iterable[int],
    wiring: Wiring,
    shapes: NetShapes,
    value_bytes: int = _FLOAT_BYTES,
) -> Need:
    """The most that lives at one time.

    steps: of `wiring`, or of another wiring of the same values, where some steps have taken in the
    weights of those before them. given: slots of the inputs; value_bytes: of one number.
    """
    sizes = bytes_of_slots(wiring, shapes, value_bytes)
    steps = tuple(steps)
    unread = list(reversed(wiring.steps_for({slot for one in steps for slot in one.tops})))
    live = {slot: sizes[slot] for slot in given}
    peak, weights = Need(sum(live.values()), ""), 0
    for one in steps:
        layer = one.step.layer
        while unread and unread[-1].layer.index <= layer.index:
            weights += bytes_of_weights(unread.pop(), shapes, value_bytes)
        before = sum(live.values())
        new = {slot: sizes[slot] if _is_own(one, slot, sizes) else 0 for slot in one.tops}
        live.update(new)
        for slot in one.freed:
            live.pop(slot, None)
        after = sum(live.values())
        is_apart = layer.type in NEVER_OVERWRITING_TYPES and one.added is None
        held = before + sum(new.values()) if is_apart else max(before, after)
        if held + weights > peak.n_bytes:
            peak = Need(held + weights, layer.name)
    return peak


def _is_own(one: StepOfPass, slot: int, sizes: Mapping[int, int]) -> bool:
    """Whether a top surely is no view of a bottom: by its type, or because it is larger."""
    read = max((sizes.get(bottom, 0) for bottom in one.step.bottoms), default=0)
    return one.step.layer.type in _OWNING_TYPES or sizes[slot] > read


def need_in_caffe(steps: Iterable[Step], shapes: NetShapes) -> Need:
    """Caffe keeps every blob of a net that has run, one for all its versions, and all weights."""
    blobs = sum(shapes.cost(step.layer).memory_bytes for step in steps)
    return Need(blobs + shapes.total_parameters * _FLOAT_BYTES, "")


def check_fits(need: Need, free_bytes: Callable[[], int | None], place: str = "memory") -> None:
    """EngineOutOfMemory for a pass that needs more than there is."""
    if need.n_bytes <= ALWAYS_TRIED_BYTES:
        return
    free = free_bytes()
    if free is not None and need.n_bytes > free * _MARGIN:
        where = f", most of all at layer '{need.layer}'" if need.layer else ""
        raise EngineOutOfMemory(
            f"This pass needs at least {bytes_text(need.n_bytes)} of {place}{where}; "
            f"{bytes_text(max(0, free))} are free.",
            hint="Use smaller images or a smaller batch, or ask for fewer layers.",
        )


def host_bytes() -> int | None:
    """All memory of this computer; None where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def free_host_bytes(process: str = "self") -> int | None:
    """What a process can have altogether, its own heap included; None where nobody can tell.

    macOS compresses and swaps without a bound that it tells, so nothing is said there.
    """
    more = more_host_bytes(process)
    if more is None or sys.platform != "linux":
        return more
    return more + _fields(Path("/proc") / process / "status").get("RssAnon", 0)


def more_host_bytes(process: str = "self") -> int | None:
    """What a process can have beside its heap, of which Windows can't tell how much is in use."""
    if sys.platform == "win32":
        return _free_on_windows()
    if sys.platform != "linux":
        return None
    proc = Path("/proc")
    memory = _fields(proc / "meminfo")
    if "MemAvailable" not in memory:
        return None
    swap = memory.get("SwapFree", 0)
    free = memory["MemAvailable"] + swap + _zfs_cache()
    groups = _left_in_groups(proc / process / "cgroup", swap)
    return min((free, *groups, *_left_of_address_space(process)))


def _fields(path: Path) -> dict[str, int]:
    """The `Name:  1234 kB` lines of a file of the system's, in bytes."""
    found = {}
    for line in _text(path).splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isdigit():
            found[name] = int(words[0]) * 1024
    return found


def _left_in_groups(groups: Path, swap: int) -> Iterator[int]:
    """What each control group above the process still grants, file pages and swap included."""
    for line in _text(groups).splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers == "memory":
            root = Path("/sys/fs/cgroup/memory")
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        elif not controllers:
            root, names = Path("/sys/fs/cgroup"), ("memory.max", "memory.current")
        else:
            continue
        parts = [part for part in path.split("/") if part]
        for depth in range(len(parts) + 1):
            folder = root.joinpath(*parts[:depth])
            limit, used = (_number(folder / name) for name in names)
            if limit is not None and used is not None and limit < _NO_LIMIT:
                yield limit - used + _file_pages(folder) + swap


def _file_pages(folder: Path) -> int:
    """What a group holds of files, which goes when memory is wanted."""
    rows = (line.split() for line in _text(folder / "memory.stat").splitlines())
    names = ("active_file", "inactive_file")
    return sum(int(row[1]) for row in rows if len(row) == 2 and row[0] in names)


def _left_of_address_space(process: str) -> Iterator[int]:
    """Under `ulimit -v`."""
    for line in _text(Path("/proc") / process / "limits").splitlines():
        if line.startswith("Max address space"):
            words = line.split()
            if words[3].isdigit():
                size = _fields(Path("/proc") / process / "status").get("VmSize", 0)
                yield int(words[3]) - size


def _zfs_cache() -> int:
    """What ZFS keeps of files and gives back, which the system does not count as available."""
    rows = (line.split() for line in _text(Path("/proc/spl/kstat/zfs/arcstats")).splitlines())
    found = {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}
    return max(0, found.get("size", 0) - found.get("c_min", 0))


def _free_on_windows() -> int | None:
    """What may still be committed, the page file included, and what this process has."""
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_uint32), ("load", ctypes.c_uint32)] + [
            (name, ctypes.c_uint64)
            for name in ("total", "free", "total_page", "free_page", "total_virtual",
                         "free_virtual", "free_extended")
        ]  # fmt: skip

    status = Status()
    status.length = ctypes.sizeof(status)
    ask = getattr(ctypes, "windll").kernel32.GlobalMemoryStatusEx  # noqa: B009 - on Windows only
    return int(status.free_page) if ask(ctypes.byref(status)) else None


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
