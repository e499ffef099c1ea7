"""`graph`: the net drawn as the window draws it, into SVG, PDF or PNG, without a screen."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.opening import add_net_arguments, named_model
from core.files import check_writable
from core.words import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    parser.add_argument(
        "--out", required=True, type=Path, metavar="F.svg", help="F.svg, F.pdf or F.png"
    )


def run(options: argparse.Namespace) -> None:
    """Draw the whole graph; `draw_graph` is lent by the entry point."""
    check_writable(options.out)
    opened = named_model(options)
    options.draw_graph(opened.net, opened.shapes, options.out)
    print(f"{plural(len(opened.net.layers), 'layer')} -> {options.out}")
