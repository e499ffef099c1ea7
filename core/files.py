"""Writing files so that nobody ever finds one half written."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from core.errors import AppError
from core.leftovers import name_beside, remove_leftovers_once, writing_in
from core.reading import open_regular

_MOST_NAME_BYTES = 255
_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of renameat2(2)."""


def path_named_after(path: Path, stem: str, ending: str) -> Path:
    """The path beside `path` of a stem with another ending, such as vgg16 with ".preprocess.json".

    A stem too long for that is cut, with a checksum of all of it in place of what is lost.
    """
    room = _MOST_NAME_BYTES - len(os.fsencode(ending))
    raw = os.fsencode(stem)
    if len(raw) > room:
        checksum = hashlib.sha256(raw).hexdigest()[:8]
        stem = f"{raw[: room - 9].decode(errors='ignore')}-{checksum}"
    return path.with_name(f"{stem}{ending}")


def is_plain_file(path: Path) -> bool:
    """Whether there is such a file; False for what no file can be called, unlike Path.is_file."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


class FileBeside:
    """A new file beside `path` that is written to and then takes its place, whole.

    Its name is nobody else's, so that two programs may write `path` at once: the later one wins. A
    link at `path` stays and what it names is replaced. What killed programs left half written in
    that folder goes. Raises AppError when `path` is a device or a folder.
    """

    def __init__(self, path: Path) -> None:
        self._target = _find_target(path)
        self._wanted = path
        remove_leftovers_once(self._target.parent)
        self.path = name_beside(self._target)
        self._lock = ExitStack()
        self._lock.enter_context(writing_in(self._target.parent))

    def take_place(self) -> None:
        """Let the file appear, on the disk for good. Raises AppError when the disk refuses."""
        try:
            sync_file(self.path)
            self.path.replace(self._target)
            sync_folder(self._target.parent)
        except OSError as error:
            raise self.refusal(error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Take away what lies beside `path`, if it is still there."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self._lock.close()

    def refusal(self, error: OSError) -> AppError:
        """What to say when the disk refuses."""
        return _refusal(self._wanted, error)


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; False for what no folder can be called."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_there(path: Path) -> bool:
    """Whether anything is there that can be reached, unlike Path.exists for any name."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A new path beside `path` to write to, which takes its place once the block has ended well.

    As FileBeside. Raises AppError when the disk refuses or `path` is a device or a folder; what was
    at `path` before is still there then, as it is after Ctrl+C.
    """
    beside = FileBeside(path)
    try:
        yield beside.path
        beside.take_place()
    except OSError as error:
        raise beside.refusal(error) from error
    finally:
        beside.discard()


@contextmanager
def folder_written_beside(path: Path) -> Iterator[Path]:
    """A new folder beside `path` to write files to, which takes its place with them at once.

    Raises AppError when the disk refuses; what was at `path` before is still there then.
    """
    target = Path(os.path.realpath(path))
    partial = name_beside(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        check_folder_replaceable(path)
        remove_leftovers_once(target.parent)
        with writing_in(target.parent):
            try:
                partial.mkdir()
                yield partial
                for written in partial.iterdir():
                    sync_file(written)
                sync_folder(partial)
                _swap_folders(partial, target)
                sync_folder(target.parent)
            finally:
                shutil.rmtree(partial, ignore_errors=True)  # now what was at `path` before
    except OSError as error:
        raise _refusal(path, error) from error


def check_folder_replaceable(path: Path) -> None:
    """AppError where `path` is there and no folder."""
    if path.exists() and not path.is_dir():
        raise AppError(f"{path} is no folder.", hint="Choose another place.")


def _swap_folders(partial: Path, target: Path) -> None:
    if not target.exists():
        partial.rename(target)
        return
    if _exchange(partial, target):
        return
    former = name_beside(target)
    target.rename(former)  # a kill before the next line leaves none of the two under its name
    partial.rename(target)
    former.rename(partial)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; False where the system can't (it is Linux that can)."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):  # TypeError: Windows has no library of all
        return False
    return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)


def write_file(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and rename it into place; AppError when the disk refuses."""
    with written_beside(path) as partial:
        partial.write_bytes(content)


def sync_file(path: Path) -> None:
    """Bring a file's content to the disk, so that a power cut after this keeps it. Raises OSError.

    What the system has not written yet may still be refused here, as by a disk that is full.
    """
    number = os.open(path, os.O_RDWR)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that can't be asked
            raise
    finally:
        os.close(number)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system lets folders be opened for that."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def check_writable(path: Path) -> None:
    """Raise the AppError that writing `path` would end in, before the work that it is for.

    The folder must be there and take a new file, and the name must be one that it can have. What is
    at `path` stays as it is.
    """
    target = _find_target(path)
    if not target.parent.is_dir():
        raise AppError(
            f"{path} can't be written: there is no folder {target.parent}.",
            hint="Make it first, or choose another place.",
        )
    remove_leftovers_once(target.parent)
    partial = name_beside(target)
    try:
        with writing_in(target.parent):
            partial.touch(exist_ok=False)
            partial.unlink()
    except OSError as error:
        raise _refusal(path, error) from error


def _find_target(path: Path) -> Path:
    """What a link at `path` leads to, else `path`. Raises AppError for what is no plain file."""
    target = Path(os.path.realpath(path))
    try:
        is_there, is_file = target.exists(), target.is_file()
    except OSError as error:  # a name too long, a folder that may not be searched
        raise _refusal(path, error) from error
    if is_there and not is_file:
        raise AppError(f"{path} is no file that can be replaced.", hint="Choose another place.")
    return target


def _refusal(path: Path, error: OSError) -> AppError:
    reason = error.strerror or str(error)
    return AppError(f"{path} can't be written: {reason}.", hint="Choose another place.")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; about a second per gigabyte, once for each state of it.

    Raises AppError.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise AppError(f"'{path}' can't be read: {error}.") from error
    return _file_sha256_as_of(path.absolute(), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _file_sha256_as_of(path: Path, n_bytes: int, _changed: int) -> str:
    digest = hashlib.sha256()
    with open_regular(path, n_bytes) as file:
        for piece in file.pieces():
            digest.update(piece)
    return digest.hexdigest()
