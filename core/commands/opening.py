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
from core.errors import NetError
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net, NetState
from core.net.reader import load_net
from core.weights.binding import Binding, bind_weights
from core.weights.reader import Weights, open_weights


@dataclass(frozen=True)
class OpenedNet:
    """A prototxt as read, and how the weights fit where any were given."""

    path: Path
    net: Net
    shapes: NetShapes
    weights: Weights | None
    binding: Binding | None

    @property
    def weights_path(self) -> Path | None:
        """The weights file, None where none was given."""
        return None if self.weights is None else self.weights.path


def add_net_arguments(parser: argparse.ArgumentParser, *, needs_weights: bool = False) -> None:
    """`--net` and `--weights`."""
    parser.add_argument("--net", required=True, type=Path, metavar="P", help="the prototxt")
    parser.add_argument(
        "--weights", required=needs_weights, type=Path, metavar="W", help="caffemodel or HDF5 file"
    )


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
        "--device", default="cpu", metavar="D", help="cpu, cuda:0, mps (default cpu; see doctor)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="for filler weights (default 0)"
    )


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
    return EngineSpec(options.engine, command)


def open_net(net_path: Path, weights_path: Path | None, state: NetState | None = None) -> OpenedNet:
    """Open a prototxt and its weights; AppError says what can't be read."""
    net = load_net(net_path, state=state or NetState())
    if not net.layers:
        raise NetError(f"{net_path.name} has no layers in the {net.state.phase} phase.")
    shapes = infer_shapes(net)
    if weights_path is None:
        return OpenedNet(net_path, net, shapes, None, None)
    weights = open_weights(weights_path)
    return OpenedNet(net_path, net, shapes, weights, bind_weights(net, shapes, weights))


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
