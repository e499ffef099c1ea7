"""`compare`: what differs between two prototxts, layer by layer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.output import print_json, print_table
from core.comparison.pairs import LayerPair, NetComparison, sentence
from core.jobs.compare import ComparedSource, CompareRequest, compare
from core.net.definition import NetState
from core.progress import run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("before", type=Path, metavar="P", help="a prototxt")
    parser.add_argument("after", type=Path, metavar="Q", help="the prototxt to hold against it")
    parser.add_argument("--phase", choices=("TEST", "TRAIN"), default="TEST")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Print the layers that differ and how."""
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
