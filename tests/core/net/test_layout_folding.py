"""Which layers fold: prefixes, runs to a pooling, merges; outputs and inputs stay visible."""

from __future__ import annotations

from core.net.layout.folding import fold_blocks, fold_stages
from core.net.reader import read_net


def _layer(name: str, type_: str, bottoms: str, top: str) -> str:
    reads = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    return f'layer {{ name: "{name}" type: "{type_}" {reads} top: "{top}" }}\n'


_INPUT = 'layer { name: "data" type: "Input" top: "data" }\n'


def _groups(text: str) -> dict[str, tuple[str, ...]]:
    return {group.name: group.layer_names for group in fold_blocks(read_net(text))}


def test_a_vgg_block_ends_at_its_pooling_and_the_classifier_stays_open() -> None:
    text = (
        _INPUT
        + _layer("conv1_1", "Convolution", "data", "conv1_1")
        + _layer("relu1_1", "ReLU", "conv1_1", "conv1_1")
        + _layer("pool1", "Pooling", "conv1_1", "pool1")
        + _layer("conv2_1", "Convolution", "pool1", "conv2_1")
        + _layer("relu2_1", "ReLU", "conv2_1", "conv2_1")
        + _layer("conv2_2", "Convolution", "conv2_1", "conv2_2")
        + _layer("pool2", "Pooling", "conv2_2", "pool2")
        + _layer("fc6", "InnerProduct", "pool2", "fc6")
        + _layer("relu6", "ReLU", "fc6", "fc6")
        + _layer("fc7", "InnerProduct", "fc6", "fc7")
    )
    assert _groups(text) == {
        "conv1_1 ... pool1": ("conv1_1", "relu1_1", "pool1"),
        "conv2_1 ... pool2": ("conv2_1", "relu2_1", "conv2_2", "pool2"),
    }


def test_what_follows_a_pooling_in_place_or_normalises_belongs_to_the_block() -> None:
    text = (
        _INPUT
        + _layer("conv1", "Convolution", "data", "conv1")
        + _layer("pool1", "Pooling", "conv1", "pool1")
        + _layer("relu1", "ReLU", "pool1", "pool1")
        + _layer("norm1", "LRN", "pool1", "norm1")
        + _layer("conv2", "Convolution", "norm1", "conv2")
    )
    assert _groups(text) == {"conv1 ... norm1": ("conv1", "pool1", "relu1", "norm1")}


def test_a_name_prefix_folds_a_fire_module_with_both_expands() -> None:
    text = (
        _INPUT
        + _layer("fire2/squeeze1x1", "Convolution", "data", "fire2/squeeze1x1")
        + _layer("fire2/relu", "ReLU", "fire2/squeeze1x1", "fire2/squeeze1x1")
        + _layer("fire2/expand1x1", "Convolution", "fire2/squeeze1x1", "fire2/expand1x1")
        + _layer("fire2/expand3x3", "Convolution", "fire2/squeeze1x1", "fire2/expand3x3")
        + _layer("fire2/concat", "Concat", "fire2/expand1x1 fire2/expand3x3", "fire2/concat")
        + _layer("score", "Convolution", "fire2/concat", "score")
    )
    assert list(_groups(text)) == ["fire2/*"]
    assert len(_groups(text)["fire2/*"]) == 5


def test_a_residual_block_folds_with_the_relu_on_its_sum() -> None:
    text = (
        _INPUT
        + _layer("conv1", "Convolution", "data", "conv1")
        + _layer("res2a_branch1", "Convolution", "conv1", "res2a_branch1")
        + _layer("res2a_branch2a", "Convolution", "conv1", "res2a_branch2a")
        + _layer("res2a", "Eltwise", "res2a_branch1 res2a_branch2a", "res2a")
        + _layer("res2a_relu", "ReLU", "res2a", "res2a")
        + _layer("fc", "InnerProduct", "res2a", "fc")
    )
    assert _groups(text) == {"res2a_*": ("res2a_branch1", "res2a_branch2a", "res2a", "res2a_relu")}


