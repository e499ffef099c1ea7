"""Memory that two of our processes share, so that arrays need no way through a pipe.

Each direction has a file without a name, which the system takes back when the last process that
holds it is gone, whatever ended it. One side writes, the other reads what a frame says lies there;
neither writes again before it was answered. Before the arrays lies a note, which can be read at any
time, and when its writer is dead: a frame would wake who waits for an answer. Linux only: where
there is none, and for arrays beyond the bound, the frames carry them.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from core import frames

if sys.platform == "linux":
    import fcntl

_NAME = "blobscope"
_KEY = "shared"
_ALIGNMENT = 64
_STEP_BYTES = 1 << 20
_NOTE_BYTES = 256
"""Cut off, and ended by a zero byte."""
MOST_BYTES = 64 << 20
"""Of the arrays of one frame. The memory stays with the child, and copying so much takes far less
than a pass that it is fed to."""


class Lent(Protocol):
    """What an array tells of itself, or what becomes one where it is to lie."""

    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...


class _Region:
    """One direction: a file in memory that only grows. Owns `file`."""

    def __init__(self, file: int) -> None:
        self.file = file
        self._map: mmap.mmap | None = None

    def places_for(self, arrays: Sequence[Lent]) -> list[list[Any]] | None:
        """Where each array is to lie: [dtype, shape, offset]; None where there is no room."""
        places, end = [], _NOTE_BYTES
        for array in arrays:
            if array.dtype.str not in frames.DTYPES:
                return None
            places.append([array.dtype.str, list(array.shape), end])
            end += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
        if end > MOST_BYTES + _NOTE_BYTES or not self._grow(end):
            return None
        return places

    def views(self, places: Any) -> list[np.ndarray]:
        """The arrays that lie there; FrameError for a place that is none."""
        if not isinstance(places, list) or not all(_is_place(place) for place in places):
            raise frames.FrameError("shared arrays that are no list of places")
        kinds = frames.array_kinds([place[:2] for place in places])
        sizes = [frames.bytes_of_array(*kind) for kind in kinds]
        ends = [place[2] + size for place, size in zip(places, sizes, strict=True)]
        memory = self._mapped(max(ends, default=0))
        try:
            return [
                np.ndarray(shape, dtype, memory, place[2])
                for place, (dtype, shape) in zip(places, kinds, strict=True)
            ]
        except ValueError as error:  # no bytes, but axes beyond what NumPy counts
            raise frames.FrameError(f"a shared array that can't be: {error}") from error

    def write_note(self, note: bytes) -> bool:
        """In one go, so that no two threads mix theirs; False where there is no memory."""
        if not self._grow(_NOTE_BYTES):
            return False
        ended = note[: _NOTE_BYTES - 1].ljust(_NOTE_BYTES, b"\0")
        self._mapped(_NOTE_BYTES)[:_NOTE_BYTES] = ended
        return True

    def read_note(self) -> bytes:
        """What was written last; nothing where no memory was asked for yet, or it is given back."""
        try:
            memory = self._mapped(_NOTE_BYTES)
        except frames.FrameError:
            return b""
        return memory[:_NOTE_BYTES].split(b"\0", 1)[0]

    def close(self) -> None:
        """Let go of the memory, once nobody looks at it any more."""
        self._map = None
        with contextlib.suppress(OSError):
            os.close(self.file)
        self.file = -1

    def _grow(self, n_bytes: int) -> bool:
        """Pages are asked for now: a process that met their lack while writing would be killed."""
        try:
            size = os.fstat(self.file).st_size
            if n_bytes > size:
                more = -(-(n_bytes - size) // _STEP_BYTES) * _STEP_BYTES
                os.posix_fallocate(self.file, size, more)
        except OSError:
            return False
        return True

    def _mapped(self, n_bytes: int) -> mmap.mmap:
        """A map of at least so many bytes; views of an earlier one keep theirs."""
        if self._map is None or len(self._map) < n_bytes:
            try:
                size = os.fstat(self.file).st_size
                if not 0 < n_bytes <= size:
                    raise frames.FrameError(f"shared arrays that end at {n_bytes} of {size} bytes")
                self._map = mmap.mmap(self.file, size)
            except OSError as error:
                raise frames.FrameError(f"shared memory that can't be had: {error}") from error
        return self._map


class SharedArrays:
    """Both directions as one side sees them. Without regions everything goes through the pipe."""

    def __init__(self, outgoing: _Region | None = None, incoming: _Region | None = None) -> None:
        self._outgoing, self._incoming = outgoing, incoming

    @classmethod
    def create(cls) -> SharedArrays:
        """For a child that is about to start; without regions where the system has none."""
        made: list[_Region] = []
        try:
            if sys.platform == "linux" and hasattr(os, "memfd_create"):  # a glibc from 2.27 on
                made.append(_Region(_new_file()))
                made.append(_Region(_new_file()))
        except OSError:
            for region in made:
                region.close()
            made = []
        return cls(*made)

    @classmethod
    def of_parent(cls, files: Sequence[int]) -> SharedArrays:
        """In the child: `files` as the parent's `files` names them."""
        for file in files:
            os.set_inheritable(file, False)
        outgoing, incoming = (_Region(file) for file in reversed(files))
        return cls(outgoing, incoming)

    @property
    def files(self) -> tuple[int, ...]:
        """The descriptors that a child has to inherit, () without regions."""
        regions = (self._outgoing, self._incoming)
        return tuple(region.file for region in regions if region is not None)

    def lend(
        self, header: Mapping[str, Any], arrays: Sequence[Lent]
    ) -> tuple[dict[str, Any], list[np.ndarray] | None]:
        """The header of a frame, and where its arrays are to be written in shared memory.

        None in place of the latter: they have to go with the frame.
        """
        told = dict(header)
        if self._outgoing is None or not any(array.size for array in arrays):
            return told, None
        places = self._outgoing.places_for(arrays)
        if places is None:
            return told, None
        told[_KEY] = places
        return told, self._outgoing.views(places)

    def is_named(self, header: Mapping[str, Any]) -> bool:
        """Whether the arrays of a frame that was read lie in shared memory."""
        return _KEY in header

    def look(self, header: dict[str, Any], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The arrays of a frame that was read; those in shared memory stay till one answers.

        Takes its own word out of the header. FrameError for arrays that are not there.
        """
        places = header.pop(_KEY, None)
        if places is None:
            return arrays
        if self._incoming is None or arrays:
            raise frames.FrameError("shared arrays where there is no shared memory")
        return self._incoming.views(places)

    def note(self, text: str) -> bool:
        """Leave a note for the other side; False where there is no memory for it."""
        return self._outgoing is not None and self._outgoing.write_note(text.encode())

    def noted(self) -> str:
        """The other side's last note, "" without one."""
        incoming = self._incoming
        return "" if incoming is None else incoming.read_note().decode("utf-8", "ignore")

    def forget_noted(self) -> None:
        """Take the other side's note away."""
        if self._incoming is not None and self.noted():
            self._incoming.write_note(b"")

    def close(self) -> None:
        """Give the memory back; safe to repeat."""
        for region in (self._outgoing, self._incoming):
            if region is not None:
                region.close()
        self._outgoing = self._incoming = None


def _new_file() -> int:
    """A file without a name that nobody can shorten, which would end a process that reads it."""
    file = os.memfd_create(_NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    except OSError:
        os.close(file)
        raise
    return file


def _is_place(place: Any) -> bool:
    is_triple = isinstance(place, list) and len(place) == 3
    return is_triple and type(place[2]) is int and 0 <= place[2] <= MOST_BYTES + _NOTE_BYTES
