"""Files that are dragged, dropped or pasted, and walking the images of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import QCoreApplication, QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QImage
from PyQt5.QtWidgets import QWidget

from gui.controllers import dropping
from tests.gui.test_opening import NET, weights_for


@pytest.fixture
def net_path(tmp_path: Path) -> Path:
    path = tmp_path / "nets" / "small.prototxt"
    path.parent.mkdir()
    path.write_text(NET)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, ...]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        Image.new("RGB", (20, 16), (200, 40, 40)).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return tuple(sorted(folder.glob("*.png")))


def mime_of(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def drag(widget: QWidget, *paths: Path) -> None:
    """Over the widget and away again."""
    mime = mime_of(*paths)
    how = Qt.CopyAction | Qt.MoveAction
    event = QDragEnterEvent(QPoint(9, 9), how, mime, Qt.LeftButton, Qt.NoModifier)
    QCoreApplication.sendEvent(widget, event)


def leave(widget: QWidget) -> None:
    QCoreApplication.sendEvent(widget, QDragLeaveEvent())


def open_net(bench, qtbot, path: Path) -> None:
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.path == path and bench.lanes.is_idle)


def test_a_drag_says_what_the_drop_will_do(bench, qtbot, net_path, pictures, tmp_path) -> None:
    window, overlay = bench.window, bench.window.drop_overlay
    weights = weights_for(tmp_path / "w.caffemodel")
    drag(window, net_path)
    assert overlay.isVisible()
    assert overlay.words.title == "Open small.prototxt"
    assert overlay.size() == window.size()
    leave(window)
    assert not overlay.isVisible()
    open_net(bench, qtbot, net_path)
    for paths, title in (
        ((weights,), "Bind w.caffemodel to small"),
        ((net_path, weights), "Open small.prototxt with w.caffemodel"),
        ((pictures[0],), "Run on a.png"),
        (pictures, "Show 3 images, a.png first"),
        ((pictures[0].parent,), "Search the images of pictures"),
        ((tmp_path / "s.blobscope",), "Go on with the session s.blobscope"),
        ((net_path, tmp_path / "b.prototxt"), "Compare small.prototxt with b.prototxt"),
    ):
        drag(window, *paths)
        assert overlay.words.title == title
        leave(window)
    bench.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: bench.document.is_edited)
    drag(window.panels.retrieval, net_path)
    assert overlay.isVisible()
    assert overlay.words.detail == "Unsaved edits are asked about first."
    leave(window.panels.retrieval)
    assert not overlay.isVisible()


def test_dropped_files_are_copied_whatever_was_asked(bench, qtbot, net_path: Path) -> None:
    """A file manager that is told "move" deletes what it gave."""
    how = Qt.MoveAction | Qt.CopyAction
    mime = mime_of(net_path)  # an event does not keep it
    event = QDropEvent(QPoint(9, 9), how, mime, Qt.LeftButton, Qt.ShiftModifier)
    event.setDropAction(Qt.MoveAction)
    bench.window.dropEvent(event)
    assert event.isAccepted()
    assert event.dropAction() == Qt.CopyAction
    qtbot.waitUntil(lambda: bench.document.path == net_path)
    assert net_path.exists()


def test_a_picture_is_pasted_on_any_page(bench, qtbot, net_path: Path) -> None:
    open_net(bench, qtbot, net_path)
    bench.window.show_page("layer")
    picture = QImage(12, 9, QImage.Format_RGB32)
    picture.fill(Qt.red)
    QGuiApplication.clipboard().setImage(picture)
    qtbot.keyClick(bench.window, Qt.Key_V, Qt.ControlModifier)
    qtbot.waitUntil(lambda: bench.document.image_path is not None)
    path = bench.document.image_path
    assert path.name.startswith("pasted ")
    with Image.open(path) as kept:
        assert (kept.size, kept.getpixel((5, 5))) == ((12, 9), (255, 0, 0))
    assert bench.window.subjects.image.name == path.name


def test_pasted_pictures_do_not_pile_up(bench, qtbot, monkeypatch) -> None:
    monkeypatch.setattr("gui.controllers.dropping.MOST_PASTED", 3)
    picture = QImage(12, 9, QImage.Format_RGB32)
    paths = [dropping._write(bench.dropping._pasted, picture) for _ in range(5)]
    assert [path.exists() for path in paths] == [False, False, True, True, True]


def test_files_and_paths_are_pasted(bench, qtbot, net_path: Path, pictures) -> None:
    QGuiApplication.clipboard().setMimeData(mime_of(net_path))
    bench.window.actions_["paste"].trigger()
    qtbot.waitUntil(lambda: bench.document.path == net_path)
    QGuiApplication.clipboard().setText(str(pictures[1]))
    bench.window.actions_["paste"].trigger()
    assert bench.document.image_path == pictures[1]


def test_nothing_to_paste_is_said(bench) -> None:
    QGuiApplication.clipboard().setText("no path")
    bench.window.actions_["paste"].trigger()
    assert bench.window.status_line.texts["last"].startswith("There is no image")


def test_the_images_of_a_folder_are_walked(bench, qtbot, net_path: Path, pictures) -> None:
    bench.opening.open_image(pictures[0])
    field = bench.window.subjects.image
    bench.window.actions_["image_after"].trigger()
    qtbot.waitUntil(lambda: bench.document.image_path == pictures[1])
    assert field.accessibleName() == "Image: b.png 2 of 3"
    qtbot.keyClick(bench.window, Qt.Key_PageUp, Qt.AltModifier)
    assert bench.document.image_path == pictures[0]
    bench.window.actions_["image_before"].trigger()
    assert bench.document.image_path == pictures[2]
    field.fill()
    assert field.menu_entries[:4] == (
        "Open image…", "Paste an image or files", "The image before", "The next image"
    )  # fmt: skip


def test_images_dropped_together_are_walked(bench, qtbot, pictures) -> None:
    bench.window.files_dropped.emit([pictures[2], pictures[0]])
    assert bench.document.image_path == pictures[2]
    assert bench.window.subjects.image.accessibleName() == "Image: c.png 1 of 2"
    bench.window.actions_["image_after"].trigger()
    assert bench.document.image_path == pictures[0]
