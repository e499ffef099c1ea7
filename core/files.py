"""Writing files so that nobody ever finds one half written."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from core.errors import AppError

_MOST_NAME_BYTES = 255


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


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A new path beside `path` to write to, which takes its place once the block has ended well.

    The new path is nobody else's, so that two programs may write `path` at once: the later one
    wins, whole. A link at `path` stays and what it names is replaced. Raises AppError when the disk
    refuses or `path` is a device or a folder; what was at `path` before is still there then, as it
    is after Ctrl+C.
    """
    target = _find_target(path)
    partial = _name_beside(target)
    try:
        yield partial
        partial.replace(target)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_file(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and rename it into place; AppError when the disk refuses."""
    with written_beside(path) as partial:
        partial.write_bytes(content)


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
    partial = _name_beside(target)
    try:
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


def _name_beside(target: Path) -> Path:
    """A name of its own, and not longer with the target's, which may be as long as names may be."""
    return target.with_name(f".blobscope-{secrets.token_hex(4)}.partial")


def _refusal(path: Path, error: OSError) -> AppError:
    reason = error.strerror or str(error)
    return AppError(f"{path} can't be written: {reason}.", hint="Choose another place.")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; about a second per gigabyte, once for each state of it.

    Raises AppError.
    """
    try:
        status = path.stat()
        return _file_sha256_as_of(path.absolute(), status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise AppError(f"'{path}' can't be read: {error.strerror or error}.") from error


@lru_cache(maxsize=64)
def _file_sha256_as_of(path: Path, _n_bytes: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
