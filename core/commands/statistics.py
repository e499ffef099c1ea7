"""`statistics`: how the values of layers spread after one pass, with histograms."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.activations.statistics import Statistics
from core.activations.summary import ValueSummary
from core.commands.command_line import UsageError
from core.commands.looking import add_look_arguments, look_request
from core.commands.opening import engine_host
from core.commands.output import print_json, print_table
from core.csv_table import GUARD_HELP, write_csv
from core.engines.values import Value
from core.jobs.look import Looker
from core.jobs.statistics import StatisticsRequest, statistics
from core.progress import run_job

_SHOWN = ("minimum", "p1", "median", "mean", "p99", "maximum", "std")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_look_arguments(parser)
    parser.add_argument("--bins", type=int, metavar="N", help="of each histogram (default: by the "
                        "values, 10 to 500)")  # fmt: skip
    parser.add_argument(
        "--central", action="store_true", help="histograms from p0.1 to p99.9, not over all values"
    )
    parser.add_argument(
        "--same-edges", action="store_true", help="one range for all layers, so that they compare"
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help=f"write the statistics as a table; {GUARD_HELP}"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, bins and all")


def run(options: argparse.Namespace) -> None:
    """Run one pass and measure what it gave."""
    if options.bins is not None and options.bins < 1:
        raise UsageError("--bins is 1 or more")
    look, keys = look_request(options)
    values = tuple(keys)
    with engine_host(options) as host:
        looker = Looker(host)
        request = StatisticsRequest(
            look, values, options.bins, "central" if options.central else "full"
        )
        alone = [replace(request, values=(value,)) for value in values]
        wanted = [request] if options.same_edges else alone
        found = [one for part in wanted for one in run_job(statistics(part, looker))]
    rows = list(zip(values, found, strict=True))
    if options.csv is not None:
        _write_csv(options.csv, rows)
    if options.json:
        print_json({"layers": [_described(value, one) for value, one in rows]})
    else:
        _print([(keys[value], one) for value, one in rows])


def _described(value: Value, summary: ValueSummary) -> dict[str, Any]:
    return {"layer": value.layer, "top": value.top, **summary.to_json()}


def _print(rows: list[tuple[str, ValueSummary]]) -> None:
    headings = ("layer", "values", "zeros", *_SHOWN, "NaN, Inf")
    lines = [(key, *_cells(one.statistics)) for key, one in rows]
    print_table(headings, lines, right=",".join(headings[1:]))


def _cells(known: Statistics) -> tuple[str, ...]:
    numbers = (f"{getattr(known, name):.6g}" for name in _SHOWN)
    lost = f"{known.n_nan + known.n_inf:,}"
    return (f"{known.n_values:,}", f"{100 * known.sparsity:.1f} %", *numbers, lost)


def _write_csv(path: Path, rows: list[tuple[Value, ValueSummary]]) -> None:
    names = list(rows[0][1].statistics.to_json())
    documents = ((value, one.statistics.to_json()) for value, one in rows)
    lines = ((v.layer, v.top, *(document[name] for name in names)) for v, document in documents)
    write_csv(path, (("layer", "top", *names), *lines))
