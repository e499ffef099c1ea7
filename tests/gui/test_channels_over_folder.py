"""Channels over the folder of the gallery, in a whole window: top images and the matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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
