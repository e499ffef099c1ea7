"""A user looks into a trained net with a photo, then searches a folder with it: the real engine."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from core.images.presets import SQUEEZENET
from gui.panels.retrieval.view import RecipeChoice

PHOTO = "imagenet40/n02138441_meerkat.jpg"


@pytest.fixture
def squeezenet(bench, qtbot, material: Callable[[str], Path]):
    """SqueezeNet with its weights open, and the recipe it was trained with."""
    prototxt = material("models/squeezenet_v1.0.prototxt")
    bench.opening.open_paths([prototxt, material("models/squeezenet_v1.0.caffemodel")])
    qtbot.waitUntil(lambda: bench.document.weights is not None, timeout=30000)
    bench.document.set_recipe(SQUEEZENET)
    return bench


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=120000)


def test_a_photo_is_named_and_its_layers_are_seen(squeezenet, qtbot, material) -> None:
    bench, panels = squeezenet, squeezenet.window.panels
    golden = json.loads(material("goldens/squeezenet_images.json").read_text())["top5"][PHOTO]
    bench.opening.open_image(material(f"images/{PHOTO}"))
    bench.window.show_panel(panels.activations)
    bench.document.select("pool_final")
    settle(bench, qtbot)
    scores = panels.activations.classes.scores
    assert scores.note == "softmax of its scores"
    assert [one.index for one in scores.classes] == [entry[0] for entry in golden]
    assert scores.classes[0].name.startswith("meerkat")
    bench.window.show_panel(panels.histogram)
    bench.document.select("relu_conv1")
    settle(bench, qtbot)
    before, after = (one.statistics for one in panels.histogram.view().series)
    assert before.n_negative == after.n_zeros - before.n_zeros > 0
    assert after.n_negative == 0
    assert before.maximum == after.maximum


def test_a_folder_is_searched_as_well_as_real_caffe_does(
    squeezenet, qtbot, material, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.controllers.searching.index.ASK_SECONDS", math.inf)
    bench, panel = squeezenet, squeezenet.window.panels.retrieval
    golden = json.loads(material("goldens/squeezenet_images.json").read_text())
    wanted = golden["retrieval_cosine_leave_one_out"]["instances"]
    bench.window.show_panel(panel)
    choice = RecipeChoice("fire9/concat", "fire9/concat", "gap")
    bench.searching.open_folder(material("images/instances"), choice)
    settle(bench, qtbot)
    row = next(one for one in panel.chart.rows if one.recipe == choice)
    assert row.mean_ap == pytest.approx(wanted["mAP"], abs=2e-3)
    assert row.precision_at_1 == pytest.approx(wanted["P@1"], abs=1e-9)
    assert row.n_queries == wanted["n"]
    assert panel.query_column.ap.isVisible()
