"""The graph in the whole window: jobs, what is remembered of each net, files written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.graph import residual_net


def names(bench) -> list[str]:
    return [box.name for box in bench.window.panels.graph.picture.boxes]


def open_and_wait(qtbot, bench, path: Path) -> None:
    bench.opening.open_model(path, None)
    qtbot.waitUntil(lambda: bench.document.path == path and bench.lanes.is_idle, timeout=10000)


@pytest.fixture
def copies(tmp_path: Path, repository: Path) -> tuple[Path, Path]:
    """VGG16 twice: two files with the same layer names."""
    text = (repository / "prototxt" / "vgg16_deploy.prototxt").read_text()
    paths = (tmp_path / "one.prototxt", tmp_path / "two.prototxt")
    for path in paths:
        path.write_text(text)
    return paths


def test_each_file_keeps_its_own_folds(qtbot, bench, copies) -> None:
    one, two = copies
    open_and_wait(qtbot, bench, one)
    fresh = names(bench)
    bench.document.select("conv3_2")
    unfolded = names(bench)
    assert unfolded != fresh
    open_and_wait(qtbot, bench, two)
    assert names(bench) == fresh
    open_and_wait(qtbot, bench, one)
    assert names(bench) == unfolded


def test_a_net_is_shown_once_when_opened(qtbot, bench, copies) -> None:
    drawn = []
    bench.window.panels.graph.drawn.connect(lambda: drawn.append(1))
    open_and_wait(qtbot, bench, copies[0])
    assert len(drawn) == 1


def test_unfolding_a_large_net_is_a_job(qtbot, bench, tmp_path: Path) -> None:
    path = tmp_path / "units.prototxt"
    path.write_text(residual_net(20))
    open_and_wait(qtbot, bench, path)
    graph = bench.window.panels.graph
    folded = names(bench)
    graph.set_folded(False)
    assert names(bench) == folded
    qtbot.waitUntil(lambda: len(names(bench)) == 281, timeout=10000)


def test_a_phase_picked_in_the_graph_is_the_windows_phase(qtbot, bench, copies) -> None:
    open_and_wait(qtbot, bench, copies[0])
    menu = bench.window.panels.graph.menu_of(None)
    next(action for action in menu.actions() if action.text() == "TRAIN").trigger()
    qtbot.waitUntil(lambda: bench.document.net.state.phase == "TRAIN", timeout=10000)
    assert bench.window.phase_box.currentText() == "TRAIN"


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_graph_is_written_where_the_user_says(
    qtbot, bench, user, copies, tmp_path: Path, suffix: str
) -> None:
    open_and_wait(qtbot, bench, copies[0])
    target = tmp_path / f"graph{suffix}"
    user.files.append((target,))
    with qtbot.waitSignal(bench.graph.written, timeout=10000):
        bench.window.actions_["export_graph"].trigger()
    assert target.stat().st_size > 5000
    assert user.asked == ["Export the graph"]


def test_a_folder_that_refuses_is_said(qtbot, bench, user, copies, tmp_path: Path) -> None:
    open_and_wait(qtbot, bench, copies[0])
    user.files.append((tmp_path / "nowhere" / "graph.svg",))
    bench.window.actions_["export_graph"].trigger()
    qtbot.waitUntil(lambda: bench.notices.has("export"))


def test_the_table_is_written_as_csv(qtbot, bench, user, copies, tmp_path: Path) -> None:
    open_and_wait(qtbot, bench, copies[0])
    user.files.append((tmp_path / "layers.csv",))
    with qtbot.waitSignal(bench.graph.written, timeout=10000):
        bench.window.panels.layer_table.csv_requested.emit()
    lines = (tmp_path / "layers.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 42
    assert lines[-1].startswith("total,40 layers,")


def test_layers_chosen_in_the_graph_and_the_table_are_the_same(qtbot, bench, repository) -> None:
    bench.opening.open_model(repository / "prototxt" / "vgg16_deploy.prototxt")
    qtbot.waitUntil(lambda: bench.document.net is not None, timeout=10000)
    panels = bench.window.panels
    bench.document.select("relu7")
    panels.graph.layers_chosen.emit(("fc7", "relu7", "fc8"))
    assert panels.layer_table.selected_layers == ("fc7", "relu7", "fc8")
    items = panels.graph.scene.layer_items.values()
    assert {i.box.name for i in items if i.is_together} == {"fc7", "relu7", "fc8"}
    assert bench.document.selection == "relu7"
    bench.viewing.show_layers(["relu6", "drop6", "nothing"])
    assert bench.document.selection == "relu6"
    assert panels.layer_table.selected_layers == ("relu6", "drop6")
    bench.document.select("prob")
    assert panels.layer_table.selected_layers == ("prob",)
    assert not any(item.is_together for item in panels.graph.scene.layer_items.values())
