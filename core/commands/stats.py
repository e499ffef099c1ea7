"""`stats`: how the values of layers spread, over one image, raw arrays or a folder of images."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.activations.spreads import ValueSpread, shared_histograms
from core.activations.statistics import Statistics
from core.activations.summary import ValueSummary
from core.commands.command_line import UsageError
from core.commands.looking import add_pass_arguments, look_request
from core.commands.opening import engine_host
from core.commands.output import counted, print_json, print_notes, print_skipped, print_table
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP, write_csv
from core.engines.values import Value
from core.files import check_writable
from core.jobs.look import Looker, LookRequest
from core.jobs.statistics import StatisticsRequest, statistics
from core.jobs.stats import Stats, StatsRequest, stats
from core.progress import run_job

_SHOWN = ("minimum", "p1", "median", "mean", "p99", "maximum", "std")
_OF_FOLDERS = ("out", "edges", "no_histograms")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_pass_arguments(parser, with_folder=True)
    parser.add_argument(
        "--layers",
        default="all",
        metavar="L1,L2|all",
        help="layer names, or layer:top (default all)",
    )
    parser.add_argument(
        "--bins",
        type=int,
        metavar="N",
        help="of each histogram (default: by the values, 10 to 500; of a folder about 64)",
    )
    parser.add_argument(
        "--central", action="store_true", help="histograms from p0.1 to p99.9, not over all values"
    )
    parser.add_argument(
        "--same-edges", action="store_true", help="one range for all layers, so that they compare"
    )
    parser.add_argument(
        "--edges", metavar="E1,E2,...", help="with --images: count between these edges, too"
    )
    parser.add_argument(
        "--no-histograms",
        action="store_true",
        help="with --images: neither histograms nor percentiles, which cost as much as the rest",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="F.npz",
        help="with --images: keep what was found there; the next run goes on from it",
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help=f"write the statistics as a table; {GUARD_HELP}"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, bins and all")


def run(options: argparse.Namespace) -> None:
    """Measure one pass, or every image of a folder."""
    if options.bins is not None and options.bins < 1:
        raise UsageError("--bins is 1 or more")
    given = [name for name in _OF_FOLDERS if getattr(options, name)]
    if options.images is None and given:
        raise UsageError(f"--{given[0].replace('_', '-')} goes with --images")
    look, keys = look_request(options)
    if options.images is None:
        _run_pass(options, look, keys)
    else:
        _run_folder(options, look, keys)


def _run_pass(options: argparse.Namespace, look: LookRequest, keys: dict[Value, str]) -> None:
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
        _write_csv(options.csv, [(value, one.statistics, {}) for value, one in rows])
    if options.json:
        layers = [{"layer": v.layer, "top": v.top, **one.to_json()} for v, one in rows]
        print_json({"layers": layers})
    else:
        _print([(keys[value], one) for value, one in rows])


def _run_folder(options: argparse.Namespace, look: LookRequest, keys: dict[Value, str]) -> None:
    for path in (options.out, options.csv):
        if path is not None:
            check_writable(path)
    if options.out is not None and options.out.suffix != ".npz":
        raise UsageError("--out names an .npz")
    request = StatsRequest(
        replace(look, wanted=()),
        options.images,
        tuple(keys),
        not options.no_histograms,
        _edges(options.edges),
        kept=options.out,
    )
    with engine_host(options) as host, ProgressLine() as show:
        found = run_job(stats(request, host), show)
    rows = [(value, found.spreads[value]) for value in keys]
    if options.csv is not None:
        _write_csv(
            options.csv, [(value, one.statistics(), _of_channels(one)) for value, one in rows]
        )
    if options.json:
        print_json(_described(options, found, rows))
        return
    print_notes(found.notes)
    print_skipped(found.skipped)
    findings = found.findings
    print(" ".join(filter(None, (findings.sentence, findings.rest))))
    _print_folder([(keys[value], one) for value, one in rows])
    kept = f", {found.n_kept:,} of them read before" if found.n_kept else ""
    print(f"{counted(found.n_images, 'image')} in {found.seconds:.1f} s{kept}. "
          "Mean, std, ends and counts are exact, percentiles within 0.4 %.")  # fmt: skip
    if options.out is not None:
        print(f"-> {options.out}")


def _edges(words: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in words.split(",")) if words else ()
    except ValueError as error:
        raise UsageError("--edges are numbers, separated by commas") from error


def _described(
    options: argparse.Namespace, found: Stats, rows: list[tuple[Value, ValueSpread]]
) -> dict[str, Any]:
    spreads = [one for _, one in rows]
    sets = [spreads] if options.same_edges else [[one] for one in spreads]
    histograms = [
        one
        for some in sets
        for one in shared_histograms(some, options.bins, is_central=options.central)
    ]
    layers = []
    for (value, one), drawn in zip(rows, histograms, strict=True):
        layer: dict[str, Any] = {"layer": value.layer, "top": value.top}
        layer |= {"statistics": one.statistics().to_json(), **_of_channels(one)}
        layer["dead_channels"] = list(one.dead)
        if one.cells is not None:
            layer["histogram"] = drawn.to_json()
        if value in found.counts:
            layer["counts"] = found.counts[value].tolist()
        layers.append(layer)
    findings = found.findings
    return {
        "n_images": found.n_images,
        "skipped": [{"path": path, "reason": reason} for path, reason in found.skipped],
        "seconds": found.seconds,
        "recipe": found.recipe.describe() if found.recipe else None,
        "findings": [
            {"kind": a.kind, "layer": a.value.layer, "sentence": a.sentence}
            for a in findings.anomalies
        ],
        "layers": layers,
    }


def _of_channels(spread: ValueSpread) -> dict[str, Any]:
    return {
        "n_channels": spread.n_channels,
        "n_dead": len(spread.dead),
        "n_saturated": spread.n_saturated,
    }


def _print(rows: list[tuple[str, ValueSummary]]) -> None:
    headings = ("layer", "values", "zeros", *_SHOWN, "NaN, Inf")
    lines = [(key, *_cells(one.statistics)) for key, one in rows]
    print_table(headings, lines, right=",".join(headings[1:]))


def _print_folder(rows: list[tuple[str, ValueSpread]]) -> None:
    headings = ("layer", "values", "zeros", *_SHOWN, "NaN, Inf", "dead", "saturated")
    lines = [(key, *_cells(one.statistics()), *_channel_cells(one)) for key, one in rows]
    print_table(headings, lines, right=",".join(headings[1:]))


def _channel_cells(spread: ValueSpread) -> tuple[str, str]:
    saturated = spread.n_saturated
    share = "" if saturated is None else f"{100 * saturated / max(1, spread.n_values):.1f} %"
    return f"{len(spread.dead):,} of {spread.n_channels:,}", share


def _cells(known: Statistics) -> tuple[str, ...]:
    numbers = (f"{getattr(known, name):.6g}" for name in _SHOWN)
    lost = f"{known.n_nan + known.n_inf:,}"
    return (f"{known.n_values:,}", f"{100 * known.sparsity:.1f} %", *numbers, lost)


def _write_csv(path: Path, rows: Sequence[tuple[Value, Statistics, dict[str, Any]]]) -> None:
    names, more = list(rows[0][1].to_json()), list(rows[0][2])
    documents = ((value, {**known.to_json(), **beside}) for value, known, beside in rows)
    lines = ((v.layer, v.top, *(one[name] for name in (*names, *more))) for v, one in documents)
    write_csv(path, (("layer", "top", *names, *more), *lines))
