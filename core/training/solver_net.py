"""A solver file with the net that it trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import NetError, RequestError
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net, NetState
from core.net.parser import parse
from core.net.reader import read_net
from core.net.solver import open_prototxt, open_test_nets
from core.net.solver_settings import SolverSettings, read_settings
from core.net.text import read_prototxt
from core.words import plural


@dataclass(frozen=True)
class SolverNet:
    """A solver and the net it trains; folder: of the net, where its files are looked for."""

    path: Path
    settings: SolverSettings
    net: Net
    shapes: NetShapes
    folder: Path
    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def fed(self, shapes: Mapping[str, tuple[int, ...]]) -> SolverNet:
        """The same, with inputs of shapes that the file of the net does not tell."""
        known = infer_shapes(self.net, shapes)
        return replace(self, shapes=known, input_shapes=shapes)

    @property
    def stem(self) -> str:
        """Of snapshots: the last part of the prefix, or the solver's own name."""
        prefix = self.settings.snapshot_prefix.replace("\\", "/")
        return prefix.rpartition("/")[2] or self.path.stem

    def own_weights(self) -> Path | None:
        """The file of the solver's field `weights`, looked for beside it. Raises RequestError."""
        named = self.settings.weights
        if not named:
            return None
        if len(named) > 1:
            raise RequestError(
                f"{self.path.name} names {plural(len(named), 'weights file')}.",
                hint="Give one: --weights.",
            )
        found = self.path.parent / named[0]
        if not found.is_file():
            raise RequestError(
                f"{self.path.name} names the weights '{named[0]}', which are not beside it.",
                hint="Give them: --weights.",
            )
        return found


@dataclass(frozen=True)
class TestSource:
    """A net that a solver tests; folder: where its files are looked for; n_batches: test_iter."""

    net: Net
    folder: Path
    n_batches: int


def read_tests(solver: SolverNet) -> tuple[TestSource, ...]:
    """The test nets of a solver, in Caffe's order. Raises AppError."""
    if not solver.settings.test_iter:
        return ()
    opened = open_test_nets(solver.path)
    return tuple(
        TestSource(read_net(one.text, state=one.state), one.path.parent, n_batches)
        for one, n_batches in zip(opened, solver.settings.test_iter, strict=True)
    )


def read_solver(path: Path) -> SolverNet:
    """The solver of a file, and its net in the TRAIN phase. Raises AppError."""
    settings = read_settings(parse(read_prototxt(path)))
    opened = open_prototxt(path, NetState("TRAIN"))
    if opened.solver is None:
        raise NetError(f"{path.name} is no solver: it names no net.")
    net = read_net(opened.text, state=opened.state)
    return SolverNet(path, settings, net, infer_shapes(net), opened.path.parent)
