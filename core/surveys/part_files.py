"""Features on their way to a file: growing .npy parts and a journal that a kill can't spoil.

One folder beside the file that is to come holds a part for each value and the journal, a line of
JSON for each batch, written after the rows it speaks of are on the disk. What a killed run left
behind the last whole line is cut away by the next one, which goes on from there.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np

from core.errors import AppError
from core.files import sync_folder, write_file
from core.locks import FileLock
from core.reading import open_regular, read_file

_JOURNAL = "journal.jsonl"
_REQUEST = "request"
_LOCK = "lock"
_MOST_BYTES = 1 << 30
"""Of a journal: some hundred bytes for each image."""


class Entry(msgspec.Struct, frozen=True):
    """One pass: its images, the rows each part has gained and their shape; or images left out.

    shapes: of the values as the pass gave them. batch: how many images share a pass from here on;
    0 where that is not said.
    """

    images: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    row_shapes: tuple[tuple[int, ...], ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    batch: int = 0

    def n_bytes(self, number: int) -> int:
        """What this pass has added to a part."""
        if not self.rows:
            return 0
        return 4 * self.rows[number] * math.prod(self.row_shapes[number])


def parts_folder(out: Path) -> Path:
    """Where the parts of `out` lie; the name is short and hidden, whatever `out` is called."""
    digest = hashlib.sha256(os.fsencode(out.name)).hexdigest()[:16]
    return out.absolute().parent / f".{digest}.blobscope-part"


class PartFiles:
    """The parts of one extraction, in the order of its values.

    request: what is extracted, in one string; parts of another request are thrown away.
    """

    def __init__(self, out: Path, n_values: int, request: str) -> None:
        self.folder = parts_folder(out)
        self._paths = [self.folder / f"{number}.f32" for number in range(n_values)]
        self.entries: list[Entry] = []
        self._lock = FileLock(self.folder / _LOCK)
        self._take_folder()
        try:
            self._open(request)
        except BaseException:
            self.close()
            raise

    @property
    def done(self) -> set[str]:
        """The images that need not be run again."""
        return set(self.images) | {name for name, _ in self.skipped}

    @property
    def images(self) -> list[str]:
        """The images in the order of their rows."""
        return [name for entry in self.entries for name in entry.images]

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """(image, reason) of every image that was left out."""
        return [pair for entry in self.entries for pair in entry.skipped]

    @property
    def batch(self) -> int:
        """How many images shared a pass so far; 0 where nobody noted it."""
        return max((entry.batch for entry in self.entries), default=0)

    def begin(self, batch: int) -> None:
        """Note how many images share a pass, for who goes on with it."""
        self._note(Entry(batch=batch))

    def append(
        self,
        images: Sequence[str],
        arrays: Sequence[np.ndarray],
        shapes: Sequence[tuple[int, ...]],
    ) -> None:
        """One pass; arrays: for each value its rows, (n_rows, ...) float32.

        Raises AppError when the disk refuses; the next extraction goes on after the pass before.
        """
        for path, array in zip(self._paths, arrays, strict=True):
            self._write(path, np.ascontiguousarray(array, "<f4").data)
        rows = tuple(len(array) for array in arrays)
        row_shapes = tuple(tuple(array.shape[1:]) for array in arrays)
        self._note(Entry(tuple(images), rows, row_shapes, tuple(map(tuple, shapes))))

    def skip(self, image: str, reason: str) -> None:
        """An image that was left out; the reason may quote a name that is no UTF-8."""
        reason = reason.encode("utf-8", "backslashreplace").decode()
        self._note(Entry(skipped=((image, reason),)))

    def chunks(self, number: int) -> Iterator[np.ndarray]:
        """The values of a part in order, a few megabytes at a time, (n,) float32.

        Read, not mapped: mapped pages would count as this process's memory.
        """
        with open_regular(self._paths[number]) as file:
            for piece in file.pieces():
                yield np.frombuffer(piece, "<f4")

    def row_shape(self, number: int) -> tuple[int, ...] | None:
        """The shape of each row of a part; None before the first pass."""
        return next((entry.row_shapes[number] for entry in self.entries if entry.rows), None)

    def remove(self) -> None:
        """The file is there: the parts have served.

        The journal goes first: it must never speak of rows that are not there.
        """
        self._clear()
        self._lock.release(is_done=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let others go on with the parts."""
        self._lock.release()

    def _take_folder(self) -> None:
        """Two programs that write the same parts would mix their rows."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refusal(error) from error
        is_mine = True
        with suppress(OSError):  # a disk without locks; one that is full says so below
            is_mine = self._lock.take()
        if not is_mine:
            raise AppError(
                f"Another extraction is writing to {self.folder.parent} under the same name.",
                hint="Wait for its end, or choose another name.",
            )

    def _clear(self) -> None:
        """Remove all but the lock, and what speaks of the rows before them."""
        with suppress(OSError):
            (self.folder / _JOURNAL).unlink(missing_ok=True)
            sync_folder(self.folder)
            for path in self.folder.iterdir():
                if path.name != _LOCK:
                    path.unlink()

    def _open(self, request: str) -> None:
        try:
            if self._read(self.folder / _REQUEST) != request.encode():
                self._clear()
                write_file(self.folder / _REQUEST, request.encode())
                sync_folder(self.folder.parent)
            self._recover()
        except OSError as error:
            raise self._refusal(error) from error

    def _recover(self) -> None:
        """Read the journal up to its last whole line and cut the parts to what it says.

        It counts up to the first pass whose rows are not all there, as after a disk that failed.
        """
        whole = self._read(self.folder / _JOURNAL).rpartition(b"\n")[0]
        lines = whole.splitlines()
        n_bytes = 0
        room = [path.stat().st_size if path.is_file() else 0 for path in self._paths]
        lengths = [0] * len(self._paths)
        for line in lines:
            entry = _entry(line, len(self._paths))
            if entry is None:
                break
            grown = [n + entry.n_bytes(number) for number, n in enumerate(lengths)]
            if any(n > most for n, most in zip(grown, room, strict=True)):
                break
            self.entries.append(entry)
            lengths = grown
            n_bytes += len(line) + 1
        with (self.folder / _JOURNAL).open("ab") as file:
            file.truncate(n_bytes)
        for path, length in zip(self._paths, lengths, strict=True):
            with path.open("ab") as file:
                file.truncate(length)
        sync_folder(self.folder)

    def _note(self, entry: Entry) -> None:
        self._write(self.folder / _JOURNAL, msgspec.json.encode(entry) + b"\n")
        self.entries.append(entry)

    def _write(self, path: Path, content: bytes | memoryview) -> None:
        """Write at the end of a file; on the disk when this returns."""
        try:
            with path.open("ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> AppError:
        return AppError(
            f"{self.folder.parent} can't be written: {error.strerror or error}.",
            hint="Make room or choose another place. The same extraction then goes on.",
        )

    @staticmethod
    def _read(path: Path) -> bytes:
        return read_file(path, _MOST_BYTES) if path.is_file() else b""


def _entry(line: bytes, n_parts: int) -> Entry | None:
    """A line of the journal; None for one that can't be of these parts."""
    try:
        entry = msgspec.json.decode(line, type=Entry)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    sizes = [*entry.rows, *(size for shape in entry.row_shapes for size in shape)]
    is_whole = len(entry.rows) == len(entry.row_shapes) == n_parts and min(sizes, default=0) >= 0
    return entry if is_whole or not entry.rows else None


def request_digest(fields: Mapping[str, object]) -> str:
    """One string for all that decides on the numbers and names of an extraction."""
    return hashlib.sha256(msgspec.json.encode(fields, order="sorted")).hexdigest()
