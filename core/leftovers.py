"""Files that a killed program left half written: what they are called, and when they may go.

Whoever writes holds a shared lock on the folder, which ends with its process. Who gets the folder
for itself alone therefore knows that nobody of this computer writes there.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PARTIAL = re.compile(r"\.blobscope-(?:([0-9a-f]{8})-)?[0-9a-f]{8}\.partial")
_OLD_SECONDS = 24 * 3600.0
"""Where locks say nothing, as for another computer's file, nobody has been writing for so long."""
_TRIES, _PAUSE_SECONDS = 10, 0.02
_MACHINE_ID = Path("/etc/machine-id")
_MOST_ID_BYTES = 256


def name_beside(target: Path) -> Path:
    """A name of its own, and not longer with the target's, which may be as long as names may be."""
    return target.with_name(f".blobscope-{_this_computer()}-{secrets.token_hex(4)}.partial")


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Keep others from taking what is written in `folder` for a leftover, until the block ends."""
    number = _open_folder(folder)
    try:
        if number is not None:
            _lock_shared(number)
        yield
    finally:
        if number is not None:
            os.close(number)


def remove_leftovers(folder: Path) -> int:
    """Remove what killed programs left half written in `folder`; how many there were.

    Nothing goes while anyone writes there. What another computer began goes after a day.
    """
    # Listed before the lock is taken: who writes without one, as it was taken, began after that.
    found = _list_partials(folder)
    if not found:
        return 0
    number = _open_folder(folder)
    try:
        is_alone = number is not None and _lock_alone(number)
        return sum(_remove(path) for path, is_own in found if _may_go(path, is_own and is_alone))
    except BlockingIOError:  # someone writes there: next time
        return 0
    finally:
        if number is not None:
            os.close(number)


@lru_cache(maxsize=1024)
def remove_leftovers_once(folder: Path) -> None:
    """Remove leftovers where this process has not looked yet."""
    remove_leftovers(folder)


def _list_partials(folder: Path) -> list[tuple[Path, bool]]:
    """Each with whether this computer began it."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _PARTIAL.fullmatch(entry.name)
            if match is not None:
                found.append((Path(entry.path), match[1] == _this_computer()))
    return found


def _may_go(path: Path, is_dead: bool) -> bool:
    if is_dead:
        return True
    try:
        changed = max(one.lstat().st_mtime for one in (path, *_inside(path)))
    except OSError:  # gone meanwhile
        return False
    return time.time() - changed > _OLD_SECONDS


def _inside(path: Path) -> tuple[Path, ...]:
    return tuple(path.iterdir()) if path.is_dir() and not path.is_symlink() else ()


def _remove(path: Path) -> bool:
    try:
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:  # another's, or open on Windows
        return False
    return True


def _open_folder(folder: Path) -> int | None:
    """None where a folder can't be opened, as on Windows: there locks say nothing."""
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError:
        return None


def _lock_shared(number: int) -> None:
    """Who clears up holds the folder for milliseconds; a stranger's lock is no reason to wait."""
    if sys.platform == "win32":
        return
    for _ in range(_TRIES):
        try:
            fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_SECONDS)
        except OSError:  # no locks on this file system
            return
        else:
            return


def _lock_alone(number: int) -> bool:
    """Whether it is locked now; False where there are no locks. BlockingIOError beside others."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # NFS locks no folder that was opened to be read
        return False
    return True


@cache
def _this_computer() -> str:
    """Tells the computers apart that share a folder; the same after a restart."""
    number = b""
    with suppress(OSError), _MACHINE_ID.open("rb") as file:
        number = file.read(_MOST_ID_BYTES)
    return hashlib.sha256(platform.node().encode() + number).hexdigest()[:8]
