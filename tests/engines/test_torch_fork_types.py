"""Layers that stock Caffe lacks, against OpenCV, real Caffe's own layers and plain loops."""

from __future__ import annotations

import pytest

from core.engines.base import EngineProcess, Value
from core.layers.registry import layer_type
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from tests.conformance.forks import FOLDER, INDEX, compare_fork


@pytest.mark.parametrize("name", sorted(INDEX))
def test_the_layer_computes_what_an_independent_source_says(name: str) -> None:
    agreement = compare_fork(name)
    assert agreement.is_close, agreement.complaints


def test_detections_come_through_the_childs_pipe(torch_process: EngineProcess) -> None:
    def run(text, weights, inputs, wanted: list[Value]):
        engine = torch_process.open(text, weights)
        found = engine.forward(inputs, wanted)
        engine.run(inputs)
        assert [engine.read(value).tobytes() for value in wanted] == [
            found[value].tobytes() for value in wanted
        ]
        engine.close()
        return [found[value] for value in wanted]

    for name in ("detections_batch", "proposal", "yolo_v3", "center_loss"):
        assert compare_fork(name, run).is_close


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
    for name, entry in INDEX.items():
        net = read_net((FOLDER / f"{name}.prototxt").read_text(encoding="utf-8"))
        assert layer_type(entry["type"]).origin == "fork" or net.unknown, name
