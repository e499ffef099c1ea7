"""`gradients`: one pass forward and back, and the gradients of all values and learned arrays."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from core.commands.command_line import UsageError
from core.commands.extract import split_array_word
from core.commands.looking import add_pass_arguments
from core.commands.opening import engine_host, model_to_run
from core.commands.output import print_json, print_notes, print_table
from core.engines.values import Value
from core.errors import RequestError
from core.files import check_writable
from core.jobs.gradients import GradientsRequest, gradients, last_value, write_gradients
from core.jobs.look import LookRequest
from core.jobs.score_target import read_target
from core.jobs.values import choose_value
from core.net.definition import Net
from core.progress import run_job
from core.words import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_pass_arguments(parser)
    parser.add_argument(
        "--diff",
        nargs="+",
        action="extend",
        default=[],
        metavar="TOP=D.npy",
        help="differentiate the sum of a blob's values times this array; TOP is a blob, after its "
        "last layer, or LAYER:TOP (default: the loss of the net)",
    )
    parser.add_argument(
        "--target", metavar="WORD", help="or a score to differentiate, as `saliency` takes it"
    )
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="F.npz",
        help="grad/LAYER/TOP for each value as it is right after its layer, and param/LAYER/i",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Run the pass and write the file."""
    check_writable(options.out)
    opened = model_to_run(options)
    arrays = tuple(split_array_word(word) for word in options.array or ())
    look = LookRequest(opened.to_run, options.image, options.preprocess, arrays)
    of = tuple(_diff(opened.net, word) for word in options.diff)
    if of and options.target is not None:
        raise UsageError("--diff and --target are two answers to one question")
    target = None if options.target is None else read_target(opened.net, options.target)
    with engine_host(options) as host:
        done = run_job(gradients(GradientsRequest(look, of, target), host))
    found = done.found
    names = write_gradients(found, options.out)
    if options.json:
        print_json({"written": str(options.out), "arrays": list(names), "notes": list(done.notes)})
        return
    print_notes(done.notes)
    rows = [
        (f"{value.layer}:{value.top}", f"{np.linalg.norm(array):.6g}")
        for value, array in found.values.items()
    ]
    print_table(("value", "L2 norm of its gradient"), rows, right="L2 norm of its gradient")
    print(f"{plural(len(names), 'array')} -> {options.out}")


def _diff(net: Net, word: str) -> tuple[Value, Path]:
    blob, equals, path = word.partition("=")
    if not equals:
        raise RequestError(f"'{word}' names no blob.", hint="Write --diff TOP=D.npy.")
    layer, colon, _ = blob.rpartition(":")
    is_layer = bool(colon) and net.has_layer(layer)
    return (choose_value(net, blob) if is_layer else last_value(net, blob)), Path(path)
