"""`channels`: a layer over many images as a matrix, and which class each channel prefers."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, Literal

from core.commands.command_line import UsageError
from core.commands.folder_words import add_folder_arguments, image_source
from core.commands.opening import engine_host, model_to_run
from core.commands.output import (
    counted,
    print_json,
    print_limit,
    print_notes,
    print_skipped,
    print_table,
)
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP, write_csv
from core.jobs.all_channels import all_channels
from core.jobs.channels import ChannelsFound, ChannelsRequest, channels
from core.jobs.channels_export import CHANNEL_HEADINGS, channel_rows, order_matrix, write_matrix
from core.progress import run_job

_SUMMARIES: dict[str, Literal["maximum", "mean", "positive"]] = {
    "max": "maximum",
    "mean": "mean",
    "share": "positive",
}
_ROWS, _COLUMNS = ("class", "folder", "name", "similarity"), (
    "selectivity", "class", "sparsity", "index",
)  # fmt: skip
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_folder_arguments(parser)
    parser.add_argument(
        "--layer",
        required=True,
        metavar="L",
        help="a layer name, layer:top, or all: one pass reads every layer, each kept for later",
    )
    parser.add_argument(
        "--summary",
        choices=tuple(_SUMMARIES),
        default="max",
        help="what a cell is, over the places of a channel: the maximum, the mean, or the share "
        "above 0 (default max)",
    )
    parser.add_argument(
        "--truth",
        default="",
        metavar="T",
        help="labels: folders, prefix, pattern:REGEX or a table (default: the folders)",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep what was read in DIR, where a run that was stopped goes on; of a gallery it is "
        "kept with the gallery",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="F.npy|F.csv",
        help="write the matrix, ordered by --rows and --columns: F.npy with the names of both axes "
        f"in F_rows.csv and F_columns.csv, or one F.csv; {GUARD_HELP}",
    )
    parser.add_argument("--rows", choices=_ROWS, default="class", help="default class")
    parser.add_argument("--columns", choices=_COLUMNS, default="selectivity",
                        help="default selectivity: under the class that they prefer")  # fmt: skip
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the table of all channels, the index "
        "(m - r) / (m + r) of Morcos et al. (2018) among it"
    )  # fmt: skip
    parser.add_argument("--top", type=int, default=_SHOWN, metavar="N",
                        help=f"channels to print, the most selective first ({_SHOWN})")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Read the images, or what was kept of them, and say what the channels prefer."""
    if options.out is not None and options.out.suffix.lower() not in (".npy", ".csv"):
        raise UsageError("--out names a .npy or a .csv")
    if options.top < 0:
        raise UsageError("--top is 0 or more")
    source, opened = image_source(options), model_to_run(options)
    request = ChannelsRequest(
        opened.to_run,
        options.layer,
        source,
        options.truth,
        _SUMMARIES[options.summary],
        options.preprocess,
        options.keep,
        batch_size=options.batch,
    )
    if options.layer == "all":
        _read_all(options, request)
        return
    with engine_host(options) as host, ProgressLine() as show:
        found = run_job(channels(request, host), show)
    rows = channel_rows(found)
    if options.csv is not None:
        write_csv(options.csv, (CHANNEL_HEADINGS, *rows))
    if options.out is not None:
        write_matrix(options.out, found, order_matrix(found, options.rows, options.columns))
    if options.json:
        print_json(_described(found, rows))
        return
    _print(found, rows, options)


def _read_all(options: argparse.Namespace, request: ChannelsRequest) -> None:
    if options.keep is None and options.gallery is None:
        raise UsageError("--layer all needs --keep DIR or --gallery G, where its tables are kept")
    if options.out is not None or options.csv is not None:
        raise UsageError("--out and --csv are of one layer: name it")
    with engine_host(options) as host, ProgressLine() as show:
        found = run_job(all_channels(request, host), show)
    if options.json:
        print_json(
            {
                "layers": [list(value) for value in found.values],
                "read": [list(value) for value in found.read],
                "left_out": [[*value, why] for value, why in found.left_out],
                "kept_in": found.folder,
            }
        )
        return
    print_notes([f"{value.layer}: {why}" for value, why in found.left_out[:5]])
    print(f"{counted(len(found.values), 'layer')} kept, {len(found.read):,} of them read now")
    print(f"-> {found.folder}")


def _described(found: ChannelsFound, rows: list[tuple[object, ...]]) -> dict[str, Any]:
    return {
        "layer": found.table.value.layer,
        "top": found.table.value.top,
        "images": found.table.n_images,
        "channels": [dict(zip(CHANNEL_HEADINGS, map(_plain, row), strict=True)) for row in rows],
        "n_dead": int(found.is_dead.sum()),
        "kept_in": found.folder,
        "skipped": [list(pair) for pair in found.skipped],
    }


def _plain(cell: object) -> object:
    """JSON has no NaN."""
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _print(
    found: ChannelsFound, rows: list[tuple[object, ...]], options: argparse.Namespace
) -> None:
    print_notes(found.notes)
    if found.selectivity is None:
        print_notes(["The images have fewer than two labels: no channel prefers any."])
    best = sorted(rows, key=_by_index)[: options.top]
    print_table(CHANNEL_HEADINGS, [tuple(map(_cell, row)) for row in best],
                right=",".join(h for h in CHANNEL_HEADINGS if h != "prefers"))  # fmt: skip
    n_dead = int(found.is_dead.sum())
    n_images = counted(found.table.n_images, "image")
    print(f"{n_images}, {counted(found.table.n_channels, 'channel')}, {n_dead:,} of them 0 in all")
    if found.report is not None and found.report.n_images:
        print(f"read at {found.report.images_per_second:.1f} images/s")
    print_skipped(found.skipped)
    for path in (options.csv, options.out, found.folder):
        if path is not None:
            print(f"-> {path}")
    print_limit(found.report.limit if found.report is not None else None)


def _by_index(row: tuple[object, ...]) -> tuple[bool, float]:
    index = row[2]
    is_known = isinstance(index, float) and math.isfinite(index)
    return not is_known, -index if isinstance(index, float) and is_known else 0.0


def _cell(cell: object) -> object:
    if not isinstance(cell, float):
        return cell
    return f"{cell:.4g}" if math.isfinite(cell) else "-"
