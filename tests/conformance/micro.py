"""The micro cases of the test material beside our engine: every one, refusals included."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.values import Value
from core.errors import AppError
from core.layers.shapes import infer_shapes
from core.net.definition import Net
from core.net.reader import read_net
from tests.conformance.agreement import Agreement, relative_difference, run_in_torch

ON_PURPOSE = {
    "err_permute_layer": "a type of SSD's branch, which runs here",
    "err_ssd_layer": "a type of SSD's branch, which runs here",
    "err_pool_inplace": "refused by name: real Caffe overwrites what it still reads",
    "lstm_twice": "real Caffe keeps the state for the next pass; here each pass begins anew",
}
"""Cases where ours differs from real Caffe, and why."""


@dataclass(frozen=True)
class MicroCase:
    """A net of the material: the types it holds, and how well ours agrees."""

    name: str
    types: frozenset[str]
    is_refused: bool
    agreement: Agreement


def compare_micro(folder: Path) -> Iterator[MicroCase]:
    """Every case of the material's micro folder, in name order."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    for name, entry in sorted(index.items()):
        agreement = (
            _compare_ok(folder, name, entry) if entry["ok"] else _compare_error(folder, name)
        )
        types = frozenset(type_ for _, type_ in entry.get("layers", ()))
        yield MicroCase(name, types, not entry["ok"], agreement)


def _compare_error(folder: Path, name: str) -> Agreement:
    text = (folder / f"{name}.prototxt").read_text(encoding="utf-8")
    try:
        net = read_net(text)
        if infer_shapes(net).problems:
            return Agreement()
        zeros = {blob: np.zeros(shape, np.float32) for blob, shape in _input_shapes(net).items()}
        run_in_torch(text, None, zeros, _readable(net))
    except AppError:
        return Agreement()
    return Agreement(math.inf, ("ours accepts what real Caffe refuses",))


def _compare_ok(folder: Path, name: str, entry: Mapping[str, Any]) -> Agreement:
    text = (folder / f"{name}.prototxt").read_text(encoding="utf-8")
    weights = folder / f"{name}.caffemodel"
    net = read_net(text)
    arrays: dict[str, np.ndarray] = {}
    if (folder / f"{name}.npz").exists():
        with np.load(folder / f"{name}.npz", allow_pickle=False) as found:
            arrays = {key: found[key] for key in found.files}
    inputs = {
        blob: arrays.get(f"input/{blob}", arrays.get(f"blob/{blob}", np.zeros(shape, np.float32)))
        for blob, shape in _input_shapes(net, entry["blobs"]).items()
    }
    golden = _golden_values(net, arrays)
    complaints = _shape_complaints(net, entry, inputs, arrays)
    try:
        wanted = list(golden) or _readable(net)
        has_weights = bool(net.layers) and weights.exists()
        ours = run_in_torch(text, weights if has_weights else None, inputs, wanted)
    except AppError as error:
        return Agreement(math.inf, (f"ours refuses: {error.sentence}",))
    pairs = zip(ours, golden.values(), strict=False)
    worst = max((relative_difference(mine, theirs) for mine, theirs in pairs), default=0.0)
    return Agreement(worst, tuple(complaints))


def _golden_values(net: Net, arrays: Mapping[str, np.ndarray]) -> dict[Value, np.ndarray]:
    """layer/LAYER/TOP is a version that is overwritten later, blob/BLOB the last one."""
    found = {}
    for version in net.versions:
        key = f"layer/{version.layer}/{version.blob}"
        key = f"blob/{version.blob}" if version.is_readable else key
        if key in arrays:
            found[Value(version.layer, version.blob)] = arrays[key]
    return found


def _shape_complaints(
    net: Net,
    entry: Mapping[str, Any],
    inputs: Mapping[str, np.ndarray],
    arrays: Mapping[str, np.ndarray],
) -> list[str]:
    shapes = infer_shapes(net, {blob: array.shape for blob, array in inputs.items()})
    found = [problem.sentence for problem in shapes.problems]
    for version in net.versions:
        ours = shapes.top(net.layers[version.layer_index], version.top_index)
        wanted = entry["blobs"].get(version.blob)
        if version.is_readable and wanted and ours is not None and ours != tuple(wanted):
            found.append(f"{version.blob} is {wanted}, not {ours}")
    for key, array in arrays.items():
        kind, _, place = key.partition("/")
        layer, _, index = place.rpartition("/")
        if kind == "param" and shapes.parameters(layer)[int(index) :][:1] != (array.shape,):
            found.append(f"parameter {index} of {layer} is {array.shape}")
    return found


def _input_shapes(net: Net, known: Mapping[str, Any] | None = None) -> dict[str, tuple[int, ...]]:
    """What has to be given: the tops of data layers, but not what DummyData makes up."""
    shapes = infer_shapes(net)
    found = {}
    for layer in net.layers:
        if layer.bottoms or layer.type in ("Parameter", "DummyData"):
            continue
        for i, blob in enumerate(layer.tops):
            shape = (known or {}).get(blob) or shapes.top(layer, i)
            if shape is not None:
                found[blob] = tuple(shape)
    return found


def _readable(net: Net) -> list[Value]:
    return [Value(v.layer, v.blob) for v in net.versions if v.is_readable]
