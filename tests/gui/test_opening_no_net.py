"""The window says what a file without layers is, as the commands do."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import NetError
from core.net.definition import NetState
from core.net.no_layers import check_has_layers
from core.net.reader import read_net

OTHER_FILES = {
    "empty": ("", "is empty"),
    "blank": (" \n\t\n", "is empty"),
    "comments": ("# nothing\n", "has comments only"),
    "label map": ('item { name: "cat" label: 1 display_name: "Cat" }', "is a label map"),
    "solver": ("base_lr: 0.1 max_iter: 5", "is a solver that names no net"),
    "TensorFlow graph": ('node { name: "x" op: "Placeholder" }', "is a graph of TensorFlow"),
    "something": ("a: 1 b: 2", "describes no layers"),
}

TEMPLATE = """layer {{ name: "data" type: "Data" top: "data" top: "label"
  transform_param {{ crop_size: {crop_size} }} }}
layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param {{ num_output: {num_output} kernel_size: {kernel_size} }} }}
layer {{ name: "relu" type: "ReLU" bottom: "conv" top: "conv" }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "conv" bottom: "label" top: "loss"
  loss_weight: {loss_weight} }}
"""


@pytest.mark.parametrize("kind", OTHER_FILES)
def test_what_the_file_is_stands_in_a_notice(bench, qtbot, tmp_path: Path, kind: str) -> None:
    text, said = OTHER_FILES[kind]
    path = tmp_path / "file.prototxt"
    path.write_text(text)
    with pytest.raises(NetError, match=said) as caught:
        check_has_layers(read_net(text), path.name)
    assert caught.value.hint
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bool(bench.notices.current))
    (notice,) = bench.notices.current
    assert (notice.kind, notice.title) == ("error", caught.value.sentence.rstrip("."))
    assert bench.document.net is None


def test_a_net_for_training_only_is_shown_as_training_builds_it(
    bench, qtbot, tmp_path: Path
) -> None:
    path = tmp_path / "train.prototxt"
    path.write_text('layer { name: "a" type: "DummyData" top: "a" include { phase: TRAIN } }')
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    assert bench.document.state == NetState("TRAIN")
    assert [layer.name for layer in bench.document.net.layers] == ["a"]
    (notice,) = [notice for notice in bench.notices.current if notice.key == "solver"]
    assert notice.title == "The file has no layers in the TEST phase"
    assert "as TRAIN builds it" in notice.body


@pytest.mark.parametrize("field", ["num_output", "kernel_size", "crop_size", "loss_weight"])
def test_a_template_opens_for_looking_at(bench, qtbot, tmp_path: Path, field: str) -> None:
    values = {"num_output": 4, "kernel_size": 3, "crop_size": 8, "loss_weight": 1, field: "${N}"}
    path = tmp_path / "template.prototxt"
    path.write_text(TEMPLATE.format(**values))
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    assert len(bench.document.net.layers) == 4
    (notice,) = [notice for notice in bench.notices.current if notice.key == "problems"]
    assert f"{field} is left open" in str(notice.table)
    for layer in bench.document.net.layers:
        bench.document.select(layer.name)
        qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)


def test_a_file_of_another_kind_is_named(bench, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text("\n<!DOCTYPE html>\n")
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bool(bench.notices.current))
    (notice,) = bench.notices.current
    assert notice.title == "net.prototxt is a web page, not a prototxt"
