"""`extract`: activations of any layers, each as it stands right after its layer, into one .npz."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from core.activations.npz_file import write_npz
from core.commands.command_line import UsageError
from core.commands.extract_inputs import Batch, array_batches, image_batches
from core.commands.extraction import (
    Extraction,
    Pooling,
    choose_values,
    extract,
    npz_members,
)
from core.commands.opening import (
    OpenedNet,
    add_engine_arguments,
    add_net_arguments,
    net_state,
    open_net,
    running_engine,
)
from core.commands.output import byte_text, counted, print_json, print_table, shape_text
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.engines.base import Engine, Value
from core.engines.value_keys import value_keys
from core.progress import run_job

POOLINGS = ("none", "gap", "mac", "gem")
_MOST_IMAGES_NAMED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--images", nargs="+", type=Path, metavar="PATH", help="files or folders")
    source.add_argument(
        "--array",
        nargs="+",
        action="extend",
        metavar="[BLOB=]X.npy",
        help="the raw input blob, not preprocessed; one for each input of the net",
    )
    parser.add_argument(
        "--layers", required=True, metavar="L1,L2|all", help="layer names, or layer:top, or all"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="F.npz")
    parser.add_argument("--pool", choices=POOLINGS, default="none", help="(default none)")
    parser.add_argument("--p", type=float, default=3.0, help="the power of GeM (default 3)")
    parser.add_argument("--batch", type=int, default=8, help="images a pass (default 8)")
    parser.add_argument("--classes", type=Path, metavar="FILE", help="class names, one a line")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Run the net over the inputs and write what was asked for."""
    if options.batch < 1:
        raise UsageError("--batch is 1 or more")
    if options.out.suffix != ".npz":
        raise UsageError("--out must end in .npz")
    opened = open_net(options.net, options.weights, net_state(options))
    values = choose_values(opened.net, options.layers)
    with running_engine(opened, options) as engine, ProgressLine() as show:
        batches, recipe = _batches(opened, engine, options)
        pooling = Pooling(options.pool, options.p)
        job = extract(opened, engine, batches, values, pooling, options.classes)
        extraction = run_job(job, show)
    keys = value_keys(opened.net, values)
    write_npz(options.out, npz_members(extraction, keys))
    _report(opened, extraction, keys, recipe, options)


def _batches(
    opened: OpenedNet, engine: Engine, options: argparse.Namespace
) -> tuple[Iterator[Batch], str]:
    """The inputs, and for pictures the recipe in one line."""
    if options.array:
        return array_batches(options.array, engine.inputs, options.batch), ""
    return image_batches(options.images, options.preprocess, opened, engine.inputs, options.batch)


def _report(
    opened: OpenedNet,
    extraction: Extraction,
    keys: dict[Value, str],
    recipe: str,
    options: argparse.Namespace,
) -> None:
    if options.json:
        print_json(_described(extraction, keys, recipe, options))
        return
    rows = [(key, shape_text(extraction.shapes[value])) for value, key in keys.items()]
    print_table(("layer", "shape"), rows)
    print()
    if recipe:
        print(f"Preprocessing: {recipe}.")
    for warning in extraction.warnings:
        print(f"Note: {warning}")
    if opened.weights is None and extraction.filler_layers:
        print(f"No weights were given: the layers run on filler values of seed {options.seed}.")
    print(
        f"{counted(len(extraction.images), 'image')}, "
        f"{counted(extraction.n_passes, 'forward pass', 'forward passes')}, "
        f"{counted(len(keys), 'activation')} -> {options.out} "
        f"({byte_text(options.out.stat().st_size)})"
    )
    _print_classes(extraction)


def _print_classes(extraction: Extraction) -> None:
    named = list(zip(extraction.images, extraction.classes, strict=False))
    for image, classes in named[:_MOST_IMAGES_NAMED]:
        print(f"\n{image} ({extraction.class_layer}):")
        for scored in classes:
            print(f"  {scored.score:.4f}  {scored.name}")


def _described(
    extraction: Extraction, keys: dict[Value, str], recipe: str, options: argparse.Namespace
) -> dict[str, object]:
    return {
        "out": str(options.out),
        "images": extraction.images,
        "forward_passes": extraction.n_passes,
        "arrays": {key: list(extraction.shapes[value]) for value, key in keys.items()},
        "pool": options.pool,
        "preprocess": recipe or None,
        "filler_layers": list(extraction.filler_layers),
        "seed": options.seed,
        "warnings": list(extraction.warnings),
        "classes": {
            image: [{"class": c.number, "name": c.name, "score": c.score} for c in classes]
            for image, classes in zip(extraction.images, extraction.classes, strict=False)
        },
    }
