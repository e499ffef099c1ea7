"""The inspector's histogram: from the pass that ran, kept over renames and saves."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
  inner_product_param { num_output: NUM } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
  inner_product_param { num_output: 8 } }
"""


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path):
    path, picture = tmp_path / "small.prototxt", tmp_path / "photo.png"
    path.write_text(NET.replace("NUM", "20"))
    Image.new("RGB", (40, 30), (200, 40, 10)).save(picture)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    bench.opening.open_paths([picture])
    bench.window.show_page("net")
    return bench


def labels(bench) -> list[str]:
    view = bench.window.panels.glance.view
    return [] if view is None else [f"{one.letter} {one.label}" for one in view.series]


def test_before_and_after_stay_over_a_rename_and_a_save(opened, qtbot) -> None:
    """Fault 27: the histogram dropped its B at the moment it became readable."""
    bench = opened
    bench.document.select("relu7")
    qtbot.waitUntil(lambda: labels(bench) == ["A fc7 · fc7@0", "B relu7 · fc7@1"], timeout=15000)
    inspector = bench.window.panels.inspector
    assert inspector.section_note("values") == "@0 before, @1 after ReLU"
    bench.window.actions_["rename"].trigger()
    qtbot.waitUntil(lambda: labels(bench) == ["A fc7", "B relu7 · fc7_relu7"], timeout=15000)
    assert inspector.section_note("values") == "before and after ReLU"
    bench.saving.save(bench.saving.suggested_path())
    qtbot.waitUntil(lambda: not bench.document.is_edited and bench.lanes.is_idle)
    bench.document.select("fc8")
    qtbot.waitUntil(lambda: labels(bench) == ["A fc8"], timeout=15000)
    bench.document.select("relu7")
    qtbot.waitUntil(lambda: labels(bench) == ["A fc7", "B relu7 · fc7_relu7"], timeout=15000)


def test_a_selection_starts_no_long_pass(opened, qtbot, monkeypatch) -> None:
    bench = opened
    monkeypatch.setattr("gui.document.CHEAP_MACS", 1)
    bench.document.select("relu7")
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    inspector = bench.window.panels.inspector
    assert bench.inspecting.last_forward is None
    assert inspector.values_hint.text() == "Forward (F5) shows how the values spread."
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: labels(bench) == ["A fc7 · fc7@0", "B relu7 · fc7@1"], timeout=15000)


def test_nothing_is_asked_of_an_inspector_that_is_not_seen(opened, qtbot) -> None:
    bench = opened
    bench.window.net_page.right.set_folded(True)
    bench.document.select("relu7")
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert labels(bench) == []
    bench.window.net_page.right.set_folded(False)
    qtbot.waitUntil(lambda: labels(bench) == ["A fc7 · fc7@0", "B relu7 · fc7@1"], timeout=15000)
