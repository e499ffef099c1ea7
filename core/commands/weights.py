"""`weights`: what layers have learned, filter by filter, from the file alone."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.command_line import UsageError
from core.commands.opening import net_state
from core.commands.output import print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.csv_table import GUARD_HELP
from core.files import check_writable, write_file
from core.filters.export import (
    COLUMNS,
    filter_rows,
    png_of_filters,
    write_array,
    write_filter_table,
)
from core.jobs.compare_weights import (
    CompareWeightsRequest,
    LayerChange,
    change_text,
    compare_weights,
)
from core.jobs.weights import (
    ReadArray,
    ReadLayer,
    WeightsRequest,
    changes_of,
    open_source,
    weights,
)
from core.jobs.weights_files import SUFFIXES, SaveWeightsRequest, save_weights
from core.progress import run_job
from core.words import plural, shape_text

_MOST_FILTERS = 20
_ENDINGS = (".npy", *SUFFIXES, ".csv", ".png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("--weights", required=True, type=Path, metavar="W")
    parser.add_argument(
        "--net", type=Path, metavar="P",
        help="its prototxt: says groups, shared arrays, and what BatchNorm and Scale do together",
    )  # fmt: skip
    parser.add_argument("--phase", choices=("TEST", "TRAIN"), default="TEST")
    parser.add_argument("--level", type=int, default=0, metavar="N", help="default 0")
    parser.add_argument(
        "--stage", action="append", default=[], metavar="S", help="a stage; may be repeated"
    )
    parser.add_argument("--layer", metavar="L", help="one layer, filter by filter")
    parser.add_argument(
        "--against", type=Path, metavar="W2", help="other weights: says how far each layer moved"
    )
    parser.add_argument(
        "--twins", type=float, nargs="?", const=0.9, metavar="C",
        help="find pairs of filters with a cosine of C or more in magnitude (default 0.9)",
    )  # fmt: skip
    parser.add_argument(
        "--order", choices=("BGR", "RGB"), default="BGR",
        help="of the planes in the file, for --out F.png (default BGR)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="F",
        help="F.npz or F.h5 arrays, with F.manifest.json, F.npy the first array of --layer, "
        f"F.csv figures by filter, F.png the filters of --layer; {GUARD_HELP}",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Read the file, print a table of layers or of one layer's filters, and write what is asked."""
    _check(options)
    source = open_source(options.weights, options.net, net_state(options))
    names = (options.layer,) if options.layer else ()
    with ProgressLine() as show:
        read = run_job(weights(WeightsRequest(source, names, options.twins)), show)
        changes = _changes(options, show)
        if options.out is not None:
            _write(options, source, read, changes, show)
    if options.json:
        print_json({"layers": [_described(one, changes.get(one.layer)) for one in read]})
        return
    if options.layer:
        _print_filters(read[0], changes.get(options.layer))
    else:
        _print_layers(read, changes)
    if options.out is not None:
        print(f"-> {options.out}")


def _check(options: argparse.Namespace) -> None:
    if options.twins is not None and not 0 < options.twins <= 1:
        raise UsageError("--twins is above 0 and up to 1")
    if options.out is None:
        return
    ending = options.out.suffix.lower()
    if ending not in _ENDINGS:
        raise UsageError(f"--out names a {', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}")
    if ending in (".npy", ".png") and not options.layer:
        raise UsageError(f"a {ending} holds one layer: name it with --layer")
    check_writable(options.out)


def _changes(options: argparse.Namespace, show: ProgressLine) -> dict[str, LayerChange]:
    if options.against is None:
        return {}
    layers = (options.layer,) if options.layer else ()
    request = CompareWeightsRequest(options.weights, options.against, layers, n_filters=None)
    return {one.name: one for one in run_job(compare_weights(request), show).layers}


def _write(
    options: argparse.Namespace,
    source: Any,
    read: tuple[ReadLayer, ...],
    changes: dict[str, LayerChange],
    show: ProgressLine,
) -> None:
    ending, good = options.out.suffix.lower(), [one for one in read if one.arrays]
    if ending in SUFFIXES:
        names = (options.layer,) if options.layer else ()
        run_job(save_weights(SaveWeightsRequest(source, options.out, names, options.net)), show)
    elif ending == ".npy":
        write_array(options.out, source.arrays(options.layer)[0])
    elif ending == ".csv":
        rows = (row for one in good for row in _rows(one, changes.get(one.layer)))
        write_filter_table(options.out, rows)
    else:
        main = read[0].arrays[0]
        job = png_of_filters(main.array, main.figures, options.order)
        write_file(options.out, run_job(job, show))


def _rows(layer: ReadLayer, change: LayerChange | None) -> list[tuple[object, ...]]:
    bias = layer.filters.bias if layer.filters else None
    rows: list[tuple[object, ...]] = []
    for place, one in enumerate(layer.arrays):
        moved = changes_of(layer, change) if place == 0 else None
        own_bias = bias if place == 0 else None
        rows += filter_rows(layer.layer, one.array, one.figures, own_bias, one.twins, moved)
    return rows


