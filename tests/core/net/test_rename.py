"""Renaming: only quoted names change, wiring stays, and traps are refused."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.comparison.edit_lines import text_difference
from core.errors import AppError, RenameError
from core.net.blob_names import default_blob_name, similar_name, what_is_wrong_with
from core.net.definition import NetState
from core.net.reader import load_net, read_net
from core.net.rename import (
    plan_needed,
    plan_rename,
    plan_rename_all,
    plan_rename_chain,
    plan_rename_selection,
)
from core.net.rename_plan import Top
from core.net.text_edits import apply_edits
from core.net.version_names import check_same_wiring, plan_names

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


@pytest.mark.parametrize(
    ("layer", "blob"),
    [
        ("my relu", "fc7_my_relu"),
        ("re'l\uf7e9", "fc7_re_l_"),  # a Latin-1 byte, as `decode_prototxt` holds it
        ("relu_split_0", "fc7_relu_split_0_"),
    ],
)
def test_a_default_name_has_only_what_a_name_may_have(layer: str, blob: str) -> None:
    net = read_net(VGG_TAIL.replace('"relu7"', f'"{layer}"'))
    assert default_blob_name(net, layer) == blob
    assert what_is_wrong_with(net, layer, blob) is None


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


def test_a_line_that_is_put_in_is_shown_where_it_stands() -> None:
    net = read_net(VGG_TAIL)
    added = VGG_TAIL.replace('  bottom: "fc6"', '  bottom: "fc6"\n  # one more')
    (fc7,) = text_difference(net, read_net(added.replace('" # one', '"\n# one')))
    assert [(line.kind, line.text.strip()) for line in fc7.lines if line.kind != " "] == [
        ("-", 'bottom: "fc6"   # odd spacing stays'),
        ("+", 'bottom: "fc6"'),
        ("+", "# one more   # odd spacing stays"),
    ]
    assert text_difference(net, net) == ()


def test_a_selection_passes_over_layers_with_blobs_of_their_own() -> None:
    net = read_net(VGG_TAIL)
    plan = plan_rename_selection(net, ["fc8", "relu7"])
    assert plan.new_text == plan_rename(net, ["relu7"]).new_text
    with pytest.raises(RenameError, match="already"):
        plan_rename_selection(net, ["fc8"])


@pytest.mark.parametrize(
    ("wanted", "moved", "found_in"),
    [
        (["fc7"], ["relu7"], {"fc7": "fc7"}),
        (["relu7"], ["drop7"], {"relu7": "fc7"}),
        (["fc7", "relu7"], ["relu7", "drop7"], {"fc7": "fc7", "relu7": "fc7_relu7"}),
        (["fc7", "drop7"], ["relu7"], {"fc7": "fc7", "drop7": "fc7_relu7"}),
    ],
)
def test_only_what_the_wanted_layers_need(
    wanted: list[str], moved: list[str], found_in: dict[str, str]
) -> None:
    plan = plan_needed(read_net(VGG_TAIL), wanted)
    assert [rename.layer for rename in plan.renames] == moved
    assert dict(plan.found_in) == found_in
    after = read_net(plan.new_text)
    assert all(v.is_readable for name in wanted for v in after.written(name))


def test_no_smaller_set_of_renames_keeps_the_wanted_values() -> None:
    """Tried out: every smaller choice of layers to move loses one of the values."""
    net = read_net(VGG_TAIL)
    for wanted in (["fc7"], ["relu7"], ["fc7", "relu7"], ["fc7", "drop7"]):
        n_moved = len(plan_needed(net, wanted).renames)
        for smaller in itertools.combinations(["relu7", "drop7"], n_moved - 1):
            text = VGG_TAIL
            if smaller:
                text = plan_names(net, [Top(name, 0) for name in smaller], {}).new_text
            after = read_net(text)
            assert not all(v.is_readable for name in wanted for v in after.written(name))


def test_needed_says_when_nothing_is() -> None:
    with pytest.raises(RenameError, match="drop7, fc8 computes survive a full forward pass"):
        plan_needed(read_net(VGG_TAIL), ["drop7", "fc8"])


def test_two_plans_join_into_one_step() -> None:
    net = read_net(VGG_TAIL)
    first = plan_rename(net, ["drop7"])
    middle = read_net(first.new_text)
    second = plan_rename(middle, ["relu7"], {"relu7": "rectified"})
    both = first.then(second)
    assert both.old_text == VGG_TAIL
    assert apply_edits(VGG_TAIL, both.edits) == both.new_text == second.new_text
    assert apply_edits(both.new_text, both.inverse().edits) == VGG_TAIL
    undone = both.then(both.inverse())
    assert undone.edits == ()
    assert undone.renames == ()


NAMES_AND_REASONS = [
    ("fc8", "taken: layer fc8 writes that blob"),
    ("fc6", "taken: it is an input blob"),
    ("drop7", "taken: it is the name of layer drop7"),
    ("", "needs a name"),
    ("a b", "spaces"),
    ("a\tb", "spaces"),
    ("a'b", "quotes"),
    ("a\\b", "backslash"),
    ("a\x07b", "control"),
    ("x_split_0", "copies Caffe makes"),
]


@pytest.mark.parametrize(("name", "reason"), NAMES_AND_REASONS)
def test_a_wrong_name_is_said_in_a_sentence(name: str, reason: str) -> None:
    sentence = what_is_wrong_with(read_net(VGG_TAIL), "relu7", name)
    assert sentence is not None
    assert reason in sentence
    assert sentence.endswith(".")


def test_right_names_pass_and_the_other_phase_counts() -> None:
    net = read_net(VGG_TAIL)
    assert [what_is_wrong_with(net, "relu7", n) for n in ("relu7", "new", "ünï")] == [None] * 3
    assert similar_name(net, "FC8") == "fc8"
    assert similar_name(net, "new") is None
    text = VGG_TAIL.replace("type: DROPOUT", "type: DROPOUT include { phase: TRAIN }")
    test = read_net(text.replace('top: "fc7" name: "drop7"', 'top: "dropped" name: "drop7"'))
    assert not test.has_layer("drop7")
    said = what_is_wrong_with(test, "relu7", "dropped")
    assert said == "The name 'dropped' is taken: layer drop7 writes that blob in the TRAIN phase."


def test_checking_a_name_again_reads_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    net = read_net(TRAIN_ONLY)
    assert what_is_wrong_with(net, "relu7", "first") is None

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the text was read again")

    monkeypatch.setattr("core.net.states.read_net", refuse)
    assert what_is_wrong_with(net, "relu7", "firsts") is None
    assert default_blob_name(net, "relu7") == "fc7_relu7"


def test_what_to_know_stands_on_the_plan() -> None:
    text = TRAIN_ONLY.replace('type: "ReLU"', 'type: "ReLU" loss_weight: 2')
    kinds = {warning.kind: warning for warning in plan_rename_all(read_net(text)).warnings}
    assert set(kinds) == {"phase", "loss weight"}
    assert kinds["phase"].layers == ("drop7",)
    assert kinds["phase"].sentence.startswith("drop7 stays in place: it is not active in every")


def test_an_edit_that_rewires_the_net_is_refused_whoever_planned_it() -> None:
    net = read_net(VGG_TAIL)
    right = plan_rename_all(net).new_text
    assert check_same_wiring([net], right, ["relu7"]).text == right
    for wrong in (
        right.replace('bottom: "fc7_drop7"', 'bottom: "fc7"'),  # the tutorials' mistake
        right.replace('bottom: "fc7_drop7"', 'bottom: "nowhere"'),
        right.replace('top: "fc8"', 'top: "fc7"'),  # which relu7 reads
    ):
        assert wrong != right
        with pytest.raises(RenameError, match="Renaming relu7 would change what the net computes"):
            check_same_wiring([net], wrong, ["relu7"])
    with pytest.raises(RenameError, match="can't be read"):
        check_same_wiring([net], right[:-4], ["relu7"])


def test_layers_whose_default_names_are_the_same_get_two_blobs() -> None:
    text = VGG_TAIL.replace('"relu7"', '"x y"').replace('"drop7"', '"x_y"')
    renamed = [rename.new_blob for rename in plan_rename_all(read_net(text)).renames]
    assert renamed[0] == "fc7_x_y"
    assert len(set(renamed)) == 2


def test_quotes_stay_as_they_were_written() -> None:
    text = VGG_TAIL.replace('bottom: "fc7" top: "fc8"', "bottom: 'fc7' top: \"fc8\"")
    assert "bottom: 'fc7_drop7' top: \"fc8\"" in plan_rename_all(read_net(text)).new_text


def test_edits_fit_only_the_text_that_they_were_planned_for() -> None:
    plan = plan_rename_all(read_net(VGG_TAIL))
    for moved in (f"# a line\n{VGG_TAIL}", VGG_TAIL.replace('"relu7"', '"rectifier7"'), ""):
        with pytest.raises(RenameError, match="has changed since"):
            apply_edits(moved, plan.edits)
    with pytest.raises(RenameError, match="planned for different texts"):
        plan.then(plan)


def test_who_is_overwritten_in_one_phase_only_is_refused_with_the_reason() -> None:
    text = VGG_TAIL.replace("type: RELU }", "type: RELU include { phase: TRAIN } }").replace(
        "type: DROPOUT }", "type: DROPOUT include { phase: TRAIN } }"
    )
    net = read_net(text, state=NetState("TRAIN"))
    with pytest.raises(RenameError, match="relu7 overwrites fc7's blob, but only in some phases"):
        plan_rename(net, ["fc7"])
