"""A path as a file of ours keeps it, so that it is found where both were moved together."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from core.files import is_there


class StoredPath(msgspec.Struct, frozen=True):
    """A path twice: as it is, and as seen from the file that names it."""

    path: str
    beside: str

    @classmethod
    def of(cls, path: Path, folder: Path) -> StoredPath:
        """A path for a file in `folder`."""
        absolute = path.absolute()
        try:
            relative = Path(os.path.relpath(absolute, folder)).as_posix()
        except ValueError:  # another drive of Windows
            relative = ""
        return cls(str(absolute), relative)

    def found(self, folder: Path) -> Path:
        """Beside the file in `folder` where it is there, else where it was."""
        beside = (folder / self.beside).absolute()
        if not self.beside or not is_there(beside):
            return Path(self.path)
        short = Path(os.path.normpath(beside))  # which leads elsewhere where a folder is a link
        return short if is_there(short) and short.samefile(beside) else beside
