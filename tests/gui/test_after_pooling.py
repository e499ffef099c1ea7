"""What follows pooling, chosen on the page: steps, images to fit on, what is said of a value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt

from core.layers.traits import ValueTraits
from gui.panels.retrieval.controls import RecipeBar
from gui.panels.retrieval.sweep_bar import SweepBar
from gui.panels.retrieval.view import OWN_SET, LayerChoice, RecipeChoice
from tests.gui.test_searching import NET, open_net, read_too, settle

CONV = LayerChoice("conv1", "conv1", "conv1", (8, 6, 6), False, ValueTraits())
GAP = RecipeChoice("conv1", "conv1", "gap")


@pytest.fixture
def bar(qtbot, keeper) -> RecipeBar:
    made = RecipeBar(keeper)
    qtbot.addWidget(made)
    made.show_layers((CONV,), GAP)
    made.show()
    return made


def choose(qtbot, bar: RecipeBar, key: str) -> RecipeChoice:
    """Take an entry of the list of steps."""
    place = bar.after_choice.findData(key)
    with qtbot.waitSignal(bar.recipe_requested) as told:
        bar.after_choice.setCurrentIndex(place)
        bar.after_choice.activated.emit(place)
    return told.args[0]


def test_steps_are_chosen_and_ask_for_images_to_fit_on(qtbot, bar: RecipeBar) -> None:
    assert not bar.fit_button.isVisible()
    chosen = choose(qtbot, bar, "white")
    assert (chosen.pooling, chosen.after, chosen.fit_on) == ("gap", "white", "")
    bar.show_layers((CONV,), chosen)
    assert bar.fit_button.isVisible()
    assert bar.fit_button.accessibleName() == "Fitted on another set"
    bar.show_layers((CONV,), replace(chosen, found=OWN_SET))
    assert bar.fit_button.accessibleName() == "Fitted on the searched images"
    assert "no other set is known by this recipe" in bar.fit_button.toolTip()
    bar.show_layers((CONV,), replace(chosen, found="/photos/rome"))
    assert bar.fit_button.text().strip() == "Fit: rome"
    names = [action.text() for action in bar.fit_button.fit_menu.actions()]
    assert names == ["Another set", "The searched images", "", "Other images…"]
    with qtbot.waitSignal(bar.recipe_requested) as told:
        bar.fit_button.fit_menu.actions()[1].trigger()
    assert told.args[0].fit_on == OWN_SET
    bar.show_layers((CONV,), chosen)
    with qtbot.waitSignal(bar.fit_folder_requested):
        bar.fit_button.fit_menu.actions()[-1].trigger()
    with qtbot.waitSignal(bar.recipe_requested) as told:
        bar.set_fit_folder("/photos/paris")
    assert told.args[0].fit_on == "/photos/paris"
    assert told.args[0].pooling_text == "GAP, L2, whitening, L2, fitted on paris"
    bar.show_layers((CONV,), told.args[0])
    assert bar.fit_button.text().strip() == "Fit: paris"
    assert choose(qtbot, bar, "power").fit_on == ""  # nothing is fitted for it


def test_a_pooling_says_what_it_makes_of_values_below_0(bar: RecipeBar) -> None:
    place = bar.pooling_choice.findData("gem")
    tip = bar.pooling_choice.itemData(place, Qt.ToolTipRole)
    assert "Gem cuts off what is below 0" in tip
    place = bar.pooling_choice.findData("gap")
    assert "below 0" not in bar.pooling_choice.itemData(place, Qt.ToolTipRole)


def test_a_sweep_is_fitted_on_other_images(qtbot, keeper) -> None:
    bar = SweepBar(keeper)
    qtbot.addWidget(bar)
    bar.show()
    assert not bar.fit_button.isVisible()
    bar.afters.ticks["white"].setChecked(True)
    assert bar.fit_button.isVisible()
    bar.set_fit_folder("/photos/paris")
    assert bar.options.fit_on == "/photos/paris"
    grey = {a.text(): a.toolTip() for a in bar.poolings.menu().actions() if not a.isEnabled()}
    assert set(grey) == {"VLAD", "R-MAC, whitened regions"}
    assert "before a pass can pool by it" in grey["VLAD"]
    assert "VLAD" not in bar.poolings.text()


def test_a_folder_is_searched_by_what_is_whitened_on_another(
    bench,
    qtbot,
    photos: Path,
    tmp_path: Path,
) -> None:
    net, others = tmp_path / "net.prototxt", noise(tmp_path / "others")
    net.write_text(NET)
    open_net(bench, qtbot, net)
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    choice = RecipeChoice("conv1", "conv1", "mac", 3.0, "white", str(others))
    read_too(bench, qtbot, choice)
    gallery = bench.searching.gallery
    assert gallery.recipe.finish.fit.image_set == "others"
    assert gallery.dimension == 3  # an eighth of 24 images
    panel = bench.window.panels.retrieval
    assert panel.recipe_bar.recipe() == choice
    outside = tmp_path / "outside.png"
    Image.open(photos / "red" / "3.png").save(outside)
    panel.image_requested.emit(outside)
    settle(bench, qtbot)
    assert panel.tiles[0].score == pytest.approx(1, abs=1e-5)


def noise(folder: Path) -> Path:
    """Twenty-four pictures."""
    folder.mkdir()
    rng = np.random.default_rng(2)
    for number in range(24):
        Image.fromarray(rng.integers(0, 255, (9, 9, 3), np.uint8)).save(folder / f"n{number}.png")
    return folder


def test_another_gallery_of_the_recipe_is_fitted_on_by_itself(
    bench, qtbot, photos: Path, tmp_path: Path
) -> None:
    """Without one it is the folder itself; both stay, and each is opened by its own name."""
    net, others = tmp_path / "net.prototxt", noise(tmp_path / "others")
    net.write_text(NET)
    open_net(bench, qtbot, net)
    bar = bench.window.panels.retrieval.recipe_bar
    white = RecipeChoice("conv1", "conv1", "mac", 3.0, "white")
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    read_too(bench, qtbot, white)
    assert bench.searching.gallery.recipe.finish.fit.folder == str(photos)
    assert bar.fit_button.accessibleName() == "Fitted on the searched images"
    assert "fitted on the searched images" in bench.searching.searched.reading.words
    first = bench.searching.gallery.folder

    bench.opening.open_folder(others)
    settle(bench, qtbot)
    read_too(bench, qtbot, RecipeChoice("conv1", "conv1", "mac"))
    bench.opening.open_folder(photos)  # what this folder was searched by comes back
    settle(bench, qtbot)
    fit = bench.searching.gallery.recipe.finish.fit
    assert (fit.image_set, fit.n) == ("others", 24)
    assert bar.fit_button.accessibleName() == "Fitted on others"
    assert bench.searching.searched.reading.words.endswith("fitted on others")
    assert bench.searching.choice.settled in [one.choice for one, _ in bench.gallery_list.read]
    bench.searching.choose(replace(white, fit_on=OWN_SET))
    settle(bench, qtbot)
    assert bench.searching.gallery.folder == first
