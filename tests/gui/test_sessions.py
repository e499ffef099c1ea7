"""Sessions in the window: saved and opened again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "fc8" type: "InnerProduct" bottom: "conv2" top: "fc8"
  inner_product_param { num_output: 6 } }
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), (200, 10, 10)).save(path)
    return path


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)


def edit(bench, qtbot, net: Path, photo: Path) -> None:
    """Two renames, of which the second is taken back; a layer selected, an image open."""
    bench.opening.open_paths([net, photo])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.document.recipe is not None)
    for layer in ("relu1", "relu2"):
        bench.renaming.rename_layer(layer)
        qtbot.waitUntil(lambda name=layer: f"_{name}" in bench.document.text)
    bench.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: "conv2_relu2" not in bench.document.net.text)
    bench.document.select("relu1")


def save_session(bench, qtbot, user, path: Path) -> None:
    user.files.append((path,))
    bench.window.actions_["save_session"].trigger()
    qtbot.waitUntil(lambda: path.exists() and bench.lanes.is_idle)


def test_a_session_brings_everything_back(
    make_bench, qtbot, user, net: Path, photo: Path, tmp_path: Path
) -> None:
    first = make_bench(is_shown=True)
    edit(first, qtbot, net, photo)
    first.window.panels.graph.set_direction("LR")
    path = tmp_path / "mine.blobscope"
    save_session(first, qtbot, user, path)
    text = first.document.text
    first.document.saved_text = text  # let it close
    assert first.close()
    second = make_bench(is_shown=True)
    second.opening.open_paths([path])
    qtbot.waitUntil(lambda: second.document.is_edited)
    settle(second, qtbot)
    document = second.document
    assert document.text == text
    assert document.path == net
    assert [rename.new_blob for rename in document.renames] == ["conv1_relu1"]
    assert document.selection == "relu1"
    assert document.image_path == photo
    assert document.chosen_recipe == first.document.chosen_recipe
    assert document.chosen_recipe.is_guessed  # as it was, not given by anybody
    assert second.window.panels.graph.direction == "LR"
    assert second.notices.current == ()
    second.window.actions_["redo"].trigger()
    qtbot.waitUntil(lambda: 'top: "conv2_relu2"' in document.text)
    for _ in range(2):
        second.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: document.text == NET)
    assert not document.is_edited
    assert path in second.settings.recent("models")


def test_a_changed_file_and_a_missing_image_are_named(
    bench, qtbot, user, net: Path, photo: Path, tmp_path: Path
) -> None:
    edit(bench, qtbot, net, photo)
    path = tmp_path / "mine.blobscope"
    save_session(bench, qtbot, user, path)
    text = bench.document.text
    net.write_text(NET.replace("num_output: 6", "num_output: 7"))
    photo.unlink()
    written = path.read_text()
    path.write_text(written.replace("photo.png", f"{'a' * 300}photo.png"))  # no file can have it
    user.answers.append("discard")
    bench.sessions.open(path)
    qtbot.waitUntil(lambda: bench.notices.has("session"))
    settle(bench, qtbot)
    notice = next(one for one in bench.notices.current if one.key == "session")
    assert "photo.png is not there any more" in notice.body
    assert "net.prototxt was changed or moved since" in notice.body
    assert bench.document.text == text
    assert bench.document.is_edited
    assert net.read_text().count("num_output: 7") == 1


def test_a_damaged_session_is_said_and_changes_nothing(bench, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "broken.blobscope"
    path.write_text("{}")
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.notices.has("session"))
    assert "broken.blobscope" in bench.notices.current[0].title
    assert bench.document.net is None
