"""Opening a solver file shows the net that it names."""

from __future__ import annotations

from pathlib import Path

NET = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "drop" type: "Dropout" bottom: "data" top: "data" include { phase: TRAIN } }
"""


def test_the_net_of_a_solver_is_shown(bench, qtbot, tmp_path: Path) -> None:
    net = tmp_path / "train_val.prototxt"
    net.write_text(NET)
    solver = tmp_path / "solver.prototxt"
    solver.write_text('train_net: "models/mine/train_val.prototxt"\nbase_lr: 0.1\n')
    bench.opening.open_paths([solver])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    assert bench.document.path == net
    assert bench.document.text == NET
    assert bench.document.state.phase == "TRAIN"
    assert [layer.name for layer in bench.document.net.layers] == ["data", "drop"]
    (notice,) = bench.notices.current
    assert notice.title == "solver.prototxt is a solver: its net is shown"
    assert "train_val.prototxt, in the TRAIN phase." in notice.body
    assert bench.settings.recent("models") == (solver,)


def test_a_solver_without_its_net_is_an_error_that_names_it(bench, qtbot, tmp_path: Path) -> None:
    solver = tmp_path / "solver.prototxt"
    solver.write_text('net: "gone.prototxt"\n')
    bench.opening.open_paths([solver])
    qtbot.waitUntil(lambda: bool(bench.notices.current))
    (notice,) = bench.notices.current
    assert notice.kind == "error"
    assert "names the net 'gone.prototxt', which is not there" in notice.title
    assert bench.document.net is None
