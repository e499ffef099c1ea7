"""Whether a file is still the one that was read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.files import is_plain_file


@dataclass(frozen=True)
class FileState:
    """What tells one state of a file from the next, an atomic replacement's included."""

    n_bytes: int
    modified_ns: int
    number: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """The state of a file, None where there is none."""
        if not is_plain_file(path):
            return None
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)
