"""`fidelity`: how far bfloat16 or real Caffe is from float32 PyTorch, layer by layer."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.extract import split_array_word
from core.commands.opening import add_caffe_python_argument, add_net_arguments, named_model
from core.commands.output import counted, print_json, print_table
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.engines.base import EngineSpec
from core.engines.fidelity import COARSER, LayerFidelity
from core.engines.filler_warnings import filler_warnings
from core.engines.launch import split_command
from core.jobs.fidelity import MOST_IMAGES, FidelityRequest, measure
from core.progress import run_job


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
        "--of", choices=(*COARSER, "caffe"), default="bfloat16", help="(default bfloat16)"
    )
    parser.add_argument(
        "--device", default="cpu", metavar="D", help="of the coarser precision (default cpu)"
    )
    parser.add_argument(
        "--batch", type=int, help="images or rows to run (default up to 8; 1 where images mix)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_caffe_python_argument(parser)


def run(options: argparse.Namespace) -> None:
    """Run both and print every layer's distance."""
    if options.batch is not None and options.batch < 1:
        raise UsageError("--batch is 1 or more")
    opened = named_model(options)
    other = EngineSpec("torch", options=(("precision", options.of),))
    if options.of == "caffe":
        other = EngineSpec("caffe", split_command(options.caffe_python or ""))
    request = FidelityRequest(
        replace(opened.to_run, device=options.device),
        other,
        tuple(options.images or ()),
        tuple(split_array_word(word) for word in options.array or ()),
        options.preprocess,
        options.batch,
    )
    with ProgressLine() as show:
        found = run_job(measure(request), show)
    unbound = opened.binding.unbound if opened.binding else ()
    if options.json:
        layers = [_described(row) for row in found.rows]
        print_json(
            {
                "of": options.of,
                "filler_layers": list(unbound),
                "notes": list(found.notes),
                "layers": layers,
            }
        )
        return
    print_table(
        ("layer", "top", "type", "cosine", "largest difference"),
        [
            (r.value.layer, r.value.top, r.type, f"{r.cosine:.7f}", f"{r.relative_difference:.1e}")
            for r in found.rows
        ],
        right="cosine,largest difference",
    )
    print()
    for warning in filler_warnings(unbound, has_weights=True):
        print(f"Note: {warning}")
    for note in found.notes:
        print(f"Note: {note}")
    if found.apart:
        print(f"One image was run: {found.apart}")
    print(summary(found.rows, options.of, found.n_rows or 1))


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


def _described(row: LayerFidelity) -> dict[str, object]:
    is_finite = math.isfinite(row.relative_difference)
    return {
        "layer": row.value.layer,
        "top": row.value.top,
        "type": row.type,
        "cosine": row.cosine,
        "relative_difference": row.relative_difference if is_finite else None,
    }
