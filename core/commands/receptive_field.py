"""`receptive-field`: which pixels of the input can move a value, and which of them do."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.commands.command_line import UsageError
from core.commands.opening import add_engine_arguments, add_net_arguments, engine_host, model_to_run
from core.commands.output import print_json, print_table
from core.commands.preprocessing import add_preprocess_argument
from core.engines.values import Value
from core.jobs.look import LookRequest
from core.jobs.receptive_field import (
    FieldGradients,
    FieldGradientsRequest,
    FieldsRequest,
    LayerField,
    field_gradients,
    receptive_fields,
)
from core.jobs.values import choose_values
from core.layers.receptive_field import AxisReach, FieldBox, FieldNumbers
from core.progress import run_job
from core.words import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    parser.add_argument(
        "--layer", default="all", metavar="L1,L2", help="layer names, or layer:top (default all)"
    )
    parser.add_argument("--at", metavar="Y,X", help="the field of this place of the layer")
    parser.add_argument("--channel", type=int, metavar="C", help="of this channel (default any)")
    parser.add_argument(
        "--size", metavar="HxW", help="the input's height and width (default: as the net says)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="with --image: see that gradients are 0 outside the field, and how large the "
        "effective one is, with 95 %% of their squares; at --at, or at random places",
    )
    parser.add_argument("--image", type=Path, metavar="PATH", help="one picture, for --check")
    add_preprocess_argument(parser)
    add_engine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Follow the geometry; with --check, take gradients too."""
    if options.check and options.image is None:
        raise UsageError("--check needs an --image")
    opened = model_to_run(options)
    is_all = options.layer == "all"
    values = () if is_all else choose_values(opened.net, options.layer)
    if is_all and (options.at or options.check or options.channel is not None):
        raise UsageError("--at, --channel and --check need a --layer")
    size = None if options.size is None else _numbers(options.size.replace("x", ","), "--size")
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise UsageError("--size is a height and a width, as 224x224")
    request = FieldsRequest(opened.to_run, values, size and (size[0], size[1]))
    found = run_job(receptive_fields(request))
    place = None if options.at is None else _numbers(options.at, "--at")
    boxes = _boxes(found, place, options.channel)
    checks = _checks(options, opened.to_run, found, place) if options.check else {}
    if options.json:
        rows = [_described(one, boxes.get(one.value, ()), checks.get(one.value)) for one in found]
        print_json({"layers": rows})
        return
    if boxes:
        _print_boxes(found, boxes)
    else:
        _print_numbers(found)
    for check in checks.values():
        print(_in_words(check))


def _numbers(word: str, option: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in word.split(","))
    except ValueError as error:
        raise UsageError(f"{option} takes whole numbers, not '{word}'") from error


Boxes = Mapping[Value, tuple[FieldBox, ...]]


def _boxes(
    found: Sequence[LayerField], place: tuple[int, ...] | None, channel: int | None
) -> Boxes:
    if place is None and channel is None:
        return {}
    return {one.value: one.field.at(place or (), channel) for one in found if one.field is not None}


def _checks(
    options: argparse.Namespace,
    net: Any,
    found: Sequence[LayerField],
    place: tuple[int, ...] | None,
) -> dict[Value, FieldGradients]:
    look = LookRequest(net, options.image, options.preprocess)
    with engine_host(options) as host:
        return {
            one.value: run_job(
                field_gradients(
                    FieldGradientsRequest(look, one.value, place, options.channel), host
                )
            )
            for one in found
        }


_HEADINGS = ("layer", "blob", "input", "size", "stride", "offset", "exact")


def _print_numbers(found: Sequence[LayerField]) -> None:
    rows: list[tuple[object, ...]] = []
    for one in found:
        if not one.numbers:
            why = one.reason or "it reads no picture"
            rows.append((one.value.layer, one.label, "", "", "", "", why))
        for numbers in one.numbers:
            rows.append((one.value.layer, one.label, numbers.blob, *_cells(numbers)))
    print_table(_HEADINGS, rows)


