"""A dead, deaf or absent engine: the window says so, starts another, loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from core.engines.base import EngineSpec
from core.errors import EngineCrashed

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
  inner_product_param { num_output: 5 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
"""


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    net, image = tmp_path / "net.prototxt", tmp_path / "photo.png"
    net.write_text(NET)
    Image.new("RGB", (40, 30), (200, 40, 10)).save(image)
    return [net, image]


def open_all(bench, qtbot, paths: list[Path]) -> None:
    bench.opening.open_paths(paths)
    qtbot.waitUntil(lambda: bench.document.net is not None)
    bench.window.show_page("layer")
    bench.document.select("relu7")


def test_the_status_line_says_the_engine_is_ready(bench) -> None:
    assert bench.window.status_line.texts["engine"] == "Fake · CPU, ready"
    assert bench.window.engine_popup.device_box.currentText() == "CPU"
    assert bench.window.actions_["forward"].isEnabled() is False


def test_a_forward_fills_the_status_line(bench, qtbot, paths) -> None:
    open_all(bench, qtbot, paths)
    with qtbot.waitSignal(bench.inspecting.forward_done, timeout=15000):
        bench.window.actions_["forward"].trigger()
    line = bench.window.status_line  # shows it once no job runs any more
    qtbot.waitUntil(lambda: line.texts["last"].startswith("last forward "), timeout=15000)


def test_a_crash_is_told_and_the_engine_starts_again(make_bench, qtbot, paths) -> None:
    bench = make_bench(is_shown=True, crash_at="fc7")
    open_all(bench, qtbot, paths)
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: bench.notices.has("engine"), timeout=15000)
    notice = next(n for n in bench.notices.current if n.key == "engine")
    assert notice.title == "The engine stopped while running fc7"
    assert "Your file and your edits are safe." in notice.body
    assert [action.text for action in notice.actions] == ["Restart engine", "Copy details"]
    assert bench.window.status_line.texts["engine"] == "Fake · stopped"
    bench.engine.spec = EngineSpec("fake")
    bench.notices.trigger("engine", "restart")
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=15000)
    assert not bench.notices.has("engine")
    assert bench.document.text == NET


def test_a_job_that_hangs_is_cancelled_by_a_new_engine(make_bench, qtbot, paths) -> None:
    bench = make_bench(is_shown=True, hang_at="fc7")
    open_all(bench, qtbot, paths)
    qtbot.waitUntil(lambda: bench.lanes.is_running("forward"))
    pid = bench.engine.process_id
    qtbot.waitUntil(lambda: bench.window.status_line.texts["job"].startswith("Forward pass"))
    bench.window.status_line.cancel_clicked.emit()
    qtbot.waitUntil(lambda: bench.engine.process_id not in (pid, None), timeout=15000)
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=15000)
    assert not bench.notices.has("engine")


def test_an_engine_that_can_not_start_is_named(make_bench, qtbot) -> None:
    bench = make_bench()
    bench.engine.spec = EngineSpec("fake", command=("/no/such/python",))
    bench.start()
    qtbot.waitUntil(lambda: bench.engine.state == "unavailable", timeout=15000)
    assert bench.notices.current[0].title == "The Fake engine did not start"
    assert bench.window.status_line.texts["engine"] == "Fake · not available"


def test_another_device_is_remembered(bench, qtbot) -> None:
    before = bench.document.revision
    bench.engine.choose_device("cuda:0")
    assert bench.document.revision == before + 1
    assert bench.engine.device_name == "CUDA 0"


def test_closing_while_a_job_runs_ends_everything(make_bench, qtbot, paths) -> None:
    bench = make_bench(is_shown=True, hang_at="fc7")
    open_all(bench, qtbot, paths)
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_running("forward"))
    bench.window.close()
    assert bench.is_closed
    assert bench.engine.process_id is None


def test_a_net_that_kills_the_engine_at_every_opening_is_tried_once(
    make_bench, qtbot, paths, monkeypatch
) -> None:
    """Real Caffe aborts over a net it refuses; the next job must not start child after child."""
    bench = make_bench(is_shown=True)
    opened: list[object] = []

    def die(request: object) -> None:
        opened.append(request)
        bench.engine.kill()
        raise EngineCrashed(134, "", "F1123 conv_layer.cpp:10] Check failed")

    monkeypatch.setattr(bench.engine.host, "opened", die)
    open_all(bench, qtbot, paths)
    qtbot.waitUntil(lambda: bench.notices.has("engine"), timeout=15000)
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    bench.document.select("fc7")
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert len(opened) == 1
    assert bench.notices.has("engine")
    assert bench.engine.state == "stopped"
