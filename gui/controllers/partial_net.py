"""The layers above the place where a prototxt can't be read."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import PrototxtError
from core.net.definition import NetState
from gui.derivation import derive
from gui.document import DerivedNet

N_TRIES = 4
_BLOCK = re.compile(r"^[ \t]*layers?[ \t]*\{", re.MULTILINE)


def read_partially(
    text: str, error: PrototxtError, path: Path, state: NetState
) -> tuple[DerivedNet | None, int]:
    """Derive the text above the layer block with the error.

    Returns the net and the line it stops before; (None, 0) when nothing above it reads either.
    """
    lines = text.splitlines(keepends=True)
    end = sum(len(line) for line in lines[: error.position.line])
    starts = [match.start() for match in _BLOCK.finditer(text, 0, end)]
    for start in reversed(starts[-N_TRIES:]):
        try:
            derived = derive(text[:start], path, state, None)
        except PrototxtError:
            continue
        if derived.net.layers:
            return derived, text.count("\n", 0, start) + 1
    return None, 0
