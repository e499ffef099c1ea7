"""Reads two prototxts and matches their layers; what can't be read says why, in its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core.comparison.differences import NetSide
from core.comparison.paired_texts import paired_texts
from core.comparison.pairs import compare_nets
from core.comparison.rows import ComparedFile, Comparison, comparison_rows
from core.errors import AppError, PrototxtError
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import read_net
from core.net.solver import open_prototxt
from gui.controllers.opening_notices import parse_notice
from gui.notices import Notice, escaped


@dataclass(frozen=True)
class Source:
    """Where one side comes from: a file, or the open model's text while that is its file."""

    path: Path
    text: str | None = None
    is_edited: bool = False


def compare_sources(
    first: Source, second: Source, first_state: NetState, second_state: NetState
) -> Comparison:
    """Read, match and lay side by side; a file that can't be read says so in its place."""
    one, other = _read(first, first_state), _read(second, second_state)
    if one.side is None or other.side is None:
        return Comparison(one, other)
    nets = compare_nets(one.side.net, other.side.net)
    return Comparison(
        one,
        other,
        nets,
        comparison_rows(nets, one.side, other.side),
        paired_texts(one.side.net, other.side.net, nets),
    )


def _read(source: Source, state: NetState) -> ComparedFile:
    file = ComparedFile(source.path, source.text is not None, source.is_edited)
    text = source.text or ""
    try:
        path = source.path
        if source.text is None:
            opened = open_prototxt(source.path, state)
            text, path, state = opened.text, opened.path, opened.state
            if opened.solver is not None:
                file = replace(file, note=f"a solver: its net {path.name}")
        net = read_net(text, path=path, state=state)
        return replace(file, side=NetSide(net, infer_shapes(net)))
    except AppError as error:
        return replace(file, error=error, source=tuple(text.splitlines()))


def notice_of(file: ComparedFile) -> Notice | None:
    """Why a file can't be read: with its line, where that is known."""
    if isinstance(file.error, PrototxtError):
        return replace(parse_notice(file.error, file.source, 0, 0), actions=())
    if file.error is None:
        return None
    return Notice("error", file.error.sentence, escaped(file.error.hint))
