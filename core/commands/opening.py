"""The net that a command works on, opened with its shapes and the weights bound to it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.commands.command_line import UsageError
from core.engines.base import Engine, EngineSpec
from core.engines.launch import CAFFE_PYTHON_VARIABLE, split_command
from core.engines.registry import ENGINE_NAMES, start_engine
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net, NetState
from core.net.no_layers import check_has_layers
from core.net.reader import read_net
from core.net.solver import open_prototxt
from core.weights.binding import Binding, bind_weights
from core.weights.reader import Weights, open_weights

PRECISIONS = ("float32", "bfloat16")
"""Of the engine torch, the default first."""


@dataclass(frozen=True)
class OpenedNet:
    """A prototxt as read, and how the weights fit where any were given.

    solver: the file that named the prototxt, None where it was given itself.
    """

    path: Path
    net: Net
    shapes: NetShapes
    weights: Weights | None
    binding: Binding | None
    solver: Path | None = None

    @property
    def state(self) -> NetState:
        """The phase, level and stages the net is built in."""
        return self.net.state

    @property
    def weights_path(self) -> Path | None:
        """The weights file, None where none was given."""
        return None if self.weights is None else self.weights.path


def add_net_arguments(parser: argparse.ArgumentParser, *, needs_weights: bool = False) -> None:
    """`--net`, `--weights`, and the state the net is built in, which `net_state` reads."""
    parser.add_argument(
        "--net",
        required=True,
        type=Path,
        metavar="P",
        help="the prototxt, or a solver that names it",
    )
    parser.add_argument(
        "--weights", required=needs_weights, type=Path, metavar="W", help="caffemodel or HDF5 file"
    )
    parser.add_argument("--phase", choices=("TEST", "TRAIN"), default="TEST")
    parser.add_argument("--level", type=int, default=0, metavar="N", help="default 0")
    parser.add_argument(
        "--stage", action="append", default=[], metavar="S", help="a stage; may be repeated"
    )


def net_state(options: argparse.Namespace) -> NetState:
    """The state that the options name."""
    return NetState(options.phase, options.level, tuple(options.stage))


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """`--engine` and what it runs on and with; `engine_spec` reads them."""
    parser.add_argument("--engine", choices=ENGINE_NAMES, default="torch")
    add_caffe_python_argument(parser)
    parser.add_argument(
        "--allow-python-layers",
        action="store_true",
        help="run the programs that Python layers name (engine caffe)",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="of the engine torch: bfloat16 is faster and coarser (default float32)",
    )
    parser.add_argument(
        "--device", default="cpu", metavar="D", help="cpu, cuda:0, mps (default cpu; see doctor)"
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="for filler weights (default 0)"
    )


def _seed(word: str) -> int:
    if not word.isascii() or not word.isdecimal():
        raise argparse.ArgumentTypeError(f"'{word}' is no whole number from 0 on")
    return int(word)


def add_caffe_python_argument(parser: argparse.ArgumentParser) -> None:
    """`--caffe-python`."""
    parser.add_argument(
        "--caffe-python",
        metavar="COMMAND",
        help='starts a Python with pycaffe, for the engine caffe: "python3", "ssh HOST python3", '
        f'"docker run -i --rm IMAGE python" (default: ${CAFFE_PYTHON_VARIABLE})',
    )


def engine_spec(options: argparse.Namespace) -> EngineSpec:
    """The engine that the options name; UsageError for a Python that it would not use."""
    command = split_command(options.caffe_python or "")
    if command and options.engine != "caffe":
        raise UsageError("--caffe-python goes with --engine caffe")
    if options.precision in (None, PRECISIONS[0]):
        return EngineSpec(options.engine, command)
    if options.engine != "torch":
        raise UsageError("--precision goes with --engine torch")
    return EngineSpec(options.engine, command, (("precision", options.precision),))


def open_net(net_path: Path, weights_path: Path | None, state: NetState | None = None) -> OpenedNet:
    """Open a prototxt and its weights; AppError says what can't be read."""
    file = open_prototxt(net_path, state or NetState())
    net = read_net(file.text, path=file.path, state=file.state)
    check_has_layers(net, file.path.name)
    shapes = infer_shapes(net)
    if weights_path is None:
        return OpenedNet(file.path, net, shapes, None, None, file.solver)
    weights = open_weights(weights_path)
    binding = bind_weights(net, shapes, weights)
    return OpenedNet(file.path, net, shapes, weights, binding, file.solver)


@contextmanager
def running_engine(opened: OpenedNet, options: argparse.Namespace) -> Iterator[Engine]:
    """The opened net in an engine's child, which ends with the `with` block."""
    with start_engine(engine_spec(options)) as process:
        yield process.open(
            opened.net.text,
            opened.weights_path,
            device=options.device,
            seed=options.seed,
            state=opened.net.state,
            allow_python_layers=options.allow_python_layers,
        )
