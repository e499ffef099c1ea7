"""`info`: what a net is made of, read from its text and its weights file, without running it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.commands.file_notes import described_file, file_lines
from core.commands.opening import add_net_arguments, named_model
from core.commands.output import (
    byte_text,
    counted,
    print_json,
    print_table,
    scaled,
    shape_text,
)
from core.csv_table import GUARD_HELP
from core.edits.findings.finding import described
from core.edits.findings.search import find_mistakes
from core.files import write_file
from core.jobs.open import OpenedNet
from core.layers.cost_table import net_as_csv
from core.layers.parameters import written_and_default
from core.net.definition import BlobVersion, Layer, Net, Problem
from core.weights.binding import Binding
from core.weights.placing import LEARN_ANEW
from core.weights.repeated_names import repeated_name_notes
from core.weights.zero_factors import zero_factor_note
from core.words import plural, readable_name

_MOST_LISTED = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help=f"write the table of layers too; {GUARD_HELP}"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Print what the net is made of."""
    opened = named_model(options)
    if options.csv is not None:
        write_file(options.csv, net_as_csv(opened.net, opened.shapes))
    if options.json:
        print_json(describe(opened))
    else:
        _print_layers(opened)
        _print_summary(opened)


def describe(opened: OpenedNet) -> dict[str, Any]:
    """Everything `info` knows, as plain values for JSON."""
    net, shapes = opened.net, opened.shapes
    return {
        "net": str(opened.path),
        "name": net.name,
        "dialect": net.dialect,
        "phase": net.state.phase,
        **described_file(opened),
        "inputs": list(net.inputs),
        "outputs": [version.blob for version in net.outputs],
        "layers": [_described_layer(opened, layer) for layer in net.layers],
        "inactive_layers": [layer.name for layer in net.inactive],
        "name_notes": list(_name_notes(opened)),
        "in_place": {
            "layers": [layer.name for layer in net.in_place_layers],
            "by_type": dict(Counter(layer.type for layer in net.in_place_layers)),
            "hidden_versions": [version.label for version in net.hidden],
        },
        "parameters": shapes.total_parameters,
        "macs": sum(shapes.cost(layer.name).macs for layer in net.layers),
        "problems": [
            {"sentence": p.sentence, "layer": p.layer, "line": p.line} for p in _problems(opened)
        ],
        "findings": [described(found) for found in find_mistakes(net)],
        "weights": None if opened.binding is None else _described_binding(opened),
    }


def _described_layer(opened: OpenedNet, layer: Layer) -> dict[str, Any]:
    net, shapes = opened.net, opened.shapes
    cost = shapes.cost(layer.name)
    return {
        "name": layer.name,
        "written_name": layer.written_name,
        "type": layer.type,
        "bottoms": [
            {"blob": blob, "version": None if version is None else version.label}
            for blob, version in zip(layer.bottoms, net.read(layer), strict=True)
        ],
        "tops": [
            _described_version(version, shapes.top(layer.name, version.top_index))
            for version in net.written(layer)
        ],
        "in_place": layer.is_in_place,
        "parameter_shapes": [list(shape) for shape in shapes.parameters(layer.name)],
        "parameters": shapes.n_parameters(layer.name),
        "macs": cost.macs,
        "memory_bytes": cost.memory_bytes,
        "settings": {row.name: row.value for row in written_and_default(layer)},
        "line": layer.line,
    }


def _described_version(version: BlobVersion, shape: tuple[int, ...] | None) -> dict[str, Any]:
    return {
        "blob": version.blob,
        "version": version.version,
        "label": version.label,
        "shape": None if shape is None else list(shape),
        "readable_after_forward": version.is_readable,
        "overwritten_by": version.overwritten_by,
        "readers": list(version.readers),
    }


def _described_binding(opened: OpenedNet) -> dict[str, Any] | None:
    binding, weights = opened.binding, opened.weights
    if binding is None or weights is None:
        return None
    return {
        "file": str(weights.path),
        "format": weights.format,
        "file_bytes": weights.file_bytes,
        "arrays_bound": binding.n_arrays_bound,
        "arrays_expected": binding.n_arrays_expected,
        "values": binding.n_values,
        "bound": list(binding.bound),
        "unbound": list(binding.unbound),
        "unused": list(binding.unused),
        "shared": list(binding.shared),
        "caffe_note": binding.caffe_note,
        "zero_factors": list(binding.zero_factors),
        "unchecked": list(binding.unchecked),
        "wrong_shape": [
            {
                "layer": wrong.layer,
                "array": wrong.index,
                "in_net": _maybe_list(wrong.in_net),
                "in_file": _maybe_list(wrong.in_file),
                "problem": wrong.problem,
            }
            for wrong in binding.wrong
        ],
    }


def _maybe_list(shape: tuple[int, ...] | None) -> list[int] | None:
    return None if shape is None else list(shape)


