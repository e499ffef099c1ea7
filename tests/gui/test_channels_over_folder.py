"""Channels over the folder of the gallery, in a whole window: top images and the matrix."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QGuiApplication

from gui.controllers.channels.controller import READ
from gui.panels.channels.strip import NO_CHANNEL, NO_FOLDER, TopStrip
from tests.gui.conftest import N_EACH
from tests.gui.test_searching import NET, open_net, settle

N = 3 * N_EACH


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


@pytest.fixture
def looked(bench, qtbot, net: Path, photos: Path):
    """A layer with a gallery, on the Layer page; nothing of it is read."""
    open_net(bench, qtbot, net)
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    bench.document.set_image(photos / "red" / "0.png")
    bench.document.select("relu1")
    bench.window.show_page("layer")
    settle(bench, qtbot)
    return bench


def strip_of(bench) -> TopStrip:
    return bench.window.layer_page.top_strip


def read(bench, qtbot) -> None:
    strip_of(bench).read_button.click()
    settle(bench, qtbot)


def test_a_selection_reads_nothing_and_the_offer_does(looked, qtbot) -> None:
    strip, kept = strip_of(looked), looked.searching.gallery.folder / "channels"
    assert strip.sentence.text() == f"relu1 is not read over {N} images of photos yet."
    assert strip.read_button.text().startswith(f"Read {N}")
    looked.document.select("fc8")
    settle(looked, qtbot)
    assert strip.sentence.text().startswith("fc8 is not read")
    assert not kept.exists()
    assert not looked.lanes.is_running(READ)
    looked.document.select("relu1")
    settle(looked, qtbot)
    read(looked, qtbot)
    assert kept.is_dir()
    assert strip.sentence.text() == NO_CHANNEL


def test_top_images_are_those_of_the_table(looked, qtbot) -> None:
    strip = strip_of(looked)
    read(looked, qtbot)
    looked.window.panels.activations.choose(3)
    settle(looked, qtbot)
    found = looked.layer.channels.found
    column = found.cells[:, 3]
    wanted = sorted(range(N), key=lambda row: (-column[row], row))[:8]
    assert [one.image for one in strip.pictures.pictures] == wanted
    assert strip.heading.text() == "TOP IMAGES OF CHANNEL 3"
    assert strip.note.text() == f"photos, {N} images, the part that fired"
    assert strip.all_link.text() == f"All {N}"
    best = strip.pictures.pictures[0].picture
    assert (best.width(), best.height()) == (3, 3)  # one 3 x 3 kernel, inside the 8 x 8 input
    strip.least_link.clicked.emit()
    settle(looked, qtbot)
    least = found.table.columns["minimum"][:, 3]
    wanted = sorted(range(N), key=lambda row: (least[row], row))[:8]
    assert [one.image for one in strip.pictures.pictures] == wanted
    assert strip.heading.text() == "LEAST IMAGES OF CHANNEL 3"


def test_what_is_kept_comes_back_by_itself(looked, qtbot) -> None:
    read(looked, qtbot)
    first = looked.layer.channels.found
    looked.document.select("fc8")
    settle(looked, qtbot)
    assert looked.layer.channels.found is None
    looked.document.select("relu1")
    settle(looked, qtbot)
    again = looked.layer.channels.found
    assert again.report is None
    np.testing.assert_array_equal(again.cells, first.cells)


def test_one_pass_reads_all_layers_and_any_other_is_there_at_once(looked, qtbot) -> None:
    strip = strip_of(looked)
    strip.read_all_button.click()
    settle(looked, qtbot)
    assert looked.layer.channels.found.table.value.layer == "relu1"
    looked.window.panels.activations.choose(1)
    settle(looked, qtbot)
    assert strip.heading.text() == "TOP IMAGES OF CHANNEL 1"
    looked.document.select("fc8")
    settle(looked, qtbot)
    assert strip.heading.text() == "TOP IMAGES OF VALUE 1"
    assert looked.layer.channels.found.report is None  # it was kept
    kept = looked.searching.gallery.folder / "channels"
    assert len([one for one in kept.iterdir() if one.is_dir()]) > 3


def test_a_unit_of_a_vector_and_opening_its_image(looked, qtbot) -> None:
    strip = strip_of(looked)
    looked.document.select("fc8")
    settle(looked, qtbot)
    read(looked, qtbot)
    looked.window.panels.activations.choose(2)
    settle(looked, qtbot)
    assert strip.heading.text() == "TOP IMAGES OF VALUE 2"
    assert strip.note.text() == f"photos, {N} images"
    image = strip.pictures.pictures[1].image
    strip.pictures.image_opened.emit(image)
    settle(looked, qtbot)
    assert looked.document.image_path == looked.layer.channels.found.files[image]


def test_without_a_gallery_the_strip_says_what_is_missing(bench, qtbot, net: Path) -> None:
    open_net(bench, qtbot, net)
    bench.document.select("relu1")
    bench.window.show_page("layer")
    settle(bench, qtbot)
    assert strip_of(bench).sentence.text() == NO_FOLDER


@pytest.fixture
def matrix(looked, qtbot):
    """The matrix of relu1 over the folder, read."""
    page = looked.window.layer_page
    page.view_bar.over.choose("folder")
    settle(looked, qtbot)
    assert page.matrix.empty.offers_button
    page.matrix.empty.clicked.emit()
    settle(looked, qtbot)
    return looked


def test_the_matrix_has_classes_in_order(matrix) -> None:
    found, shown = matrix.layer.matrix.found, matrix.layer.matrix.shown
    page = matrix.window.layer_page
    assert page.view_bar.form.current == "matrix"
    assert [band.label for band in shown.rows] == ["blue", "green", "red"]
    assert [(band.start, band.count) for band in shown.rows] == [(0, 6), (6, 6), (12, 6)]
    preferred = found.selectivity.preferred[shown.channels].tolist()
    assert preferred == sorted(preferred)
    names = [found.selectivity.classes[one] for one in preferred]
    assert [band.label for band in shown.columns] == list(dict.fromkeys(names))
    assert shown.n_dead + len(shown.channels) == 8
    np.testing.assert_array_equal(shown.cells, found.cells[np.ix_(shown.images, shown.channels)])
    assert page.matrix.title.text() == f"{N} images × 8 channels"


def test_a_cell_is_chosen_walked_from_and_opened(matrix, qtbot) -> None:
    canvas, shown = matrix.window.layer_page.matrix.canvas, matrix.layer.matrix.shown
    box = canvas.rect_of((4, 1))
    qtbot.mouseClick(canvas.viewport(), Qt.LeftButton, pos=box.center().toPoint())
    settle(matrix, qtbot)
    assert canvas.current == (shown.images[4], shown.channels[1])
    side = matrix.window.layer_page.matrix.side
    assert side.title.text() == f"Channel {shown.channels[1]}"
    assert matrix.layer.channels.channel == shown.channels[1]
    qtbot.keyClick(canvas, Qt.Key_Down)
    qtbot.keyClick(canvas, Qt.Key_Left)
    settle(matrix, qtbot)
    assert canvas.current == (shown.images[5], shown.channels[0])
    column = matrix.layer.matrix.found.cells[:, shown.channels[0]]
    best = [one.image for one in side.pictures.pictures]
    assert best == sorted(range(N), key=lambda row: (-column[row], row))[:8]
    lines = canvas.describe(*canvas.current)
    assert lines[0].startswith(f"{shown.names[5]}, channel {shown.channels[0]}: ")
    assert f"of {N} images" in lines[1]
    qtbot.keyClick(canvas, Qt.Key_Return)
    settle(matrix, qtbot)
    assert matrix.document.image_path == matrix.layer.channels.found.files[shown.images[5]]


def test_a_head_chooses_its_channel_and_the_side_pins_it(matrix, qtbot) -> None:
    page, activations = matrix.window.layer_page, matrix.window.panels.activations
    canvas, shown = page.matrix.canvas, matrix.layer.matrix.shown
    box = canvas.rect_of((0, 1))
    head = QPoint(round(box.center().x()), 20)
    qtbot.mouseClick(canvas.viewport(), Qt.LeftButton, pos=head)
    settle(matrix, qtbot)
    channel = int(shown.channels[1])
    assert page.matrix.side.title.text() == f"Channel {channel}"
    assert page.matrix.side.pin_button.text() == "Pin"
    page.matrix.side.pin_button.click()
    assert [(pin.layer, pin.channel) for pin in activations.pins] == [("relu1", channel)]
    assert page.matrix.side.pin_button.text() == "Unpin"
    page.view_bar.form.choose("tiles")
    settle(matrix, qtbot)
    (tile,) = activations.pin_row.tiles
    assert f"relu1 #{channel}" in tile.accessibleName()
    page.view_bar.form.choose("matrix")
    qtbot.keyClick(canvas, Qt.Key_Space)
    assert activations.pins == ()


def test_orders_cells_and_files(matrix, qtbot, user, tmp_path: Path) -> None:
    view, controller = matrix.window.layer_page.matrix, matrix.layer.matrix
    view.columns.setCurrentIndex(3)
    view.rows.setCurrentIndex(2)
    view.ordered.emit()
    settle(matrix, qtbot)
    alive = [one for one in range(8) if not controller.found.is_dead[one]]
    assert controller.shown.channels.tolist() == alive
    assert len(controller.shown.rows) == 1
    view.cells.setCurrentIndex(1)
    view.summary_chosen.emit("mean")
    settle(matrix, qtbot)
    assert controller.found.summary == "mean"
    np.testing.assert_array_equal(controller.found.cells, controller.found.table.columns["mean"])
    user.files = [(tmp_path / f"m.{one}",) for one in ("npy", "png", "svg")]
    user.files.append((tmp_path / "t.csv",))
    for _ in range(3):
        view.save_button.click()
    view.side.table_link.clicked.emit()
    settle(matrix, qtbot)
    np.testing.assert_array_equal(np.load(tmp_path / "m.npy")[:, : len(alive)],
                                  controller.shown.cells)  # fmt: skip
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")
    drawing = ElementTree.fromstring((tmp_path / "m.svg").read_text())
    words = " ".join(text for one in drawing.iter() if (text := (one.text or "").strip()))
    assert f"relu1, mean of each, {N} images × 8 channels of photos" in words
    assert any(one.tag.endswith("image") for one in drawing.iter())
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 9
    view.copy_button.click()
    assert not QGuiApplication.clipboard().image().isNull()


def test_all_opens_the_matrix_and_another_layer_offers_again(looked, qtbot) -> None:
    page = looked.window.layer_page
    read(looked, qtbot)
    looked.window.panels.activations.choose(2)
    settle(looked, qtbot)
    strip_of(looked).all_link.clicked.emit()
    settle(looked, qtbot)
    assert page.matrix.isVisible()
    assert page.matrix.side.title.text() == "Channel 2"
    looked.document.select("fc8")
    settle(looked, qtbot)
    assert page.matrix.empty.offers_button
    assert page.matrix.empty.sentence.startswith("fc8 is not read")
