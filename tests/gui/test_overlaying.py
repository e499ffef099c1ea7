"""Numbers on the graph: the menu, the colours, the sorted list, and where they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.weights.writer import write_caffemodel
from gui.panels.layers.rows import COLUMNS, Column

NET = """
input: "data" input_shape { dim: 1 dim: 3 dim: 16 dim: 16 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 8 kernel_size: 5 bias_term: false } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { kernel_size: 2 stride: 2 } }
"""
CONV = np.ones((8, 3, 5, 5), np.float32)


def test_numbers_colour_the_graph_sort_the_list_and_say_their_source(
    make_bench, qtbot, tmp_path: Path, user
) -> None:
    net, weights, other = (tmp_path / name for name in ("n.prototxt", "a.caffemodel", "b.h5"))
    net.write_text(NET)
    write_caffemodel(weights, "n", [("conv", "Convolution", [CONV])])
    other = tmp_path / "b.caffemodel"
    write_caffemodel(other, "n", [("conv", "Convolution", [CONV * np.float32(1.25)])])
    bench = make_bench()
    bench.window.show()
    bench.opening.open_paths([net, weights])
    qtbot.waitUntil(lambda: bench.document.weights is not None, timeout=10000)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=10000)
    panels, overlaying = bench.window.panels, bench.layer.overlaying
    offers = {offer.key: (offer.note, offer.is_possible) for offer in overlaying.offers()}
    assert offers["zeros"] == ("needs an image", False)
    assert offers["mAP"] == ("needs a sweep", False)
    assert offers["change"] == ("choose a file…", True)
    assert not panels.inspector.numbers.isVisibleTo(panels.inspector)

    user.files.append((other,))
    panels.graph.overlay_chosen.emit("change")
    qtbot.waitUntil(lambda: overlaying.numbers is not None, timeout=10000)
    assert panels.graph.overlay.values == {"conv": 25.0}
    assert panels.graph.bar.overlay.text() == "Overlay: weight change"
    by_key = {item.box.layers[0]: item for item in panels.graph.scene.layer_items.values()}
    assert by_key["conv"].mark.words == "25.0"
    assert by_key["pool"].mark is None
    assert panels.layer_table.model.shown[0].record.name == "conv"
    assert not panels.layer_table.view.isColumnHidden(COLUMNS.index(Column.NUMBER))
    bench.document.select("conv")
    facts = {fact.name: fact.value for fact in panels.inspector.numbers.facts.facts}
    assert facts["weight change"] == "25.0 %"
    assert facts["Against"] == "b.caffemodel"
    bench.document.select("pool")
    facts = {fact.name: fact.value for fact in panels.inspector.numbers.facts.facts}
    assert facts["weight change"] == "no weights in both files"

    table = tmp_path / "t.csv"
    table.write_text("layer,score\npool,2\nrelu,3\n")
    user.files.append((table,))
    panels.graph.overlay_chosen.emit("csv")
    qtbot.waitUntil(lambda: overlaying.numbers.name == "score", timeout=10000)
    assert panels.graph.overlay.values == {"pool": 2.0, "relu": 3.0}
    names = [row.record.name for row in panels.layer_table.model.shown]
    assert names[:2] == ["relu", "pool"]
    shown = panels.layer_table.model.shown
    assert [row.overlay for row in shown[:3]] == [(3, "3.000", 1), (2, "2.000", 0), None]
    checked = [a.text() for a in panels.graph.overlay_menu().actions() if a.isChecked()]
    assert checked == ["CSV…   two columns: layer, value"]

    panels.graph.overlay_chosen.emit("")
    assert panels.graph.overlay is None
    assert panels.layer_table.view.isColumnHidden(COLUMNS.index(Column.NUMBER))
    assert panels.layer_table.model.sorted_by is None
    assert not panels.inspector.numbers.isVisibleTo(panels.inspector)
