"""The net that a command works on, opened with its shapes and the weights bound to it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.engines.base import Engine, EngineSpec
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


def add_net_arguments(parser: argparse.ArgumentParser, *, needs_weights: bool = False) -> None:
    """`--net` and `--weights`."""
    parser.add_argument("--net", required=True, type=Path, metavar="P", help="the prototxt")
    parser.add_argument(
        "--weights", required=needs_weights, type=Path, metavar="W", help="caffemodel or HDF5 file"
    )


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """`--engine`, `--device` and `--seed`."""
    parser.add_argument("--engine", choices=ENGINE_NAMES, default="torch")
    parser.add_argument(
        "--device", default="cpu", metavar="D", help="cpu, cuda:0, mps (default cpu; see doctor)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="for filler weights (default 0)"
    )


def open_net(options: argparse.Namespace, state: NetState | None = None) -> OpenedNet:
    """Open what `--net` and `--weights` name; AppError says what can't be read."""
    net = load_net(options.net, state=state or NetState())
    if not net.layers:
        raise NetError(f"{options.net.name} has no layers in the {net.state.phase} phase.")
    shapes = infer_shapes(net)
    if options.weights is None:
        return OpenedNet(options.net, net, shapes, None, None)
    weights = open_weights(options.weights)
    return OpenedNet(options.net, net, shapes, weights, bind_weights(net, shapes, weights))


@contextmanager
def running_engine(opened: OpenedNet, options: argparse.Namespace) -> Iterator[Engine]:
    """The opened net in an engine's child, which ends with the `with` block."""
    with start_engine(EngineSpec(options.engine)) as process:
        yield process.open(
            opened.net.text,
            options.weights,
            device=options.device,
            seed=options.seed,
            state=opened.net.state,
        )
