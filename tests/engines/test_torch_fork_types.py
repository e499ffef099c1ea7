"""Layers that stock Caffe lacks, against OpenCV, real Caffe's own layers and plain loops."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, Value
from core.layers.registry import layer_type
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.weights.writer import write_caffemodel

FOLDER = Path(__file__).resolve().parents[1] / "data" / "forks"
INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
TOLERANCE = 1e-5
"""Largest max|ours - golden| / max|golden| over a blob."""


@pytest.mark.parametrize("name", sorted(INDEX))
def test_the_layer_computes_what_an_independent_source_says(
    torch_process: EngineProcess, tmp_path: Path, name: str
) -> None:
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        inputs = {key[6:]: arrays[key] for key in arrays.files if key.startswith("input/")}
        wanted = {key[5:]: arrays[key] for key in arrays.files if key.startswith("blob/")}
        n_parameters = sum(key.startswith("param/") for key in arrays.files)
        learned = [arrays[f"param/l/{i}"] for i in range(n_parameters)]
    weights = tmp_path / "weights.caffemodel"
    write_caffemodel(weights, "net", [("l", INDEX[name]["type"], learned)])
    text = (FOLDER / f"{name}.prototxt").read_text(encoding="utf-8")
    engine = torch_process.open(text, weights)
    found = engine.forward(inputs, [Value("l", blob) for blob in wanted])
    assert not engine.filler_layers
    engine.close()
    for blob, golden in wanted.items():
        ours = found[Value("l", blob)]
        assert ours.shape == golden.shape
        assert np.abs(ours - golden).max() <= TOLERANCE * np.abs(golden).max()


@pytest.mark.parametrize("name", sorted(INDEX))
def test_the_shape_is_told_beforehand_or_said_to_be_unknown(name: str) -> None:
    net = read_net((FOLDER / f"{name}.prototxt").read_text(encoding="utf-8"))
    shapes = infer_shapes(net)
    assert not shapes.problems
    for i, blob in enumerate(net.layer("l").tops):
        told = shapes.top("l", i)
        if INDEX[name]["type"] == "Proposal":  # as many as it may find at most
            assert told is not None
            assert told[0] >= INDEX[name]["shapes"][blob][0]
            assert list(told[1:]) == INDEX[name]["shapes"][blob][1:]
        elif "Detection" in INDEX[name]["type"]:
            assert told is None
        else:
            assert told == tuple(INDEX[name]["shapes"][blob])


def test_every_golden_names_its_source_and_none_is_ours() -> None:
    sources = {entry["source"].split(maxsplit=1)[0] for entry in INDEX.values()}
    assert sources == {"OpenCV", "real", "NumPy"}
    assert all(layer_type(entry["type"]).origin == "fork" for entry in INDEX.values())
