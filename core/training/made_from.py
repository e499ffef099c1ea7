"""What the files of a fine-tuning were made from: kept beside them, for the proof after it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from core.errors import RequestError
from core.files import write_file
from core.typed_json import as_type, load_json

FILE_NAME = "made_from.json"
_MOST_BYTES = 1 << 20


class MadeFrom(msgspec.Struct, frozen=True):
    """The net and the weights before, by their paths; weights "" for none.

    renamed: old and new name of layers. values: (layer, top) in the new net that the training can
    change, and last before them one that it can't, as far as rankings are made by them.
    """

    net: str
    weights: str
    renamed: dict[str, str]
    values: tuple[tuple[str, str], ...] = ()


def write_made_from(found: MadeFrom, folder: Path) -> None:
    """Beside the files. Raises AppError."""
    write_file(folder / FILE_NAME, msgspec.json.format(msgspec.json.encode(found)) + b"\n")


def read_made_from(folder: Path) -> MadeFrom:
    """What was written. Raises AppError, where nothing was, too."""
    path = folder / FILE_NAME
    if not path.is_file():
        raise RequestError(
            f"{folder.name} does not say what its net was made from.",
            hint="Write the files of step Net again.",
        )
    return as_type(load_json(path, _MOST_BYTES), MadeFrom, FILE_NAME)
