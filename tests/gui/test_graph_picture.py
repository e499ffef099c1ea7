"""The graph's picture of a net: boxes, edges, brackets, badges, folds and places."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import pytest

from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename, plan_rename_all
from gui.graph import metrics as m
from gui.graph.folding import FoldState, plan_folds
from gui.graph.items.badge import badge_sentence
from gui.graph.picture import GraphPicture, draw_picture
from gui.graph.placing import next_box, place_picture


@pytest.fixture
def vgg(repository: Path):
    return load_net(repository / "prototxt" / "vgg16_deploy.prototxt")


def picture_of(net, **options) -> GraphPicture:
    return draw_picture(net, infer_shapes(net), **options)


def box_named(picture: GraphPicture, name: str):
    return next(box for box in picture.boxes if box.name == name)


def test_every_layer_is_a_box_with_its_type_and_shape_without_the_batch(vgg) -> None:
    picture = picture_of(vgg)
    assert len(picture.boxes) == 40
    box = box_named(picture, "conv1_1")
    assert (box.note, box.shape, box.family) == ("Convolution", "64×224×224", "convolution")
    assert box_named(picture, "relu7").shape == "4096"


def test_a_shared_blob_has_a_bracket_and_a_badge_for_each_version(vgg) -> None:
    picture = picture_of(vgg)
    bracket = next(b for b in picture.brackets if b.title == "shares blob fc7")
    assert (bracket.kind, bracket.subtitle) == ("shared", "3 writers, 1 blob")
    assert [vgg.layers[key].name for key in bracket.boxes] == ["fc7", "relu7", "drop7"]
    badges = [box_named(picture, name).badges[0] for name in ("fc7", "relu7", "drop7")]
    assert [badge.label for badge in badges] == ["fc7@0", "fc7@1", "fc7@2"]
    assert [badge.state for badge in badges] == ["overwritten", "overwritten", "readable"]
    assert [badge.wish for badge in badges] == ["relu7", "relu7", "drop7"]
    assert box_named(picture, "pool5").badges == ()


def test_badges_say_what_is_lost_and_what_a_click_does(vgg) -> None:
    picture = picture_of(vgg)
    badge = box_named(picture, "relu7").badges[0]
    assert badge_sentence(vgg, badge) == (
        "drop7 overwrites it. Click: relu7 gets blob fc7_relu7, drop7 gets fc7_drop7. "
        "4 names in 3 layers."
    )
    badge = box_named(picture, "drop7").badges[0]
    assert badge_sentence(vgg, badge) == (
        "Readable after a forward pass. Click: drop7 gets blob fc7_drop7. 2 names in 2 layers."
    )


def test_renamed_layers_get_ok_badges_and_one_label(vgg) -> None:
    plan = plan_rename(vgg, ["relu7"])
    after = read_net(plan.new_text)
    own = {(rename.layer, rename.new_blob) for rename in plan.renames}
    picture = picture_of(after, own_blobs=own)
    badges = [box_named(picture, name).badges[0] for name in ("fc7", "relu7", "drop7")]
    assert [badge.label for badge in badges] == ["fc7", "fc7_relu7", "fc7_drop7"]
    assert [badge.state for badge in badges] == ["plain", "own", "own"]
    assert [badge.wish for badge in badges] == ["", "", ""]
    label = next(bracket for bracket in picture.brackets if bracket.kind == "own")
    assert (label.title, label.subtitle) == ("3 layers, 3 blobs", "all readable")
    assert not any(bracket.title == "shares blob fc7" for bracket in picture.brackets)


def test_a_chain_renamed_in_part_keeps_its_own_label() -> None:
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"'
        " inner_product_param { num_output: 2 } }\n"
        + "".join(
            f'layer {{ name: "{name}" type: "ReLU" bottom: "fc" top: "fc" }}\n' for name in "abc"
        )
    )
    plan = plan_rename(net, ["c"])
    own = {(rename.layer, rename.new_blob) for rename in plan.renames}
    picture = picture_of(read_net(plan.new_text), own_blobs=own)
    titles = {bracket.kind: bracket.title for bracket in picture.brackets}
    assert titles == {"shared": "shares blob fc", "own": ""}


def test_a_rename_leaves_boxes_and_arrows_as_they_were(vgg) -> None:
    plan = plan_rename_all(vgg)
    own = {(rename.layer, rename.new_blob) for rename in plan.renames}
    before, after = picture_of(vgg), picture_of(read_net(plan.new_text), own_blobs=own)
    assert {(e.source, e.target) for e in before.edges} == {
        (e.source, e.target) for e in after.edges
    }
    assert [box.key for box in before.boxes] == [box.key for box in after.boxes]


def test_stages_and_chains_fold_and_open_around_a_layer(vgg) -> None:
    folds = FoldState()
    folds.start(vgg)
    assert folds.is_on
    names = [box.name for box in picture_of(vgg, folded=folds.folded()).boxes]
    assert names == [
        "input",
        "conv1_1 ... pool1",
        "conv2_1 ... pool2",
        "conv3_1 ... pool3",
        "conv4_1 ... pool4",
        "conv5_1 ... pool5",
        "fc6",
        "fc7",
        "fc8",
        "prob",
    ]
    assert folds.open_around(vgg.layer("relu7").index)
    picture = picture_of(vgg, folded=folds.folded())
    assert [box.name for box in picture.boxes][7:10] == ["fc7", "relu7", "drop7"]
    assert box_named(picture, "fc6").note == "+ relu6, drop6"
    assert box_named(picture, "conv4_1 ... pool4").note == "7 layers"
    folded = next(bracket for bracket in picture.brackets if bracket.kind == "folded")
    assert (folded.title, folded.subtitle) == ("shares blob fc6", "3 layers, folded")


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_boxes_do_not_overlap_and_chains_stand_in_line(vgg, direction: str) -> None:
    picture = picture_of(vgg)
    widths = {box.key: 90.0 for box in picture.boxes if box.badges}
    corners = place_picture(picture, widths, direction).corners
    for (x, y), (other_x, other_y) in combinations(corners.values(), 2):
        assert abs(x - other_x) >= m.BOX_WIDTH or abs(y - other_y) >= m.BOX_HEIGHT
    across = 0 if direction == "TB" else 1
    for bracket in picture.brackets:
        assert len({corners[key][across] for key in bracket.boxes}) == 1
        along = [corners[key][1 - across] for key in bracket.boxes]
        assert all(first < second for first, second in pairwise(along))


@pytest.mark.parametrize(
    "name",
    [
        "BVLC__caffe__models__bvlc_googlenet__deploy.prototxt",
        "chuanqi305__MobileNet-SSD__deploy.prototxt",
    ],
)
def test_branched_nets_keep_every_arrow_folded_or_not(material, name: str) -> None:
    net = load_net(material(f"prototxts/{name}"))
    for folded in ((), plan_folds(net).folded(())):
        picture = picture_of(net, folded=folded)
        placement = place_picture(picture, {})
        assert set(placement.routes) == {(e.source, e.target) for e in picture.edges}
        assert set(picture.box_of.values()) == {box.key for box in picture.boxes}
        for (source, target), route in placement.routes.items():
            start, end = placement.corners[source], placement.corners[target]
            assert route[0][0] == start[0] + m.BOX_WIDTH / 2
            assert route[-1] == (end[0] + m.BOX_WIDTH / 2, end[1])


def test_arrow_keys_follow_arrows_and_ranks() -> None:
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        'layer { name: "a" type: "Convolution" bottom: "data" top: "a"'
        " convolution_param { num_output: 2 kernel_size: 1 } }\n"
        'layer { name: "b" type: "Convolution" bottom: "data" top: "b"'
        " convolution_param { num_output: 2 kernel_size: 1 } }\n"
        'layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }\n'
    )
    picture = picture_of(net)
    placement = place_picture(picture, {})
    index = {layer.name: layer.index for layer in net.layers}
    left, right = sorted((index["a"], index["b"]), key=lambda key: placement.corners[key][0])
    assert next_box(picture, placement, left, "right") == right
    assert next_box(picture, placement, right, "left") == left
    assert next_box(picture, placement, left, "down") == index["sum"]
    assert next_box(picture, placement, left, "up") == index["input"]
    assert next_box(picture, placement, index["sum"], "down") is None


def test_a_file_with_two_writers_that_are_not_in_place_still_draws() -> None:
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        'layer { name: "one" type: "ReLU" bottom: "data" top: "x" }\n'
        'layer { name: "two" type: "ReLU" bottom: "data" top: "x" }\n'
        'layer { name: "lost" type: "ReLU" bottom: "nowhere" top: "y" }\n'
    )
    picture = picture_of(net)
    assert net.problems
    assert len(picture.boxes) == 4
    assert picture.brackets == ()
    assert len(place_picture(picture, {}).corners) == 4


def test_a_folded_block_counts_the_blobs_that_a_rename_gave_it(vgg) -> None:
    plan = plan_rename_all(vgg)
    net = read_net(plan.new_text)
    own = {(rename.layer, rename.new_blob) for rename in plan.renames}
    picture = draw_picture(net, infer_shapes(net), folded=plan_folds(vgg).folded(()), own_blobs=own)
    labels = {box.name: [badge.label for badge in box.badges] for box in picture.boxes}
    assert labels["conv1_1 ... pool1"] == ["2 blobs new"]
    assert labels["conv3_1 ... pool3"] == ["3 blobs new"]
    assert labels["fc6"] == ["fc6_drop6"]
    titles = [bracket.title for bracket in picture.brackets]
    assert titles == ["3 layers, 3 blobs", "3 layers, 3 blobs"]