def _cells(numbers: FieldNumbers) -> tuple[str, ...]:
    sizes = [
        str(most) if most == least else f"{least}-{most}"
        for most, least in zip(numbers.size, numbers.least_size, strict=True)
    ]
    strides = ["all" if step is None else str(step) for step in numbers.stride]
    exact = "yes" if numbers.is_exact else f"at most: {'; '.join(numbers.bounds)}"
    offsets = [f"{offset:g}" for offset in numbers.offset]
    return "x".join(sizes), ", ".join(strides), ", ".join(offsets), exact


def _print_boxes(found: Sequence[LayerField], boxes: Boxes) -> None:
    headings = ("layer", "input", "from", "to", "size", "in padding", "pixels", "exact")
    rows: list[tuple[object, ...]] = []
    for one in found:
        for box in boxes.get(one.value, ()):
            rows.append((one.value.layer, box.blob, *_box_cells(box)))
        if not boxes.get(one.value):
            why = one.reason or "it reads no pixel there, only padding"
            rows.append((one.value.layer, "", "", "", "", "", "", why))
    print_table(headings, rows)


def _box_cells(box: FieldBox) -> tuple[str, ...]:
    def listed(of: Any) -> str:
        return ", ".join(str(of(axis)) for axis in box.axes)

    return (
        listed(lambda axis: axis.low),
        listed(lambda axis: axis.high),
        "x".join(str(axis.high - axis.low + 1) for axis in box.axes),
        listed(lambda axis: axis.n_padding),
        listed(lambda axis: f"{axis.first}-{axis.last}"),
        "yes" if box.is_exact else f"at most: {'; '.join(box.bounds)}",
    )


def _in_words(check: FieldGradients) -> str:
    name = check.value.layer
    if not check.n_places:
        return f"{name}: no gradient reached the picture at {plural(check.n_passes, 'place')}."
    inside = (
        "no pixel outside the field has a gradient"
        if check.is_inside
        else f"gradients outside the field, up to {check.outside:.2g} of the greatest"
    )
    told = f"{name}: {inside} ({plural(check.n_places, 'place')})."
    if check.effective is None:
        return told
    height, width = check.effective
    full = f"{check.size[0]}x{check.size[1]}"
    return f"{told} The effective field is {height:.0f}x{width:.0f} of {full}."


def _described(
    one: LayerField, boxes: Sequence[FieldBox], check: FieldGradients | None
) -> dict[str, Any]:
    row: dict[str, Any] = {"layer": one.value.layer, "top": one.value.top, "blob": one.label}
    if one.reason:
        return {**row, "reason": one.reason}
    row["fields"] = [_numbers_json(numbers) for numbers in one.numbers]
    if boxes:
        row["boxes"] = [_box_json(box) for box in boxes]
    if check is not None:
        row["check"] = {
            "is_inside": check.is_inside,
            "outside": check.outside,
            "effective": None if check.effective is None else list(check.effective),
            "places": check.n_places,
        }
    return row


def _numbers_json(numbers: FieldNumbers) -> dict[str, Any]:
    def plain(step: Fraction | None) -> float | None:
        return None if step is None else float(step)

    return {
        "input": numbers.blob,
        "size": list(numbers.size),
        "least_size": list(numbers.least_size),
        "stride": [plain(step) for step in numbers.stride],
        "offset": list(numbers.offset),
        "is_exact": numbers.is_exact,
        "bounds": list(numbers.bounds),
        "reads_other_images": numbers.reads_other_images,
    }


def _box_json(box: FieldBox) -> dict[str, Any]:
    def axis_json(axis: AxisReach) -> dict[str, int]:
        return {"from": axis.low, "to": axis.high, "first": axis.first, "last": axis.last}

    return {
        "input": box.blob,
        "axes": [axis_json(axis) for axis in box.axes],
        "is_exact": box.is_exact,
        "bounds": list(box.bounds),
    }
