"""`report`: what a fine-tuning did to retrieval, from a sweep before and a sweep after."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from core.commands.command_line import UsageError
from core.commands.output import print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.files import check_writable
from core.jobs.report import Report, ReportRequest, report
from core.progress import run_job
from core.representations.titles import after_title, pooling_title
from core.training.proof import Queries
from core.words import percent_number, points


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("before", type=Path, metavar="BEFORE", help="a gallery of `sweep`")
    parser.add_argument("after", type=Path, metavar="AFTER", help="the same images, the new net")
    parser.add_argument(
        "--weights", type=Path, nargs=2, default=(), metavar=("W0", "W1"), help="say what moved"
    )
    parser.add_argument(
        "--renamed", action="append", default=[], metavar="OLD=NEW", help="a layer's name after"
    )
    parser.add_argument(
        "--split", type=Path, metavar="DIR", help="of the training, to say what it saw"
    )
    parser.add_argument(
        "--of", choices=get_args(Queries), default="all",
        help="queries that count: held back by the split, or of classes that it does not have",
    )  # fmt: skip
    parser.add_argument("--html", type=Path, metavar="F.html", help="write the report, one file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Set the two against each other and say what was gained."""
    if options.html is not None:
        check_writable(options.html)
    request = ReportRequest(
        options.before,
        options.after,
        tuple(options.weights),
        dict(_renamed(word) for word in options.renamed),
        options.split,
        options.html,
        options.of,
    )
    with ProgressLine() as show:
        made = run_job(report(request), show)
    if options.json:
        print_json(described_proof(made))
        return
    print_proof(made, options.html)


def print_proof(made: Report, html: Path | None) -> None:
    """The table, its caveats before and its sentence after it."""
    print_notes(made.proof.caveats)
    rows = [
        (row.after_layer, pooling_title(row.pooling), after_title(row.post),
         percent_number(row.before),
         percent_number(row.after),
         "unchanged" if row.is_unchanged else points(row.difference.mean),
         "" if row.is_unchanged else f"{row.p_corrected:.3f}")
        for row in made.proof.rows
    ]  # fmt: skip
    headings = ("layer", "pooling", "after", "mAP % before", "mAP % after", "gain", "p")
    print_table(headings, rows, right="mAP % before,mAP % after,gain,p")
    print(f"\n{made.proof.sentence}")
    if html is not None:
        print(f"report -> {html}")


def _renamed(word: str) -> tuple[str, str]:
    old, equals, new = word.partition("=")
    if not (old and equals and new):
        raise UsageError(f"--renamed takes OLD=NEW, not '{word}'")
    return old, new


def described_proof(made: Report) -> dict[str, object]:
    """As plain values for JSON."""
    return {
        "sentence": made.proof.sentence,
        "caveats": list(made.proof.caveats),
        "rows": [
            {
                "layer": row.layer,
                "layer_after": row.after_layer,
                "pooling": row.pooling,
                "after": row.post,
                "mAP_before": row.before,
                "mAP_after": row.after,
                "gain": row.difference.mean,
                "gain_95": [row.difference.low, row.difference.high],
                "p": row.difference.p,
                "p_corrected": row.p_corrected,
                "unchanged": row.is_unchanged,
            }
            for row in made.proof.rows
        ],
        "classes": [
            {"label": label, "mAP_before": a, "mAP_after": b, "queries": n}
            for label, a, b, n in made.proof.classes
        ],
        "moved": [{"layer": one.name, "change": one.change} for one in made.moved],
    }
