"""What a target of the fuzz is, and files for it to read."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st


class Target(NamedTuple):
    """`check` takes one input, answers whether it was accepted, and raises where a claim fails."""

    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], bool]
    share: int = 6
    """Of the inputs of a long run: fewer where each costs more."""


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def written(raw: bytes, name: str) -> Path:
    """A file with these bytes; a new inode each time, since the last may still be mapped."""
    path = Path(_folder().name) / f"{threading.get_ident()}_{name}"
    path.unlink(missing_ok=True)
    path.write_bytes(raw)
    return path


def written_folder(files: Mapping[str, bytes], name: str) -> Path:
    """A folder with these files and no other."""
    folder = Path(_folder().name) / f"{threading.get_ident()}_{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file, raw in files.items():
        (folder / file).write_bytes(raw)
    return folder
