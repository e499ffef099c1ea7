"""Renaming: only quoted names change, wiring stays, and traps are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import AppError, RenameError
from core.net.definition import NetState
from core.net.difference import text_difference
from core.net.reader import load_net, read_net
from core.net.rename import (
    apply_edits,
    default_blob_name,
    plan_rename,
    plan_rename_all,
    plan_rename_chain,
)

VGG_TAIL = """\
# the end of VGG16, as published
input: "fc6"
input_dim: 1 input_dim: 8 input_dim: 1 input_dim: 1
layers {
  bottom: "fc6"   # odd spacing stays
  top:    'fc7'
  name: "fc7"
  type: INNER_PRODUCT
  inner_product_param { num_output: 4096 }
}
layers { bottom: "fc7" top: "fc7" name: "relu7" type: RELU }
layers { bottom: "fc7" top: "fc7" name: "drop7" type: DROPOUT }
layers { bottom: "fc7" top: "fc8" name: "fc8" type: INNER_PRODUCT
  inner_product_param { num_output: 10 } }
"""


def bottoms_and_tops(text: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {layer.name: (layer.bottoms, layer.tops) for layer in read_net(text).layers}


def test_the_correct_chain_of_vgg16() -> None:
    plan = plan_rename_all(read_net(VGG_TAIL))
    wiring = bottoms_and_tops(plan.new_text)
    assert wiring["fc7"] == (("fc6",), ("fc7",))
    assert wiring["relu7"] == (("fc7",), ("fc7_relu7",))
    assert wiring["drop7"] == (("fc7_relu7",), ("fc7_drop7",))
    assert wiring["fc8"] == (("fc7_drop7",), ("fc8",))
    assert len(plan.edits) == 4
    assert plan.touched_layers == ("relu7", "drop7", "fc8")


def test_nothing_but_the_quoted_names_changes() -> None:
    plan = plan_rename_all(read_net(VGG_TAIL))
    blank = re.compile(r"(bottom|top):(\s*)([\"'])[^\"']*\3")
    assert blank.sub(r"\1:\2\3\3", plan.new_text) == blank.sub(r"\1:\2\3\3", VGG_TAIL)


def test_one_layer_gets_a_blob_nobody_overwrites() -> None:
    net = read_net(VGG_TAIL)
    after = read_net(plan_rename(net, ["relu7"]).new_text)
    assert all(v.is_readable for v in after.versions)
    first = read_net(plan_rename(net, ["fc7"]).new_text)
    assert first.written("fc7")[0].is_readable
    assert first.layer("drop7").tops == ("fc7_relu7",)
    last = read_net(plan_rename(net, ["drop7"]).new_text)
    assert last.layer("relu7").tops == ("fc7",)
    assert last.layer("fc8").bottoms == ("fc7_drop7",)


def test_a_residual_chain_keeps_its_followers_in_place() -> None:
    net = read_net(
        'layer { name: "c" type: "Input" top: "c" }'
        'layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }'
        'layer { name: "sc" type: "Scale" bottom: "c" top: "c" }'
        'layer { name: "re" type: "ReLU" bottom: "c" top: "c" }'
        'layer { name: "end" type: "Silence" bottom: "c" }'
    )
    wiring = bottoms_and_tops(plan_rename(net, ["bn"]).new_text)
    assert wiring["bn"] == (("c",), ("c_bn",))
    assert wiring["sc"] == (("c_bn",), ("c_sc",))
    assert wiring["re"] == (("c_sc",), ("c_sc",))
    assert wiring["end"] == (("c_sc",), ())
    assert len(plan_rename_chain(net, "c").renames) == 3


def test_undo_restores_the_text_byte_for_byte() -> None:
    plan = plan_rename_all(read_net(VGG_TAIL))
    assert apply_edits(plan.new_text, plan.inverse().edits) == VGG_TAIL
    again = plan.inverse().inverse()
    assert apply_edits(VGG_TAIL, again.edits) == plan.new_text


def test_chosen_names_are_checked() -> None:
    net = read_net(VGG_TAIL)
    assert plan_rename(net, ["relu7"], {"relu7": "relu7"}).renames[0].new_blob == "relu7"
    for bad in ("fc8", "drop7", "", " x", 'a"b', "a\\b", "a\nb"):
        if bad:
            with pytest.raises(RenameError):
                plan_rename(net, ["relu7"], {"relu7": bad})


def test_a_taken_default_name_gets_a_number() -> None:
    text = VGG_TAIL + 'layers { bottom: "fc8" top: "fc7_relu7" name: "x" type: SIGMOID }\n'
    assert default_blob_name(read_net(text), "relu7") == "fc7_relu7_2"


def test_a_layer_with_its_own_blob_is_refused_with_a_sentence() -> None:
    with pytest.raises(RenameError, match="already has a blob of its own"):
        plan_rename(read_net(VGG_TAIL), ["fc8"])


TRAIN_ONLY = """
layer { name: "d" type: "Input" top: "fc7" }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7" include { phase: TRAIN } }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8" }
"""


def test_a_layer_of_one_phase_follows_so_the_other_phase_still_runs() -> None:
    plan = plan_rename_all(read_net(TRAIN_ONLY))
    for phase in ("TEST", "TRAIN"):
        net = read_net(plan.new_text, state=NetState(phase))
        assert net.problems == ()
        assert net.layer("fc8").bottoms == ("fc7_relu7",)
    assert read_net(plan.new_text, state=NetState("TRAIN")).layer("drop7").tops == ("fc7_relu7",)


def test_moving_a_layer_of_one_phase_is_refused() -> None:
    net = read_net(TRAIN_ONLY, state=NetState("TRAIN"))
    with pytest.raises(RenameError, match="another phase"):
        plan_rename(net, ["drop7"])
    assert plan_rename_all(net).kept_in_place == ("drop7",)


def test_a_net_output_that_changes_its_name_is_reported() -> None:
    net = read_net(
        'layer { name: "x" type: "Input" top: "x" }'
        'layer { name: "s" type: "Sigmoid" bottom: "x" top: "x" }'
    )
    assert plan_rename_all(net).renamed_outputs == (("x", "x_s"),)


def test_the_difference_shows_removed_before_added_with_line_numbers() -> None:
    net = read_net(VGG_TAIL)
    relu, drop, fc8 = text_difference(net, read_net(plan_rename_all(net).new_text))
    assert (relu.layer, drop.layer, fc8.layer) == ("relu7", "drop7", "fc8")
    assert [(line.kind, line.number) for line in relu.lines] == [("-", 11), ("+", 11)]
    assert relu.lines[1].text.count("fc7_relu7") == 1


def test_every_real_file_renames_and_undoes(material: Callable[[str], Path]) -> None:
    renamed = 0
    for path in sorted(material("prototxts").iterdir())[::6]:
        try:
            net = load_net(path)
            plan = plan_rename_all(net)
        except AppError:
            continue
        after = read_net(plan.new_text)
        kept = set(plan.kept_in_place)
        assert {layer.name for layer in after.in_place_layers} <= kept, path.name
        assert apply_edits(plan.new_text, plan.inverse().edits) == net.text, path.name
        renamed += 1
    assert renamed >= 10
