"""The words that name a net and what runs it, the same in every command."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from core.commands.command_line import UsageError
from core.engine_names import ENGINE_CHOICES, GRAPH_ENGINES
from core.engines.base import EngineSpec
from core.engines.consent import BEYOND_CONSENT, PythonPrograms
from core.engines.host import EngineHost
from core.engines.launch import CAFFE_PYTHON_VARIABLE, split_command
from core.engines.registry import start_engine
from core.jobs.open import OpenedNet, OpenRequest, open_model
from core.net.definition import NetState

PRECISIONS = ("float32", "tf32", "bfloat16", "float16")
"""Of the engine torch, the default first."""


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
    parser.add_argument(
        "--engine",
        choices=ENGINE_CHOICES,
        default="torch",
        help=f"auto: torch or one of {', '.join(GRAPH_ENGINES)} for index, sweep and extract, by a "
        "short trial; torch for the rest (default torch)",
    )
    add_caffe_python_argument(parser)
    parser.add_argument(
        "--allow-python-layers",
        action="store_true",
        help="run the programs that Python layers name, and say which (engine caffe)",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="of the engine torch: bfloat16 is faster and coarser, on a GPU also tf32 and float16; "
        "fidelity says how far they are, layer by layer (default float32)",
    )
    parser.add_argument(
        "--device",
        default="cpu",
        metavar="D",
        help="cpu, cuda:0, mps, or several for a folder: cuda:0,cuda:1 (default cpu; see doctor)",
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


def engine_host(options: argparse.Namespace) -> EngineHost:
    """What runs the nets of one command; Python layers only where the options allow them."""
    if not options.allow_python_layers:
        return EngineHost()
    return EngineHost(partial(start_engine, agree=_Telling()))


class _Telling:
    """Agrees to every program, and says which files run before they do."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, programs: PythonPrograms) -> bool:
        if programs.fingerprint not in self._told:
            self._told.add(programs.fingerprint)
            lines = "".join(f"\n  {line}" for line in programs.sentences)
            print(f"Python layers run these files:{lines}\n{BEYOND_CONSENT}", file=sys.stderr)
        return True


def named_model(options: argparse.Namespace) -> OpenedNet:
    """The model that the options name, for commands that run nothing."""
    return open_model(OpenRequest(options.net, options.weights, net_state(options)))


def model_to_run(options: argparse.Namespace) -> OpenedNet:
    """The model that the options name, and the engine, device and seed that run it."""
    return open_model(
        OpenRequest(
            options.net,
            options.weights,
            net_state(options),
            engine_spec(options),
            options.device,
            options.seed,
        )
    )
