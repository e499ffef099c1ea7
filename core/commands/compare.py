"""`compare`: what differs between two prototxts, in their layers, their values or their weights."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import msgspec

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, engine_host, engine_spec
from core.commands.output import print_json, print_table
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.comparison.pairs import LayerPair, NetComparison, sentence
from core.jobs import compare_values as values_job
from core.jobs import compare_weights as weights_job
from core.jobs.compare import ComparedSource, CompareRequest, compare
from core.jobs.compare_values import CompareValuesRequest
from core.jobs.compare_weights import CompareWeightsRequest, change_text
from core.jobs.open import OpenRequest, open_model
from core.net.definition import NetState
from core.progress import run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("before", type=Path, metavar="P", help="a prototxt")
    parser.add_argument("after", type=Path, metavar="Q", help="the prototxt to hold against it")
    parser.add_argument("--phase", choices=("TEST", "TRAIN"), default="TEST")
    parser.add_argument(
        "--weights", nargs=2, type=Path, metavar=("W", "V"),
        help="the weights of P and of Q: says how far each layer's have moved",
    )  # fmt: skip
    parser.add_argument(
        "--values", type=Path, metavar="IMAGE",
        help="run both nets on this image: says how far each layer's values are from each other",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Print what differs and how."""
    if options.values is not None:
        _run_values(options)
    elif options.weights is not None:
        _run_weights(options)
    elif options.preprocess is not None:
        raise UsageError("--preprocess goes with --values")
    else:
        _run_layers(options)


def _run_layers(options: argparse.Namespace) -> None:
    state = NetState(options.phase)
    sources = (ComparedSource(path, state) for path in (options.before, options.after))
    found = run_job(compare(CompareRequest(*sources)))
    for file in (found.first, found.second):
        if file.error is not None:
            raise file.error
    comparison = found.nets
    if comparison is None:
        return
    if options.json:
        print_json(describe(comparison))
        return
    rows = [row for pair in comparison.different for row in _rows(pair)]
    if rows:
        print_table(("layer", "what", "in the first", "in the second"), rows)
        print()
    print(sentence(comparison))


def _run_values(options: argparse.Namespace) -> None:
    spec, state = engine_spec(options), NetState(options.phase)
    weights = options.weights or (None, None)
    first, second = (
        open_model(OpenRequest(path, file, state, spec, options.device, options.seed)).to_run
        for path, file in zip((options.before, options.after), weights, strict=True)
    )
    request = CompareValuesRequest(first, second, options.values, recipe=options.preprocess)
    with engine_host(options) as host, ProgressLine() as show:
        found = run_job(values_job.compare_values(request, host), show)
    said = " ".join(filter(None, (*values_job.sentence_of(found), *found.notes)))
    if options.json:
        pairs = [_described_pair(pair) for pair in found.pairs]
        print_json({"sentence": said, "values": _finite(pairs)})
        return
    print_table(
        ("value", "type", "cosine", "relative L2", "values that differ"),
        [_value_row(pair) for pair in found.pairs if not pair.is_input],
        right="cosine,relative L2,values that differ",
    )
    print()
    print(said)


def _value_row(pair: values_job.ValuePair) -> tuple[str, ...]:
    gap = pair.distance
    if gap is None:
        return (pair.words, pair.type, "", "", pair.why_not)
    cosine = values_job.cosine_text(gap)
    relative = f"{gap.relative:.2e}" if gap.n_different else "0"
    return (pair.words, pair.type, cosine, relative, f"{gap.n_different:,} of {gap.n_values:,}")


def _described_pair(pair: values_job.ValuePair) -> dict[str, Any]:
    """The pair as plain values for JSON, without its histograms."""
    described: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(pair, histograms=None))
    del described["histograms"]
    return described


def _finite(value: Any) -> Any:
    """The same, with None for what JSON has no number for."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _run_weights(options: argparse.Namespace) -> None:
    request = CompareWeightsRequest(*options.weights)
    with ProgressLine() as show:
        found = run_job(weights_job.compare_weights(request), show)
    said = " ".join(filter(None, weights_job.sentence_of(found)))
    if options.json:
        layers = msgspec.to_builtins(found.layers)
        print_json({"sentence": said, "layers": _finite(layers)})
        return
    print_table(
        ("layer", "array", "shape", "change", "largest", "filters that moved most"),
        [row for layer in found.layers for row in _weight_rows(layer)],
        right="change,largest",
    )
    print()
    print(said)


def _weight_rows(layer: weights_job.LayerChange) -> list[tuple[str, ...]]:
    if not layer.arrays:
        return [(layer.name, "", "", "", "", layer.why_not)]
    return [
        (
            layer.name,
            str(array.index),
            "×".join(map(str, array.shapes[0])),
            "equal" if array.is_equal else change_text(array.change),
            "" if array.change is None else f"{array.largest:.2e}",
            array.why_not or ", ".join(f"{i} ({change_text(c)})" for i, c in array.filters[:3]),
        )
        for array in layer.arrays
    ]


def describe(comparison: NetComparison) -> dict[str, Any]:
    """The comparison as plain values for JSON; equal layers are counted only."""
    return {
        "sentence": sentence(comparison),
        "is_same_wiring": comparison.is_same_wiring,
        "n_equal": len(comparison.pairs) - len(comparison.different),
        "different": [
            {
                "before": None if pair.before is None else pair.before.name,
                "after": None if pair.after is None else pair.after.name,
                "changes": [
                    {"kind": c.kind, "name": c.name, "before": c.before, "after": c.after}
                    for c in pair.changes
                ],
            }
            for pair in comparison.different
        ],
    }


def _rows(pair: LayerPair) -> list[tuple[str, ...]]:
    if pair.before is None or pair.after is None:
        layer = pair.before or pair.after
        name, type_ = (layer.name, layer.type) if layer else ("", "")
        return [(name, "layer", *((type_, "") if pair.before else ("", type_)))]
    return [
        (pair.before.name, change.name, change.before or "", change.after or "")
        for change in pair.changes
    ]
