"""`compare-results`: two results of the same queries, with a test of their difference."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.output import print_json, print_table
from core.csv_table import GUARD_HELP, write_csv
from core.jobs.compare_results import CompareResultsRequest, compare_results
from core.progress import run_job
from core.retrieval.compared_results import ComparedResults
from core.words import percent_number, points

_COLUMNS = ("file", "first", "second", "difference")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    what = "what `evaluate --json` printed, or GALLERY:LAYER,POOLING,AFTER of a sweep"
    parser.add_argument("first", metavar="A", help=what)
    parser.add_argument("second", metavar="B", help="the same")
    parser.add_argument("-k", type=int, default=10, help="how many queries to list (default 10)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help=f"every query; {GUARD_HELP}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Compare, print the verdict and the queries that differ most."""
    if options.k < 0:
        raise UsageError("-k is 0 or more")
    found = run_job(compare_results(CompareResultsRequest(options.first, options.second)))
    if options.csv is not None:
        rows = ((q.file, q.first, q.second, q.difference) for q in found.queries)
        write_csv(options.csv, (_COLUMNS, *rows))
    if options.json:
        print_json(found.to_json())
        return
    _print(found, options.k)


def _print(found: ComparedResults, k: int) -> None:
    rows = [
        (q.file, percent_number(q.first), percent_number(q.second), points(q.difference))
        for q in found.queries[:k]
    ]
    print_table(_COLUMNS, rows, right="first,second,difference")
    means = found.means
    print(f"\nFirst:  {found.first.name}, mAP {percent_number(means[0])} %")
    print(f"Second: {found.second.name}, mAP {percent_number(means[1])} %")
    print(found.sentence)
    if found.only_first or found.only_second:
        print(
            f"Left out: {found.only_first:,} queries of the first and {found.only_second:,} of the "
            "second alone."
        )
    print(f"AP: {found.first.variant}.")