def _print_layers(read: tuple[ReadLayer, ...], changes: dict[str, LayerChange]) -> None:
    headings = ["layer", "type", "array", "filters", "of", "norm", "mean", "std", "zeros", "dead"]
    headings += ["twins"] if any(x.twins for one in read for x in one.arrays) else []
    headings += ["change"] if changes else []
    rows: list[tuple[str, ...]] = []
    for one in read:
        if one.problem:
            rows.append((one.layer, one.type, one.problem, *("",) * (len(headings) - 3)))
        for place, array in enumerate(one.arrays):
            cells = [one.layer, one.type, *_cells(array)]
            if "twins" in headings:
                cells.append("" if array.twins is None else f"{array.twins.n_pairs:,}")
            if changes:
                cells.append(_change_words(changes.get(one.layer)) if place == 0 else "")
            rows.append(tuple(cells))
    print_table(headings, rows, right="filters,norm,mean,std,zeros,dead,twins,change")
    notes = [f"{one.layer}: {note}" for one in read for note in _notes(one)]
    if notes:
        print()
        print_notes(notes)


def _cells(one: ReadArray) -> list[str]:
    figures = one.figures
    dead = "" if one.array.is_vector else str(len(figures.dead))
    return [
        one.array.name, f"{figures.n_filters:,}", one.array.shape_text, f"{figures.norm:.4g}",
        f"{figures.mean:.3g}", f"{figures.std:.3g}", one.zero_words, dead,
    ]  # fmt: skip


def _change_words(change: LayerChange | None) -> str:
    if change is None:
        return ""
    return "equal" if change.is_equal else change.why_not or change_text(change.change)


def _notes(one: ReadLayer) -> list[str]:
    notes = list(one.filters.notes) if one.filters else []
    return notes + [array.trouble_words for array in one.arrays if array.trouble_words]


def _print_filters(one: ReadLayer, change: LayerChange | None) -> None:
    for note in _notes(one):
        print(f"Note: {note}")
    main = one.arrays[0]
    shapes = ", ".join(f"{x.array.name} {shape_text(x.array.values.shape)}" for x in one.arrays)
    print(f"{one.layer} ({one.type}): {shapes}")
    rows = sorted(_rows(one, change), key=lambda row: -_number(row[4]))
    print_table(
        COLUMNS[1:],
        [tuple(_cell(cell) for cell in row[1:]) for row in rows[:_MOST_FILTERS]],
        right=",".join(COLUMNS[2:]),
    )
    if len(rows) > _MOST_FILTERS:
        print(f"and {len(rows) - _MOST_FILTERS:,} more; --out F.csv has them all")
    if main.dead_words:
        print(f"{main.dead_words}.")
    if main.twins is not None:
        pair = plural(main.twins.n_pairs, "pair")
        over = f"{pair} with a cosine of {main.twins.threshold:g} or more."
        pairs = ", ".join(f"{p.first} and {p.second} ({p.cosine:+.2f})" for p in
                          main.twins.pairs[:10])  # fmt: skip
        print(f"{over} {pairs}".rstrip())
    if change is not None:
        print(f"Change against the other file: {_change_words(change)}.")


def _number(value: object) -> float:
    return value if isinstance(value, float) and math.isfinite(value) else -1.0


def _cell(cell: object) -> str:
    return "" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _described(one: ReadLayer, change: LayerChange | None) -> dict[str, Any]:
    arrays = [
        {
            "name": x.array.name,
            "shape": list(x.array.values.shape),
            "groups": x.array.groups,
            "norm": _finite(x.figures.norm),
            "mean": _finite(x.figures.mean),
            "std": _finite(x.figures.std),
            "zeros": x.figures.zero_share,
            "not_finite": x.figures.n_not_finite,
            "dead": x.figures.dead.tolist() if not x.array.is_vector else [],
            "norms": [_finite(norm) for norm in x.figures.norms.tolist()],
            "histogram": x.histogram.to_json(),
            **_described_twins(x),
        }
        for x in one.arrays
    ]
    found: dict[str, Any] = {"layer": one.layer, "type": one.type, "arrays": arrays}
    if one.problem:
        found["problem"] = one.problem
    if one.filters is not None:
        found["notes"] = list(one.filters.notes)
    if change is not None:
        found["change"] = None if change.change is None else _finite(change.change)
        found["why_not"] = change.why_not
    return found


def _described_twins(one: ReadArray) -> dict[str, Any]:
    if one.twins is None:
        return {}
    pairs = [[p.first, p.second, p.cosine] for p in one.twins.pairs]
    return {"twins": {"threshold": one.twins.threshold, "n": one.twins.n_pairs, "pairs": pairs}}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
