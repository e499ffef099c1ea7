"""`fidelity`: how far bfloat16 or real Caffe is from float32 PyTorch, layer by layer."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from core.commands.extract_inputs import Batch, array_batches, image_batches
from core.commands.opening import (
    OpenedNet,
    add_caffe_python_argument,
    add_net_arguments,
    net_state,
    open_net,
)
from core.commands.output import counted, print_json, print_table
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.engines.base import EngineSpec
from core.engines.fidelity import BFLOAT16, LayerFidelity, measure_fidelity
from core.engines.filler_warnings import filler_warnings
from core.engines.launch import split_command
from core.progress import run_job

MOST_IMAGES = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser, needs_weights=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--images", nargs="+", type=Path, metavar="PATH",
        help=f"files or folders; the first {MOST_IMAGES} images are run",
    )  # fmt: skip
    source.add_argument("--array", nargs="+", action="extend", metavar="[BLOB=]X.npy")
    parser.add_argument(
        "--of", choices=("bfloat16", "caffe"), default="bfloat16", help="(default bfloat16)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_caffe_python_argument(parser)


def run(options: argparse.Namespace) -> None:
    """Run both and print every layer's distance."""
    opened = open_net(options.net, options.weights, net_state(options))
    batch = _first_batch(opened, options)
    other = BFLOAT16
    if options.of == "caffe":
        other = EngineSpec("caffe", split_command(options.caffe_python or ""))
    with ProgressLine() as show:
        job = measure_fidelity(
            opened.net.text, opened.weights_path, batch.inputs, other=other, state=opened.net.state
        )
        rows = run_job(job, show)
    unbound = opened.binding.unbound if opened.binding else ()
    if options.json:
        layers = [_described(row) for row in rows]
        print_json({"of": options.of, "filler_layers": list(unbound), "layers": layers})
        return
    print_table(
        ("layer", "top", "type", "cosine", "largest difference"),
        [
            (r.value.layer, r.value.top, r.type, f"{r.cosine:.7f}", f"{r.relative_difference:.1e}")
            for r in rows
        ],
        right="cosine,largest difference",
    )
    print()
    for warning in filler_warnings(unbound, has_weights=True):
        print(f"Note: {warning}")
    print(summary(rows, options.of, len(batch.names) or 1))


def summary(rows: Sequence[LayerFidelity], what: str, n_images: int) -> str:
    """The worst layer in a sentence; differences are over the layer's largest float32 value."""
    if not rows:
        return "No layer computes anything."
    worst = min(rows, key=lambda row: row.cosine)
    largest = max(rows, key=lambda row: row.relative_difference)
    return (
        f"{what} against float32 PyTorch, {counted(n_images, 'image')}: lowest cosine "
        f"{worst.cosine:.7f} at {worst.value.layer}, largest difference "
        f"{largest.relative_difference:.1e} of the largest value at {largest.value.layer}."
    )


def _first_batch(opened: OpenedNet, options: argparse.Namespace) -> Batch:
    shapes = {
        top: opened.shapes.top(layer, i)
        for layer in opened.net.layers
        for i, top in enumerate(layer.tops)
        if top in opened.net.inputs and not layer.bottoms
    }
    if options.array:
        return next(array_batches(options.array, shapes, MOST_IMAGES))
    batches, _ = image_batches(options.images, options.preprocess, opened, shapes, MOST_IMAGES)
    return next(batches)


def _described(row: LayerFidelity) -> dict[str, object]:
    is_finite = math.isfinite(row.relative_difference)
    return {
        "layer": row.value.layer,
        "top": row.value.top,
        "type": row.type,
        "cosine": row.cosine,
        "relative_difference": row.relative_difference if is_finite else None,
    }
