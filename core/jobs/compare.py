"""Comparing two prototxts: layers matched, laid side by side, and both texts beside each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core.comparison.differences import NetSide
from core.comparison.paired_texts import paired_texts
from core.comparison.pairs import compare_nets
from core.comparison.rows import ComparedFile, Comparison, comparison_rows
from core.errors import AppError
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE, read_net
from core.net.solver import open_prototxt
from core.progress import Job, Progress


@dataclass(frozen=True)
class ComparedSource:
    """Where one side comes from: a file, or the text of an open model whose file it is."""

    path: Path
    state: NetState = DEFAULT_STATE
    text: str | None = None
    is_edited: bool = False


@dataclass(frozen=True)
class CompareRequest:
    """Two prototxts, or solvers that name them, each with the state that it is built in."""

    first: ComparedSource
    second: ComparedSource


def compare(request: CompareRequest) -> Job[Comparison]:
    """Read, match and lay side by side; a file that can't be read says so in its place."""
    yield Progress(0, 2, "prototxts")
    one = _read(request.first)
    yield Progress(1, 2, "prototxts")
    other = _read(request.second)
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


def _read(source: ComparedSource) -> ComparedFile:
    file = ComparedFile(source.path, source.text is not None, source.is_edited)
    text, path, state = source.text or "", source.path, source.state
    try:
        if source.text is None:
            opened = open_prototxt(path, state)
            text, path, state = opened.text, opened.path, opened.state
            if opened.solver is not None:
                file = replace(file, note=f"a solver: its net {path.name}")
        net = read_net(text, path=path, state=state)
        return replace(file, side=NetSide(net, infer_shapes(net)))
    except AppError as error:
        return replace(file, error=error, source=tuple(text.splitlines()))
