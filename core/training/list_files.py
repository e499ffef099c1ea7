"""The lists that data layers name: found as from the folder of the net, read line by line."""

from __future__ import annotations

from pathlib import Path

from core.errors import RequestError
from core.net.definition import Layer
from core.reading import read_file

_MOST_LIST_BYTES = 64 << 20


def read_lines(layer: Layer, source: str, folder: Path) -> list[str]:
    """The lines of a list that hold anything. Raises AppError where there are none."""
    if not source:
        raise RequestError(f"Layer '{layer.name}' names no source.")
    path = find_file(source, folder)
    text = read_file(path, _MOST_LIST_BYTES).decode("utf-8", "surrogateescape")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise RequestError(f"The list {path.name} of layer '{layer.name}' is empty.")
    return lines


def find_file(written: str, folder: Path) -> Path:
    """A file as named from the folder of the net, or from where the program was started."""
    for path in (folder / written, Path(written), folder / Path(written).name):
        if path.is_file():
            return path
    raise RequestError(
        f"'{written}' is not there.", hint=f"It is looked for in {folder}, beside the net."
    )
