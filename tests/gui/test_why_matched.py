"""Why a result matches, in the ranking and in two rankings: on a wish, never by a selection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtGui import QColor, QImage

from core.retrieval.why_maps import Part, WhyMap
from gui.panels.retrieval.controls import TWO_VIEW
from gui.panels.retrieval.two_rankings import WHY_PART
from gui.panels.retrieval.view import RecipeChoice
from gui.panels.retrieval.why_picture import HeatPicture
from gui.thumbnails import ThumbnailStore
from tests.gui.test_searching import NET, open_net, read_too, settle

CONV1 = RecipeChoice("conv1", "conv1", "gap")
RMAC = RecipeChoice("relu1", "conv1", "rmac")
FC8 = RecipeChoice("fc8", "fc8", "flatten")


@pytest.fixture
def searched(bench, qtbot, tmp_path: Path, photos: Path):
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos, CONV1)
    settle(bench, qtbot)
    bench.window.resize(1440, 900)
    return bench


def explained(searched, qtbot):
    """Wait for the picture of the selected result, and return the panel."""
    panel = searched.window.panels.retrieval
    qtbot.waitUntil(lambda: panel.selected.picture.heat is not None, timeout=10000)
    return panel


def test_a_selection_alone_explains_nothing(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    panel.grid.select(2)
    qtbot.wait(300)
    settle(searched, qtbot)
    assert panel.selected.picture.heat is None
    assert not panel.selected.why.button.isChecked()


def test_places_of_both_pictures_carry_the_score(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    panel.grid.select(2)
    panel.selected.why.button.click()
    explained(searched, qtbot)
    tile = panel.selected.tile
    for picture, path in (
        (panel.query_column.picture, panel.query.path),
        (panel.selected.picture, tile.path),
    ):
        assert picture.heat.part.path == path
        assert picture.heat.carried == pytest.approx(tile.score, abs=1e-5)
    assert f"{tile.score:.3f}" in panel.selected.why.words.text()
    assert "Exact: shares of GAP's mean" in panel.selected.why.method.text()
    assert panel.selected.why.channels.facts[0][0].startswith("Channel ")


def test_while_it_is_on_the_next_selection_is_explained_and_off_clears(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    panel.grid.select(2)
    searched.window.actions_["why_matched"].trigger()
    explained(searched, qtbot)
    panel.grid.select(4)
    assert panel.selected.picture.heat is None  # that of another image goes at once
    explained(searched, qtbot)
    assert panel.selected.picture.heat.part.path == panel.tiles[4].path
    searched.window.actions_["why_matched"].trigger()
    assert panel.selected.picture.heat is None
    assert panel.query_column.picture.heat is None
    assert panel.selected.why.words.text() == ""


def test_an_engine_without_gradients_says_so_in_place(searched, qtbot) -> None:
    read_too(searched, qtbot, FC8)
    panel = searched.window.panels.retrieval
    panel.grid.select(1)
    panel.selected.why.button.click()
    qtbot.waitUntil(lambda: "gradients" in panel.selected.why.words.text(), timeout=10000)
    assert "This engine gives no gradients." in panel.selected.why.words.text()
    assert panel.selected.picture.heat is None


def test_both_of_two_rankings_are_explained(searched, qtbot) -> None:
    read_too(searched, qtbot, RMAC)
    panel = searched.window.panels.retrieval
    panel.recipe_bar.views.choose(TWO_VIEW)
    settle(searched, qtbot)
    two = panel.two
    two.choices_requested.emit(CONV1, RMAC)
    settle(searched, qtbot)
    two.parts.choose(WHY_PART)
    two.canvas.select(0, 3)
    qtbot.waitUntil(lambda: two.why.pictures[3].heat is not None, timeout=10000)
    scores = [tile.score for tile in two.selected_tiles]
    for number, picture in enumerate(two.why.pictures):
        assert picture.heat.carried == pytest.approx(scores[number // 2], abs=1e-5)
    assert "rank 4 in A, rank " in two.why.words.text()
    assert "Half the similarity sits in " in two.sentence.text()
    assert "R-MAC's regions" in two.why.methods[1].text()
    two.canvas.select(0, 5)
    assert two.why.pictures[0].heat is None


def test_the_colour_lies_where_the_share_is(keeper, qtbot, tmp_path: Path) -> None:
    store, path = ThumbnailStore(), tmp_path / "a.png"
    picture = HeatPicture(keeper, store, 200)
    qtbot.addWidget(picture)
    image = QImage(400, 200, QImage.Format_RGB888)
    image.fill(QColor(90, 90, 90))
    picture.show_path(path)
    store.put([((path, 560), image)])
    places = np.array([[0, 0, 0, 1.0]], np.float32)
    # the grid is of the right half of the picture alone, as a centre crop would have it
    right = (200.0, 0.0, 400.0, 200.0)
    found = WhyMap(Part(path), (400, 200), right, right, places, np.ones(1, np.float32))
    picture.resize(200, 100)
    picture.show_heat(found)
    drawn, hot = picture.grab().toImage(), keeper.theme.tile_positive

    def distance(x: int) -> int:
        here = drawn.pixelColor(x, 50)
        return sum(abs(a - b) for a, b in zip(here.getRgb()[:3], hot.getRgb()[:3], strict=True))

    assert distance(190) < 30
    assert distance(120) > 100
    assert distance(95) > 100
    picture.set_opacity(0)
    assert picture.grab().toImage().pixelColor(190, 50) == QColor(90, 90, 90)
