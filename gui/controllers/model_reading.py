"""Reading a prototxt as the window shows it: what can be read, and what to say of the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from core.edits.findings.finding import Finding
from core.edits.findings.search import find_mistakes
from core.errors import PrototxtError
from core.net.definition import NetState
from core.net.no_layers import check_has_layers
from core.net.solver import open_prototxt
from core.net.states import every_state
from gui.derivation import derive
from gui.document import DerivedNet

N_TRIES = 4
_BLOCK = re.compile(r"^[ \t]*layers?[ \t]*\{", re.MULTILINE)


@dataclass(frozen=True)
class OpenedModel:
    """What reading a prototxt gave: all of it, or the layers above the place that can't be read."""

    path: Path
    derived: DerivedNet | None
    rewirings: tuple[Finding, ...] = ()
    error: PrototxtError | None = None
    source: tuple[str, ...] = ()
    stopped_before_line: int = 0
    saved_text: str | None = None  # what the file holds, where the text is another
    solver: Path | None = None  # the file that named this one
    other_state: NetState | None = None  # where the one asked for has no layers


def read_model(path: Path, state: NetState) -> OpenedModel:
    """A prototxt, or the net that a solver names; in another state where this one has no layers.

    Raises NetError for what can't be opened, is no text or no net.
    """
    file = open_prototxt(path, state)
    opened = replace(read_text_as_model(file.text, file.path, file.state), solver=file.solver)
    if opened.derived is None or opened.error is not None:
        return opened
    net = opened.derived.net
    other = next((other for other in every_state(net) if other.layers), None)
    if net.layers or other is None:
        check_has_layers(net, file.path.name)
        return opened
    opened = read_text_as_model(file.text, file.path, other.state)
    return replace(opened, solver=file.solver, other_state=other.state)


def read_text_as_model(text: str, path: Path, state: NetState) -> OpenedModel:
    """What a prototxt text means; of one that can't be parsed, the layers above that place."""
    try:
        derived = derive(text, path, state, None)
    except PrototxtError as error:
        partial, line = _read_partially(text, error, path, state)
        return OpenedModel(path, partial, (), error, tuple(text.splitlines()), line)
    return OpenedModel(path, derived, find_mistakes(derived.net))


def _read_partially(
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
