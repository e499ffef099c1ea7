"""A whole rename in the window on the user's own Caffe: edit, prove, save, reopen, undo."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import Qt

from core.net.reader import load_net, read_net
from gui.dialogs.rename_names import NEW


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=120000)


def choose_caffe(bench, qtbot, command: tuple[str, ...]) -> None:
    """As a user does: the toolbar's list asks for the command, and the dialog takes it."""
    box = bench.window.engine_popup.engine_box
    place = box.findText("Caffe")
    box.setCurrentIndex(place)
    box.activated.emit(place)
    qtbot.waitUntil(lambda: bench.engine_choice.dialog is not None)
    dialog = bench.engine_choice.dialog
    dialog.command.clear()
    qtbot.keyClicks(dialog.command, shlex.join(command))
    qtbot.mouseClick(dialog.accept_button, Qt.LeftButton)
    qtbot.waitUntil(
        lambda: (
            bench.window.status_line.texts["engine"].startswith("Caffe")
            and bench.engine.state == "ready"
        ),
        timeout=120000,
    )


def test_a_rename_is_planned_proved_and_saved_on_real_caffe(
    bench,
    qtbot,
    monkeypatch,
    tmp_path: Path,
    material: Callable[[str], Path],
    caffe_python: tuple[str, ...],
) -> None:
    monkeypatch.delenv("BLOBSCOPE_CAFFE_PYTHON", raising=False)  # so that the window asks
    net = tmp_path / "squeezenet.prototxt"
    original = material("models/squeezenet_v1.0.prototxt").read_bytes()
    net.write_bytes(original)
    weights = material("models/squeezenet_v1.0.caffemodel")
    image = material("images/imagenet40/n02138441_meerkat.jpg")
    (tmp_path / "read.py").write_text("values = net.blobs['fire9/concat'].data\n")
    choose_caffe(bench, qtbot, caffe_python)
    bench.opening.open_paths([net, weights])
    qtbot.waitUntil(lambda: bench.document.binding is not None, timeout=60000)
    bench.opening.open_paths([image])
    settle(bench, qtbot)
    relu = next(layer.name for layer in bench.document.net.in_place_layers)
    bench.document.select(relu)
    bench.window.actions_["plan_rename"].trigger()
    dialog = bench.rename_dialog.dialog
    dialog.scope.setCurrentIndex(dialog.scope.findData("all"))
    n_in_place = len(bench.document.net.in_place_layers)
    qtbot.waitUntil(lambda: dialog.table.rowCount() == n_in_place, timeout=30000)
    dialog.table.item(0, NEW).setText("first_rectified")
    qtbot.waitUntil(lambda: "first_rectified" in dialog.difference.rows.plain_text())
    settle(bench, qtbot)
    qtbot.mouseClick(dialog.accept_button, Qt.LeftButton)
    qtbot.waitUntil(lambda: bench.document.is_edited, timeout=30000)
    settle(bench, qtbot)
    if bench.document.verification is None:
        bench.window.actions_["verify"].trigger()
    qtbot.waitUntil(lambda: bench.document.verification is not None, timeout=180000)
    notice = bench.window.panels.changes.notice
    assert notice.title.startswith("verified: bit-identical")
    assert "Caffe, CPU · 1 image" in notice.note
    saved = tmp_path / "squeezenet_renamed.prototxt"
    bench.saving.save(saved)
    qtbot.waitUntil(lambda: saved.exists() and not bench.document.is_edited)
    settle(bench, qtbot)
    report = json.loads((tmp_path / "squeezenet_renamed.verification.json").read_text())
    assert report["engine"]["name"] == "caffe"
    renamed = load_net(saved)
    assert not renamed.hidden
    assert renamed.written(relu)[0].blob == "first_rectified"
    assert [layer.name for layer in renamed.layers] == [
        layer.name for layer in read_net(original.decode()).layers
    ]
    bench.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: bench.document.text.encode() == original)
    assert net.read_bytes() == original
    bench.document.saved_text = bench.document.text  # let it close
