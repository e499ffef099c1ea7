"""Writing files so that nobody ever finds one half written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import AppError


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A new path beside `path` to write to, which takes its place once the block has ended well.

    The new path is nobody else's, so that two programs may write `path` at once: the later one
    wins, whole. A link at `path` stays and what it names is replaced. Raises AppError when the disk
    refuses or `path` is a device or a folder; what was at `path` before is still there then, as it
    is after Ctrl+C.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise AppError(f"{path} is no file that can be replaced.", hint="Choose another place.")
    partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
        partial.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AppError(
            f"{path} can't be written: {reason}.", hint="Choose another place."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_file(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and rename it into place; AppError when the disk refuses."""
    with written_beside(path) as partial:
        partial.write_bytes(content)


def check_writable(path: Path) -> None:
    """AppError where `path` can't be written, told before the work that would fill it."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise AppError(f"There is no folder {folder}.", hint="Make it, or choose another place.")
    if not os.access(folder, os.W_OK):
        raise AppError(f"{folder} may not be written to.", hint="Choose another place.")
