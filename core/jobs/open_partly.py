"""Opening what can be read of a model, to be looked at: what is wrong with the rest is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from core.edits.findings.finding import Finding
from core.edits.findings.search import find_mistakes
from core.errors import PrototxtError
from core.jobs.open import OpenedNet, OpenRequest
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.no_layers import check_has_layers
from core.net.reader import read_net
from core.net.solver import open_prototxt
from core.net.states import every_state

_MOST_TRIES = 4
_BLOCK = re.compile(r"^[ \t]*layers?[ \t]*\{", re.MULTILINE)


@dataclass(frozen=True)
class PartlyOpened:
    """What reading a prototxt gave: all of it, or the layers above the place that can't be read.

    error, source, stopped_before_line: why it is only a part, and of which lines. other_state:
    the one shown, where the one asked for has no layers.
    """

    path: Path
    opened: OpenedNet | None
    mistakes: tuple[Finding, ...] = ()
    error: PrototxtError | None = None
    source: tuple[str, ...] = ()
    stopped_before_line: int = 0
    other_state: NetState | None = None


def open_partly(request: OpenRequest) -> PartlyOpened:
    """A prototxt, or the net that a solver names; in another state where this one has no layers.

    Raises NetError for what can't be opened, is no text or no net.
    """
    file = open_prototxt(request.net, request.state)
    found = _with_solver(open_text_partly(file.text, file.path, file.state), file.solver)
    if found.opened is None or found.error is not None:
        return found
    net = found.opened.net
    other = next((other for other in every_state(net) if other.layers), None)
    if net.layers or other is None:
        check_has_layers(net, file.path.name)
        return found
    found = _with_solver(open_text_partly(file.text, file.path, other.state), file.solver)
    return replace(found, other_state=other.state)


def open_text_partly(text: str, path: Path, state: NetState) -> PartlyOpened:
    """What a prototxt text means; of one that can't be parsed, the layers above that place."""
    try:
        opened = _open_text(text, path, state)
    except PrototxtError as error:
        partial, line = _open_above(text, error, path, state)
        return PartlyOpened(path, partial, (), error, tuple(text.splitlines()), line)
    return PartlyOpened(path, opened, find_mistakes(opened.net))


def _open_text(text: str, path: Path, state: NetState) -> OpenedNet:
    net = read_net(text, path=path, state=state)
    return OpenedNet(path, net, infer_shapes(net), None, None)


def _with_solver(found: PartlyOpened, solver: Path | None) -> PartlyOpened:
    if found.opened is None:
        return found
    return replace(found, opened=replace(found.opened, solver=solver))


def _open_above(
    text: str, error: PrototxtError, path: Path, state: NetState
) -> tuple[OpenedNet | None, int]:
    """The text above the layer block with the error.

    Returns the net and the line it stops before; (None, 0) when nothing above it reads either.
    """
    lines = text.splitlines(keepends=True)
    end = sum(len(line) for line in lines[: error.position.line])
    starts = [match.start() for match in _BLOCK.finditer(text, 0, end)]
    for start in reversed(starts[-_MOST_TRIES:]):
        try:
            opened = _open_text(text[:start], path, state)
        except PrototxtError:
            continue
        if opened.net.layers:
            return opened, text.count("\n", 0, start) + 1
    return None, 0
