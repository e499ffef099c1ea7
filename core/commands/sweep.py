"""`sweep`: every layer of a net under every pooling, measured on a labelled folder in one pass."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.commands.batch_argument import add_batch_argument
from core.commands.opening import add_engine_arguments, add_net_arguments, engine_host, model_to_run
from core.commands.output import (
    limit_words,
    print_json,
    print_limit,
    print_notes,
    print_table,
)
from core.commands.preprocessing import (
    add_preprocess_argument,
    add_scales_argument,
    add_size_argument,
)
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP, write_csv
from core.jobs.sweep import TRUNK, SweepRequest, SweepStep, Swept, sweep
from core.measures.measure import POOLING_HELP, parse_poolings
from core.progress import Progress, run_job
from core.representations.after import HELP as AFTER_HELP
from core.representations.after import parse_after
from core.representations.titles import after_title, pooling_title
from core.retrieval.finish import parse_scales
from core.retrieval.sweep_plan import DEFAULT_POOLS
from core.retrieval.sweep_rows import SweepRow
from core.words import percent_number, plural

_DEFAULT_POOLINGS = ",".join(pool.word for pool in DEFAULT_POOLS)
_COLUMNS = (
    "layer", "top", "pooling", "after", "dimension", "mAP", "from", "to", "P@1", "P@10", "ties",
    "zeros", "rank", "hubs", "apart",
)  # fmt: skip
_MOST_LISTED = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser, needs_weights=True)
    parser.add_argument(
        "--images", required=True, type=Path, metavar="DIR", help="a folder, or a list of images"
    )
    parser.add_argument(
        "--layers",
        default=TRUNK,
        metavar="L1,L2|all",
        help="layer names, or layer:top, or all, in-place versions among them. Without it: the "
        "values after a ReLU, a pooling or a Concat, which is cheapest",
    )
    parser.add_argument(
        "--poolings",
        default=_DEFAULT_POOLINGS,
        metavar="P1,P2",
        help=f"{POOLING_HELP} (default {_DEFAULT_POOLINGS}); R-MAC with whitened regions and VLAD "
        "are fitted on all parts of other images before a pass can pool by them: index those",
    )
    parser.add_argument(
        "--together",
        metavar="L1+L2,L3+L4",
        help="layers whose descriptors are put together too, each with length 1",
    )
    parser.add_argument(
        "--after",
        default="l2",
        metavar="A1,A2",
        help=f"what follows pooling: {AFTER_HELP} (default l2)",
    )
    parser.add_argument(
        "--fit-on",
        type=Path,
        metavar="DIR",
        help="the images that PCA and whitening are fitted on. Without it: the largest other set "
        "that a gallery beside GALLERY holds so described, else the images of half of the labels, "
        "which are no queries then",
    )
    parser.add_argument(
        "--truth",
        default="folders",
        metavar="folders|prefix|pattern:P|FILE.csv",
        help="as evaluate has it (default folders)",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="GALLERY", help="a folder")
    add_batch_argument(parser)
    parser.add_argument("--csv", type=Path, metavar="FILE", help=f"the table; {GUARD_HELP}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_size_argument(parser)
    add_scales_argument(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Sweep, or go on with a sweep that was stopped; the price is told before."""
    request = SweepRequest(
        model_to_run(options).to_run,
        options.images,
        options.out,
        options.layers,
        parse_poolings(options.poolings),
        parse_after(options.after),
        options.preprocess,
        options.truth,
        options.fit_on,
        options.batch,
        tuple(filter(None, (options.together or "").split(","))),
        options.size,
        parse_scales(options.scales),
        known=(options.out.absolute().parent,),
    )
    with engine_host(options) as host, ProgressLine() as show:

        def tell(step: Progress) -> None:
            if isinstance(step, SweepStep) and step.cost is not None:
                print(f"Price: {step.cost.describe()}.", file=sys.stderr)
            show(step)

        swept = run_job(sweep(request, host), tell)
    if options.csv is not None:
        write_csv(options.csv, (_COLUMNS, *map(_cells, swept.rows)))
    if options.json:
        print_json(describe(swept))
    else:
        _print(swept)