def test_an_output_of_the_net_is_never_hidden() -> None:
    text = (
        _INPUT
        + _layer("head/a", "Convolution", "data", "a")
        + _layer("head/b", "Convolution", "a", "b")
        + _layer("head/c", "Convolution", "b", "c")
        + _layer("head/side", "Convolution", "b", "side")
        + _layer("head/prob", "Softmax", "c", "prob")
    )
    assert _groups(text) == {"head/*": ("head/a", "head/b", "head/c")}


def test_a_prefix_that_leaves_and_comes_back_takes_in_what_lies_between() -> None:
    text = (
        _INPUT
        + _layer("block/conv", "Convolution", "data", "block/conv")
        + _layer("relu_between", "ReLU", "block/conv", "relu_between")
        + _layer("block/conv2", "Convolution", "relu_between", "block/conv2")
        + _layer("end", "Convolution", "block/conv2", "end")
    )
    assert _groups(text) == {"block/*": ("block/conv", "relu_between", "block/conv2")}


def test_two_prefixes_that_feed_each_other_do_not_both_fold() -> None:
    text = (
        _INPUT
        + _layer("a/1", "Convolution", "data", "a1")
        + _layer("b/1", "Convolution", "data", "b1")
        + _layer("a/2", "Eltwise", "a1 b1", "a2")
        + _layer("b/2", "Eltwise", "a1 b1", "b2")
        + _layer("a/3", "Convolution", "a2", "a3")
        + _layer("b/3", "Convolution", "b2", "b3")
        + _layer("end", "Eltwise", "a3 b3", "end")
    )
    groups = _groups(text)
    assert not ({"a/*", "b/*"} <= set(groups))


def test_small_nets_do_not_fold() -> None:
    assert _groups(_INPUT + _layer("ip", "InnerProduct", "data", "ip")) == {}


def test_a_layer_named_as_the_prefix_leads_its_block() -> None:
    """MobileNet: conv0, conv0/bn, conv0/scale and conv0/relu are one block."""
    text = (
        _INPUT
        + _layer("conv0", "Convolution", "data", "conv0")
        + _layer("conv0/bn", "BatchNorm", "conv0", "conv0")
        + _layer("conv0/scale", "Scale", "conv0", "conv0")
        + _layer("conv0/relu", "ReLU", "conv0", "conv0")
        + _layer("fc", "InnerProduct", "conv0", "fc")
    )
    assert _groups(text) == {"conv0/*": ("conv0", "conv0/bn", "conv0/scale", "conv0/relu")}


def test_a_stage_ends_where_something_else_reads_one_of_its_blocks() -> None:
    """SSD reads the middle of MobileNet, which one box for all of it would hide."""
    text = _INPUT + _layer("conv0", "Convolution", "data", "conv0")
    before = "conv0"
    for i in range(1, 8):
        for part in "abc":
            text += _layer(f"conv{i}/{part}", "Convolution", before, f"conv{i}/{part}")
            before = f"conv{i}/{part}"
    text += _layer("head", "InnerProduct", "conv4/c", "head")
    text += _layer("fc", "InnerProduct", before, "fc")
    net = read_net(text)
    stages = fold_stages(net, fold_blocks(net))
    assert [stage.name for stage in stages] == ["conv1 ... conv4", "conv5 ... conv7"]


def test_an_auxiliary_head_folds_with_its_losses_and_the_last_one_shows_them() -> None:
    text = _INPUT + 'layer { name: "label" type: "Input" top: "label" }\n'
    text += _layer("conv", "Convolution", "data", "conv")
    for head in ("loss1", "loss2"):
        text += _layer(f"{head}/conv", "Convolution", "conv", f"{head}/conv")
        text += _layer(f"{head}/relu", "ReLU", f"{head}/conv", f"{head}/conv")
        text += _layer(f"{head}/fc", "InnerProduct", f"{head}/conv", f"{head}/fc")
        text += _layer(f"{head}/loss", "SoftmaxWithLoss", f"{head}/fc label", f"{head}/loss")
        text += _layer(f"{head}/top-1", "Accuracy", f"{head}/fc label", f"{head}/top-1")
    groups = _groups(text)
    assert len(groups["loss1/*"]) == 5
    assert groups["loss2/*"] == ("loss2/conv", "loss2/relu", "loss2/fc")
