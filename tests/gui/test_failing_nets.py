"""A net that fails at one layer is drawn and runs up to it, and the box says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
  inner_product_param { num_output: 20 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "BOTTOM" top: "fc8"
  inner_product_param { num_output: OUTPUTS } }
layer { name: "relu8" type: "ReLU" bottom: "fc8" top: "fc8" }
"""
BROKEN = {
    "a bottom that nobody writes": NET.replace("BOTTOM", "lost").replace("OUTPUTS", "8"),
    "text that can't be parsed": NET.replace("BOTTOM", "fc7").replace("OUTPUTS", "8l"),
}


@pytest.fixture(params=list(BROKEN))
def opened(request, bench, qtbot, tmp_path: Path):
    path, picture = tmp_path / "small.prototxt", tmp_path / "photo.png"
    path.write_text(BROKEN[request.param])
    Image.new("RGB", (40, 30), (200, 40, 10)).save(picture)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    bench.opening.open_paths([picture])
    bench.window.show_page("net")
    return bench


def test_the_layers_above_it_run(opened, qtbot) -> None:
    bench = opened
    bench.document.select("relu7")
    forward = bench.window.actions_["forward"]
    assert forward.isEnabled(), bench.window.actions_.why_not("forward")
    forward.trigger()
    glance = bench.window.panels.glance
    qtbot.waitUntil(lambda: glance.view is not None, timeout=15000)
    assert [one.label for one in glance.view.series] == ["fc7 · fc7@0", "relu7 · fc7@1"]


@pytest.mark.parametrize("opened", ["a bottom that nobody writes"], indirect=True)
def test_the_sentence_stands_on_the_box_and_in_the_inspector(opened, qtbot) -> None:
    bench = opened
    panels = bench.window.panels
    sentence = "Unknown bottom blob 'lost' (layer 'fc8', bottom index 0)."
    (box,) = (item for item in panels.graph.scene.layer_items.values() if "fc8" in item.box.layers)
    assert box.box.failure == sentence
    assert sentence in box.toolTip()
    bench.document.select("fc8")
    assert panels.inspector.failure.text() == sentence
    assert panels.inspector.failure.isVisible()
    bench.document.select("relu7")
    assert not panels.inspector.failure.isVisible()
