"""`measure`: a prototxt and its repair run on one input, and how far each output moved."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from core.commands.opening import add_engine_arguments, add_net_arguments, engine_host, model_to_run
from core.commands.output import counted, print_json, print_table
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.engines.measurement import (
    Measurement,
    OutputChange,
    measurement_record,
    write_measurement,
)
from core.jobs.open import open_model
from core.jobs.verify import VerifyRequest, measure
from core.progress import run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    parser.add_argument(
        "--edited", required=True, type=Path, metavar="Q", help="the prototxt to hold against P"
    )
    parser.add_argument(
        "--image", type=Path, metavar="PATH", help="run this image, not seeded values"
    )
    parser.add_argument(
        "--report", action="store_true", help="keep the numbers beside Q, in Q.measurement.json"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Run both, print each output's change, and keep the report where it is asked for."""
    before = model_to_run(options)
    after = open_model(replace(before.request, net=options.edited, weights=None))
    images = () if options.image is None else (options.image,)
    to_run = replace(before.to_run, text=after.net.text)
    request = VerifyRequest(before.net.text, to_run, images, options.preprocess)
    with engine_host(options) as host, ProgressLine() as show:
        measurement = run_job(measure(request, host), show)
    weights = before.weights_path
    record = measurement_record(
        measurement,
        weights_name=weights.name if weights else None,
        image_name=options.image.name if options.image else None,
    )
    if options.report:
        write_measurement(options.edited, record)
    if options.json:
        print_json({"is_identical": measurement.is_identical, **record})
    else:
        _print(measurement)


def _print(measurement: Measurement) -> None:
    header = ("output", "values that differ", "largest", "mean", "relative", "largest value at")
    print_table(header, [_row(change) for change in measurement.outputs])
    weights = "filler weights" if measurement.filler else "the given weights"
    if measurement.first_different_layer is not None:
        print(f"The first layer where they part is {measurement.first_different_layer}.")
    print(
        f"Measured on {counted(measurement.n_images, 'image')} with {weights}, "
        f"{measurement.provenance.engine} on {measurement.device}."
    )


def _row(change: OutputChange) -> tuple[str, ...]:
    before, after = change.largest_before, change.largest_after
    places = ""
    if before is not None and after is not None:
        places = f"{before.place} ({before.value:.4g}) -> {after.place} ({after.value:.4g})"
    return (
        change.label,
        f"{change.n_different:,} of {change.n_values:,}",
        f"{change.largest_difference:.4g}",
        f"{change.mean_difference:.4g}",
        f"{100 * change.relative_difference:.3g} %",
        places,
    )