def describe(swept: Swept) -> dict[str, object]:
    """The table and all that belongs to it as plain values for JSON."""
    cost = swept.cost
    return {
        "sentence": swept.sentence,
        "rows": [row.to_json() for row in swept.rows],
        "gallery": str(swept.gallery.folder),
        "images": len(swept.gallery),
        "finished": swept.gallery.progress.is_finished,
        "AP_variant": "non-interpolated",
        "truth": swept.truth.to_json(),
        "cost": {
            "values": cost.n_values,
            "representations": cost.n_representations,
            "batch": cost.batch_size,
            "bare_pass_seconds": cost.bare_seconds,
            "measured_pass_seconds": cost.measured_seconds,
            "over_bare_pass": cost.share,
            "bytes_an_image": cost.bytes_an_image,
            "estimated_seconds": cost.seconds,
        },
        "seconds": swept.report.seconds,
        "images_per_second": swept.report.images_per_second,
        "limit": limit_words(swept.report.limit),
        "preprocess": swept.recipe.describe(),
        "fit": None if swept.fit_set is None else swept.fit_set.to_json(),
        "left_out": [one.describe() for one in swept.left_out],
        "unreadable": [{"path": p.path, "reason": p.reason} for p in swept.report.problems],
        "notes": list(swept.notes),
    }


def _cells(row: SweepRow) -> tuple[object, ...]:
    why = row.diagnostics
    return (
        row.layer,
        row.top,
        row.pooling,
        row.after,
        row.dimension,
        f"{row.mean_ap:.4f}",
        f"{row.low:.4f}",
        f"{row.high:.4f}",
        f"{row.p_at_1:.4f}",
        f"{row.p_at_10:.4f}",
        row.n_ties,
        f"{why.sparsity:.2f}",
        f"{why.effective_rank:.1f}",
        f"{why.hubness:.1f}",
        f"{why.separation:.3f}",
    )


def _shown(row: SweepRow) -> tuple[object, ...]:
    """A row as the window writes it; files keep words that can be typed, and shares."""
    cells = list(_cells(row))
    cells[2:4] = pooling_title(row.pooling), after_title(row.after)
    cells[5:8] = map(percent_number, (row.mean_ap, row.low, row.high))
    cells[8:10] = f"{row.p_at_1:.2f}", f"{row.p_at_10:.2f}"
    return tuple(cells)


def _print(swept: Swept) -> None:
    print_notes(swept.notes)
    headings = ["mAP %" if name == "mAP" else name for name in _COLUMNS]
    print_table(headings, [*map(_shown, swept.rows)], right=",".join(headings[4:]))
    warnings = [f"{row.words}: {note}" for row in swept.rows for note in row.notes]
    for line in warnings[:_MOST_LISTED]:
        print(f"Note: {line}")
    if len(warnings) > _MOST_LISTED:
        print(f"and {len(warnings) - _MOST_LISTED:,} more notes on rows")
    for one in swept.left_out[:_MOST_LISTED]:
        print(f"Left out: {one.describe()}")
    if len(swept.left_out) > _MOST_LISTED:
        print(f"and {len(swept.left_out) - _MOST_LISTED:,} more")
    for problem in swept.report.problems[:_MOST_LISTED]:
        print(f"Left out: {problem.path}: {problem.reason}")
    print(f"\n{swept.recipe.describe()}")
    print(
        f"{plural(len(swept.gallery), 'image')}, {swept.rows[0].n_queries:,} queries. AP: "
        "non-interpolated."
    )
    print(swept.sentence)
    print(f"Representations and table: {swept.gallery.folder}")
    print_limit(swept.report.limit)
