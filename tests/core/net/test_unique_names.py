"""Layers whose names repeat or are left out have names of their own, and the text never says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.comparison.pairs import compare_nets, sentence
from core.edits.give_back import plan_give_back_all
from core.edits.layer_names import plan_layer_names, what_keeps_layer_name, with_layer_names
from core.errors import NetError
from core.net.blob_names import default_blob_name
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE, load_net, read_net
from core.net.rename import plan_rename, plan_rename_all
from core.net.states import every_state

INPUT = 'input: "x" input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }\n'


def layer(name: str | None, bottom: str, top: str, type_name: str = "ReLU", more: str = "") -> str:
    named = "" if name is None else f'name: "{name}" '
    return f'layer {{ {named}type: "{type_name}" bottom: "{bottom}" top: "{top}" {more} }}\n'


CONV = "convolution_param { num_output: 2 kernel_size: 1 }"
TWO_RELUS = (
    INPUT
    + layer("conv1", "x", "conv1", "Convolution", CONV)
    + layer("relu1", "conv1", "conv1")
    + layer("conv2", "conv1", "conv2", "Convolution", CONV)
    + layer("relu1", "conv2", "conv2")
    + layer("drop", "conv2", "conv2", "Dropout")
)


def names_of(text: str, state: NetState = DEFAULT_STATE) -> list[str]:
    return [found.name for found in read_net(text, state=state).layers]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["a", "b", "a", "a"], ["a", "b", "a#2", "a#3"]),
        (["a", "a", "a#2"], ["a", "a##2", "a#2"]),
        (["a", "a", "a#", "a#", "a#2"], ["a", "a##2", "a#", "a###2", "a#2"]),
        ([None, "", "b"], ["(no name)", "(no name)#2", "b"]),
        ([""], ["(no name)"]),
        (["", "(no name)"], ["((no name))", "(no name)"]),
        (["input", "data"], ["input#2", "data"]),
        ([" a", "a", "a "], [" a", "a", "a "]),
    ],
)
def test_the_first_of_a_name_keeps_it(written: list[str | None], names: list[str]) -> None:
    text = INPUT + "".join(layer(name, "x", f"t{i}") for i, name in enumerate(written))
    net = read_net(text)
    assert [found.name for found in net.layers[1:]] == names
    assert [found.written_name for found in net.layers[1:]] == [name or "" for name in written]


def test_v1_and_v0_layers_are_told_apart_too() -> None:
    v1 = 'layers { name: "r" type: RELU bottom: "x" top: "%s" }\n'
    assert names_of(INPUT + v1 % "a" + v1 % "b") == ["input", "r", "r#2"]
    v0 = 'layers { layer { name: "r" type: "relu" } bottom: "x" top: "%s" }\n'
    net = read_net(INPUT + v0 % "a" + v0 % "b")
    assert [found.name for found in net.layers] == ["input", "r", "r#2"]
    assert [found.written_name for found in net.layers] == ["input", "r", "r"]


def test_layers_of_different_phases_share_a_name() -> None:
    text = (
        'layer { name: "data" type: "Data" top: "x" include { phase: TRAIN } }\n'
        'layer { name: "data" type: "Data" top: "x" include { phase: TEST stage: "a" } }\n'
        'layer { name: "data" type: "Data" top: "x" include { phase: TEST stage: "b" } }\n'
    )
    for state in (NetState("TRAIN"), NetState("TEST", 0, ("a",)), NetState("TEST", 0, ("b",))):
        assert names_of(text, state) == ["data"], state
    # nobody means both stages, but Caffe builds them
    assert names_of(text, NetState("TEST", 0, ("a", "b"))) == ["data", "data#2"]


def test_a_layer_has_one_name_in_every_phase() -> None:
    only_in_training = layer("r", "x", "a", more="include { phase: TRAIN }")
    text = INPUT + only_in_training + layer("r", "x", "b") + layer("r", "b", "c")
    assert names_of(text, NetState("TRAIN")) == ["input", "r", "r#2", "r#3"]
    net = read_net(text)
    assert [found.name for found in net.layers] == ["input", "r#2", "r#3"]
    assert net.layer("r").name == "r#2", "Caffe's layer_by_name means the first there is"
    assert [found.name for found in net.written_as("r")] == ["r#2", "r#3"]


def test_an_unknown_name_is_still_refused() -> None:
    with pytest.raises(NetError, match="no layer 'relu2'"):
        read_net(TWO_RELUS).layer("relu2")
    with pytest.raises(NetError, match="no layer ''"):
        read_net(INPUT + layer(None, "x", "a")).layer("")


def test_what_is_found_in_a_block_is_said_of_that_layer() -> None:
    text = (
        INPUT
        + layer("r", "x", "a")
        + layer("r", "a", "b", more='blobby: 1 relu_param { engine: "x" }')
        + layer(None, "b", "c", more="blobby: 2")
        + layer("r", "q", "d", "Pooling", "include { } exclude { }")
    ).replace("\n", " ")
    net = read_net(text)
    assert [field.layer for field in net.unknown] == ["r#2", "(no name)"]
    assert [problem.layer for problem in net.problems] == ["r#2", "r#3", "r#3"]


def test_values_of_both_are_apart() -> None:
    net = read_net(TWO_RELUS)
    assert [version.layer for version in net.versions] == [
        "input", "conv1", "relu1", "conv2", "relu1#2", "drop",
    ]  # fmt: skip
    assert [version.label for version in net.written("relu1#2")] == ["conv2@1"]
    assert [version.overwritten_by for version in net.written("conv2")] == ["relu1#2"]


def test_a_rename_takes_the_layer_that_is_meant_and_writes_the_names_of_the_file() -> None:
    net = read_net(TWO_RELUS)
    plan = plan_rename(net, ["relu1#2"])
    assert [(r.layer, r.new_blob) for r in plan.renames] == [
        ("relu1#2", "conv2_relu1"), ("drop", "conv2_drop"),
    ]  # fmt: skip
    everything = plan_rename_all(net)
    assert "#" not in everything.new_text
    assert [r.new_blob for r in everything.renames] == ["conv1_relu1", "conv2_relu1", "conv2_drop"]
    back = plan_give_back_all(read_net(everything.new_text))
    assert back.new_text == net.text


def test_a_layer_without_a_name_gives_its_type_to_its_blob() -> None:
    power = 'layer {{ type: "Power" bottom: "a" top: "{}" }}'
    net = read_net(INPUT + layer("p", "x", "a") + power.format("a"))
    assert default_blob_name(net, "(no name)") == "a_power"
    after = INPUT + layer("p", "x", "a") + power.format("a_power")
    assert plan_rename_all(net).new_text == after


def test_layers_of_one_name_can_be_named_apart() -> None:
    net = read_net(TWO_RELUS)
    plan = with_layer_names(plan_rename_all(net), net)
    assert [(r.old_name, r.new_name) for r in plan.layer_renames] == [
        ("relu1", "conv1_relu1"), ("relu1#2", "conv2_relu1"), ("drop", "conv2_drop"),
    ]  # fmt: skip
    assert names_of(plan.new_text)[2:] == ["conv1_relu1", "conv2", "conv2_relu1", "conv2_drop"]
    assert "#" not in plan.new_text
    one = plan_layer_names(net, {"relu1#2": "relu2"})
    first, _, rest = net.text.rpartition('"relu1"')
    assert one.new_text == f'{first}"relu2"{rest}'


def test_a_layer_keeps_the_name_that_anothers_weights_bind_to() -> None:
    text = (
        INPUT
        + layer("c", "x", "x")
        + layer("c", "x", "y", "Convolution", CONV)
        + layer("r", "y", "y")
    )
    net = read_net(text)
    problem = what_keeps_layer_name(net, "c")
    assert problem == "c#2 (Convolution) has weights, which bind to a layer by its name."
    assert what_keeps_layer_name(net, "r") is None


def test_a_copy_of_training_only_changes_no_name_elsewhere() -> None:
    text = (
        INPUT
        + layer("r", "x", "a")
        + layer("r", "a", "a", more="include { phase: TRAIN }")
        + layer("r", "a", "b")
        + layer("r", "b", "b")
    )
    net = read_net(text)
    assert [found.name for found in net.layers] == ["input", "r", "r#3", "r#4"]
    plan = plan_rename_all(net)
    assert [(r.layer, r.new_blob) for r in plan.renames] == [("r#4", "b_r")]
    assert plan.new_text == text.replace('bottom: "b" top: "b"', 'bottom: "b" top: "b_r"')


def test_real_files_have_one_name_for_each_layer_in_every_state(
    material: Callable[[str], Path],
) -> None:
    repeated = set()
    for path in sorted(material("prototxts").glob("*mobilenet*")) + sorted(
        material("prototxts").glob("*mnist_autoencoder.*")
    ):
        states = every_state(load_net(path))
        names: dict[int, str] = {}
        for net in states:
            assert len({found.name for found in net.layers}) == len(net.layers), path
            for found in (*net.layers, *net.inactive):
                place = found.span.start if found.span else -1
                assert names.setdefault(place, found.name) == found.name, path
        repeated |= {found.name for net in states for found in net.called_apart}
    assert repeated == {"data#2", "loss#2"}


def test_a_file_without_its_first_copy_is_compared_by_place() -> None:
    before = read_net(TWO_RELUS)
    renamed = read_net(TWO_RELUS.replace('"relu1"', '"relu_a"', 1))
    (pair,) = compare_nets(before, renamed).different
    assert [(c.kind, c.before, c.after) for c in pair.changes] == [("name", "relu1", "relu_a")]
    assert pair.before is not None
    assert pair.before.index == 2
    assert sentence(compare_nets(before, before)) == "All 6 layers are the same."
