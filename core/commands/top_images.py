"""`top-images`: where each channel of layers is greatest, or least, over many images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.command_line import UsageError
from core.commands.folder_words import add_folder_arguments, image_source, parse_channels
from core.commands.opening import engine_host, model_to_run
from core.commands.output import (
    counted,
    limit_words,
    print_json,
    print_limit,
    print_notes,
    print_skipped,
    print_table,
)
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP, write_csv
from core.jobs.fired_parts import check_crops_writable, draw_crops
from core.jobs.top_images import (
    RankedRow,
    TopImagesRequest,
    ranked_rows,
    top_images,
)
from core.progress import run_job

_MOST_CHANNELS = 20
_HEADINGS = ("layer", "channel", "rank", "value", "place", "image")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_folder_arguments(parser)
    parser.add_argument(
        "--layer",
        required=True,
        metavar="L1,L2|all",
        help="layer names, or layer:top, or all; one pass reads them together",
    )
    parser.add_argument(
        "--channels", metavar="1,5", help="which channels to list (default: all into files, the "
        f"first {_MOST_CHANNELS} to the screen)",
    )  # fmt: skip
    parser.add_argument("--k", type=int, default=9, metavar="N", help="images a channel (9)")
    parser.add_argument("--least", action="store_true", help="the least values, not the greatest")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--csv", type=Path, metavar="FILE", help=f"write a table; {GUARD_HELP}")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write the part of each image that fired, as the net saw it, into a new folder",
    )


def run(options: argparse.Namespace) -> None:
    """One pass over the images, then the rankings."""
    if options.k < 1:
        raise UsageError("--k is 1 or more")
    channels = parse_channels(options.channels)
    if options.out is not None:
        check_crops_writable(options.out)
    source, opened = image_source(options), model_to_run(options)
    request = TopImagesRequest(
        opened.to_run, options.layer, source, options.k, options.preprocess, options.batch
    )
    with engine_host(options) as host, ProgressLine() as show:
        found = run_job(top_images(request, host), show)
    rows = ranked_rows(found, channels, is_least=options.least)
    if options.csv is not None:
        write_csv(options.csv, (_HEADINGS, *map(_cells, rows)))
    if options.out is not None:
        with ProgressLine() as show:
            n_crops = run_job(draw_crops(found, rows, options.out), show)
    if options.json:
        print_json(
            {
                "images": found.report.n_images,
                "held_bytes": found.n_bytes,
                "limit": limit_words(found.report.limit),
                "rankings": [_described(row) for row in rows],
                "skipped": [list(pair) for pair in found.skipped],
                "left_out": [[*value, why] for value, why in found.left_out],
            }
        )
        return
    print_notes([f"{value.layer}: {why}" for value, why in found.left_out[:5]])
    shown = rows if channels is not None else [row for row in rows if row.channel < _MOST_CHANNELS]
    print_table(_HEADINGS, [_cells(row) for row in shown], right="channel,rank,value")
    if len(shown) < len(rows):
        print(f"and {counted(len(rows) - len(shown), 'row')} more; --csv FILE takes them all")
    print_skipped(found.skipped)
    report = found.report
    print(
        f"{counted(report.n_images, 'image')} at {report.images_per_second:.1f} images/s; "
        f"the rankings held {found.n_bytes / 1e6:.1f} MB"
    )
    if options.out is not None:
        print(f"{counted(n_crops, 'picture')} -> {options.out}")
    print_limit(report.limit)


def _cells(row: RankedRow) -> tuple[object, ...]:
    place = " ".join(map(str, row.place))
    return (row.value.layer, row.channel, row.rank, f"{row.peak:.6g}", place, row.name)


def _described(row: RankedRow) -> dict[str, Any]:
    return {
        "layer": row.value.layer,
        "top": row.value.top,
        "channel": row.channel,
        "rank": row.rank,
        "value": row.peak,
        "place": list(row.place),
        "image": row.name,
    }
