"""Which of some prototxts hold much the same net as an open one, by the names of their layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import AppError
from core.net.definition import Net
from core.net.reader import read_net
from core.net.solver import open_prototxt

LEAST_SHARE = 0.5
"""Layers that must be named alike, as a share of the larger net's."""

MOST_FILES = 4


@dataclass(frozen=True)
class AkinFile:
    """A prototxt, how many layers it has, and how many of them the open net has by name."""

    path: Path
    n_alike: int
    n_layers: int


def akin_files(net: Net, paths: Sequence[Path]) -> tuple[AkinFile, ...]:
    """Those that share enough layers, in the order given; files that can't be read are left out."""
    names = {layer.name for layer in net.layers}
    found: list[AkinFile] = []
    for path in paths:
        try:
            opened = open_prototxt(path, net.state)
            other = read_net(opened.text, path=opened.path, state=opened.state)
        except AppError:
            continue
        theirs = {layer.name for layer in other.layers}
        n_alike = len(names & theirs)
        if n_alike >= LEAST_SHARE * max(len(names), len(theirs), 1):
            found.append(AkinFile(path, n_alike, len(theirs)))
        if len(found) == MOST_FILES:
            break
    return tuple(found)
