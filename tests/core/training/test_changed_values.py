"""Which values of a net are measured after a training, and what its files were made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import RequestError
from core.net.reader import read_net
from core.training.changed_values import changed_values
from core.training.made_from import MadeFrom, read_made_from, write_made_from
from tests.core.training.test_prepare import NETS


def test_values_begin_with_the_last_one_that_stays_as_it_is() -> None:
    net = read_net((NETS / "squeezenet_v1.0_deploy.prototxt").read_text())
    learning = [layer.name for layer in net.layers if layer.name.startswith(("fire9", "conv10"))]
    layers = [layer for layer, _ in changed_values(net, learning, {"conv10"})]
    assert layers == [
        "pool8", "fire9/relu_squeeze1x1", "fire9/relu_expand1x1", "fire9/relu_expand3x3",
        "fire9/concat", "conv10", "relu_conv10", "pool10",
    ]  # fmt: skip


def test_a_layer_stands_for_itself_where_no_relu_does() -> None:
    net = read_net((NETS / "vgg16_deploy.prototxt").read_text())
    found = changed_values(net, {"fc6", "fc7", "fc8"}, {"fc8"})
    assert found == (("pool5", "pool5"), ("relu6", "fc6"), ("relu7", "fc7"), ("fc8", "fc8"))


def test_what_files_were_made_from_is_read_back(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="does not say what its net was made from"):
        read_made_from(tmp_path)
    found = MadeFrom("/a.prototxt", "", {"fc": "fc_new"}, (("fc_new", "fc"),))
    write_made_from(found, tmp_path)
    assert read_made_from(tmp_path) == found
