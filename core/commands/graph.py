"""`graph`: the net drawn as the window draws it, into SVG, PDF or PNG, without a screen."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.extract import split_array_word
from core.commands.opening import (
    add_engine_arguments,
    add_net_arguments,
    engine_host,
    engine_spec,
    model_to_run,
)
from core.commands.output import print_table
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP, write_csv
from core.engines.values import EngineSpec
from core.files import check_writable
from core.jobs.layer_numbers import (
    NUMBER_KINDS,
    LayerNumbersRequest,
    NumberKind,
    layer_numbers,
)
from core.jobs.look import LookRequest
from core.jobs.open import OpenedNet, OpenRequest, open_model
from core.layer_numbers import LayerNumbers
from core.net.definition import NetState
from core.progress import run_job
from core.words import plural

_BFLOAT16 = EngineSpec("torch", options=(("precision", "bfloat16"),))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    parser.add_argument(
        "--out", required=True, type=Path, metavar="F.svg", help="F.svg, F.pdf or F.png"
    )
    parser.add_argument(
        "--colour-by", metavar="KIND",
        help=f"colour the boxes by {', '.join(NUMBER_KINDS[:-1])} or csv:F",
    )  # fmt: skip
    parser.add_argument("--image", type=Path, metavar="PATH", help="for what is run")
    parser.add_argument(
        "--array", nargs="+", action="extend", metavar="[BLOB=]X.npy", help="in place of an image"
    )
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="numbers of values over a folder"
    )
    parser.add_argument(
        "--kept", type=Path, metavar="F.npz",
        help="with --images: what `stats --out F.npz` kept of it, without a pass",
    )  # fmt: skip
    parser.add_argument("--against", type=Path, metavar="W2", help="for change: other weights")
    parser.add_argument(
        "--to", metavar="bfloat16|caffe|Q",
        help="for cosine: another precision, engine, or prototxt (its weights: --against)",
    )  # fmt: skip
    parser.add_argument("--gallery", type=Path, metavar="DIR", help="for mAP: one with a sweep")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help=f"write the numbers as well; {GUARD_HELP}"
    )
    add_preprocess_argument(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Draw the whole graph; `draw_graph` is lent by the entry point."""
    check_writable(options.out)
    if options.csv is not None:
        check_writable(options.csv)
    opened = model_to_run(options)
    numbers = None
    if options.colour_by:
        with engine_host(options) as host, ProgressLine() as show:
            numbers = run_job(layer_numbers(_request(options, opened), host), show)
        _print(opened, numbers)
        if options.csv is not None:
            rows = ((layer, top, value) for (layer, top), value in numbers.values.items())
            write_csv(options.csv, (("layer", "top", numbers.title), *rows))
    options.draw_graph(opened.net, opened.shapes, options.out, numbers)
    print(f"{plural(len(opened.net.layers), 'layer')} -> {options.out}")


def _request(options: argparse.Namespace, opened: OpenedNet) -> LayerNumbersRequest:
    word, _, file = options.colour_by.partition(":")
    kinds: dict[str, NumberKind] = {kind.lower(): kind for kind in NUMBER_KINDS}
    if word.lower() not in kinds or (word.lower() == "csv") != bool(file):
        raise UsageError(f"--colour-by is one of {', '.join(NUMBER_KINDS[:-1])} or csv:F")
    if options.image is not None and options.array:
        raise UsageError("--image or --array, not both")
    if options.kept is not None and options.images is None:
        raise UsageError("--kept goes with --images")
    arrays = tuple(split_array_word(array) for array in options.array or ())
    look = LookRequest(opened.to_run, options.image, options.preprocess, arrays)
    other, second = None, None
    if options.to == "bfloat16":
        other = _BFLOAT16
    elif options.to == "caffe":
        other = EngineSpec("caffe", engine_spec(options).command)
    elif options.to:
        state = NetState(options.phase)
        second = open_model(OpenRequest(Path(options.to), options.against, state)).to_run
    request = LayerNumbersRequest(
        kinds[word.lower()], look, options.images, options.kept, options.against, other,
        second, options.gallery, Path(file) if file else None,
    )  # fmt: skip
    if request.lacks:
        needs = {
            "an image": "--image or --array", "a second caffemodel": "--against W2",
            "a caffemodel": "--weights W", "a second net or engine": "--to bfloat16|caffe|Q",
            "a sweep": "--gallery DIR",
        }  # fmt: skip
        raise UsageError(f"{word} needs {request.lacks}: {needs.get(request.lacks, '')}")
    return request


def _print(opened: OpenedNet, numbers: LayerNumbers) -> None:
    found = numbers.by_layer
    rows = [
        (layer.name, layer.type, numbers.write(found[layer.name]) if layer.name in found else "–")
        for layer in opened.net.layers
    ]
    print_table(("layer", "type", numbers.title), rows, right=numbers.title)
    print(f"\n{numbers.title}: {numbers.source}.")