def _name_notes(opened: OpenedNet) -> tuple[str, ...]:
    return repeated_name_notes(opened.shapes, opened.weights, opened.binding)


def _problems(opened: OpenedNet) -> list[Problem]:
    return [*opened.net.problems, *opened.shapes.problems]


def _print_layers(opened: OpenedNet) -> None:
    rows = [_row(opened, layer) for layer in opened.net.layers]
    headings = ("layer", "type", "reads", "writes", "in place", "output shape", "parameters")
    print_table(headings, rows, right="parameters")
    print()


def _row(opened: OpenedNet, layer: Layer) -> tuple[str, ...]:
    net, shapes = opened.net, opened.shapes
    read = [
        blob if version is None else version.label
        for blob, version in zip(layer.bottoms, net.read(layer), strict=True)
    ]
    written = net.written(layer)
    n_parameters = shapes.n_parameters(layer.name)
    return (
        layer.name,
        layer.type,
        ", ".join(read),
        ", ".join(version.label for version in written),
        "yes" if layer.is_in_place else "",
        ", ".join(shape_text(shapes.top(layer.name, v.top_index)) for v in written),
        f"{n_parameters:,}" if n_parameters else "",
    )


def _print_summary(opened: OpenedNet) -> None:
    net, shapes = opened.net, opened.shapes
    macs = sum(shapes.cost(layer.name).macs for layer in net.layers)
    inactive = f", {counted(len(net.inactive), 'layer')} of other phases" if net.inactive else ""
    print(
        f"{net.name or opened.path.name} ({net.dialect}, {net.state.phase} phase): "
        f"{counted(len(net.layers), 'layer')}{inactive}, "
        f"{scaled(shapes.total_parameters)} parameters, {scaled(macs)} multiply-adds."
    )
    print(in_place_sentence(net))
    for line in file_lines(opened):
        print(line)
    for note in _name_notes(opened):
        print(note)
    for found in find_mistakes(net):
        print(f"Wrong rewiring: {found.title}. {found.body}")
    by_sentence: dict[str, list[Problem]] = {}
    for problem in _problems(opened):
        by_sentence.setdefault(problem.sentence, []).append(problem)
    for sentence, problems in by_sentence.items():
        print(f"Caffe would refuse this: {sentence} ({_places(problems)})")
    if opened.binding is not None:
        _print_binding(opened, opened.binding)


def _places(found: Sequence[Problem]) -> str:
    layer = f"layer {found[0].layer}, " if found[0].layer else ""
    more = f", and {counted(len(found) - 1, 'more place')}" if len(found) > 1 else ""
    return f"{layer}line {found[0].line}{more}"


def in_place_sentence(net: Net) -> str:
    """ "15 ReLU and 2 Dropout layers run in place and hide 17 blob versions."."""
    if not net.in_place_layers:
        return "No layer runs in place."
    counts = Counter(layer.type for layer in net.in_place_layers)
    types = [f"{n} {type_name}" for type_name, n in counts.most_common()]
    named = " and ".join([", ".join(types[:-1]), types[-1]] if len(types) > 1 else types)
    if len(net.in_place_layers) == 1:
        return f"1 layer ({named}) runs in place and hides {_versions(net)}."
    return f"{named} layers run in place and hide {_versions(net)}."


def _versions(net: Net) -> str:
    return counted(len(net.hidden), "blob version")


def _print_binding(opened: OpenedNet, binding: Binding) -> None:
    weights = opened.weights
    if weights is not None:
        print(
            f"{weights.path.name} ({weights.format}, {byte_text(weights.file_bytes)}): "
            f"{binding.n_arrays_bound} of {plural(binding.n_arrays_expected, 'array')} bound, "
            f"{scaled(binding.n_values)} values."
        )
        if weights.is_too_large_for_caffe:
            print("Caffe can't read a caffemodel of 2 GiB or more; the torch engine can.")
    if binding.caffe_note:
        print(binding.caffe_note)
    if binding.zero_factors:
        print(zero_factor_note(binding.zero_factors))
    for wrong in binding.wrong:
        print(f"Caffe would abort: {wrong.sentence}")
    if binding.wrong:
        print(LEARN_ANEW)
    for note in binding.near_names:
        print(note)
    _print_names("Unbound (these layers keep filler values)", binding.unbound)
    _print_names("Unused (in the weights, not in the net)", binding.unused)
    _print_names("Shared (another layer's arrays, by parameter name)", binding.shared)
    _print_names("Unchecked (the net's shapes are unknown)", binding.unchecked)


def _print_names(heading: str, names: tuple[str, ...]) -> None:
    if names:
        more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
        shown = ", ".join(map(readable_name, names[:_MOST_LISTED]))
        print(f"{heading}: {shown}{more}.")
