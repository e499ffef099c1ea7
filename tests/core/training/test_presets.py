"""Recipes of others: what they leave as it is in the nets that they are fitted to."""

from __future__ import annotations

import pytest

from core.errors import RequestError
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.training.prepare import prepare
from core.training.presets import PRESETS, find_preset, with_preset
from core.training.training_plan import TrainingPlan
from tests.core.training.test_prepare import NETS, RECIPE, multipliers

PLAN = TrainingPlan(n_classes=3, n_train=40, n_val=9)


@pytest.mark.parametrize(
    ("net", "last"),
    [("vgg16_deploy", "pool5"), ("caffenet_deploy", "pool5"), ("squeezenet_v1.0_deploy", "pool8")],
)
def test_the_last_block_is_what_comes_after_the_last_pooling(net: str, last: str) -> None:
    read = read_net((NETS / f"{net}.prototxt").read_text())
    assert with_preset(PLAN, find_preset("top-block"), read).freeze == last


@pytest.mark.parametrize("preset", [preset.id for preset in PRESETS])
def test_a_preset_says_what_learns_and_the_new_layer_always_does(preset: str) -> None:
    read = read_net((NETS / "caffenet_deploy.prototxt").read_text())
    plan = with_preset(PLAN, find_preset(preset), read)
    files = prepare(read, plan, RECIPE, "caffenet")
    new = files.renamed[0][1]
    rates = multipliers(files.train_val)
    learning = {layer for (layer, _), (rate, _) in rates.items() if rate}
    assert rates[new, 0] == (10.0, 1.0)
    assert rates[new, 1] == (20.0, 0.0)
    expected = {
        "top-block": {"fc6", "fc7", new},
        "new-layer": {new},
    }.get(preset, {row.layer.name for row in infer_shapes(read).layers if row.parameters} - {"fc8"}
          | {new})  # fmt: skip
    assert learning == expected


def test_flickr_style_has_the_numbers_of_caffes_own_files() -> None:
    """models/finetune_flickr_style: solver.prototxt and fc8_flickr in train_val.prototxt."""
    read = read_net((NETS / "caffenet_deploy.prototxt").read_text())
    plan = with_preset(PLAN, find_preset("flickr-style"), read)
    assert (plan.base_lr, plan.batch, plan.head, plan.rest) == (0.001, 50, (10, 20), (1, 2))
    assert plan.mirror


def test_an_unknown_preset_names_those_that_there_are() -> None:
    with pytest.raises(RequestError, match="no training preset 'mine'") as refused:
        find_preset("mine")
    assert all(preset.id in refused.value.hint for preset in PRESETS)
