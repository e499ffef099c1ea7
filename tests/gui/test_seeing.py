"""What the net sees: the picture it is fed, where the recipe comes from, and what else fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images.presets import load_recipe, recipe_path
from tests.gui.test_opening import NET

LENET = """name: "LeNet"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } } }
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
  inner_product_param { num_output: 5 } }
"""
LARGE = NET.replace("dim: 8 dim: 8", "dim: 227 dim: 227")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (32, 24), (250, 120, 5)).save(path)
    return path


def open_both(bench, qtbot, folder: Path, text: str, image: Path | None) -> Path:
    path = folder / "net.prototxt"
    path.write_text(text)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.path == path and bench.lanes.is_idle)
    if image is not None:
        bench.opening.open_image(image)
    bench.window.subjects.sees.click()
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    return path


def test_the_picture_is_the_one_that_is_fed(bench, qtbot, tmp_path: Path, photo: Path) -> None:
    open_both(bench, qtbot, tmp_path, NET, photo)
    popup = bench.window.sees_popup
    assert popup.isVisible()
    image = popup.picture.image
    assert (image.width(), image.height()) == (8, 8)
    assert image.pixelColor(3, 3).getRgb()[:3] == (250, 120, 5)
    assert popup.caption.text().startswith("1×3×8×8, -")
    assert bench.window.subjects.sees._picture is not None
    popup.hide()


def test_a_guess_says_so_until_the_user_does(bench, qtbot, tmp_path: Path, photo: Path) -> None:
    path = open_both(bench, qtbot, tmp_path, LARGE, photo)
    field, popup = bench.window.subjects.sees, bench.window.sees_popup
    assert field.note == "guessed"
    assert popup.title.text() == "Guessed from the input's shape"
    assert not popup.kept_line.isVisible()
    assert not popup.use_button.isVisible()  # no preset but by its size
    popup.keep_button.click()
    qtbot.waitUntil(lambda: popup.kept_line.isVisible() and bench.lanes.is_idle)
    assert popup.title.text() == "As you said"
    assert popup.kept_line.text() == "Kept in net.preprocess.json."
    assert load_recipe(recipe_path(path)) == bench.document.recipe
    assert field.note == ""
    assert not popup.use_button.isVisible()
    assert not popup.keep_button.isVisible()
    popup.hide()


def test_the_preset_of_the_family_is_one_click_where_the_mean_is_lacking(
    bench, qtbot, tmp_path: Path, photo: Path
) -> None:
    stated = '# transform_param { scale: 0.5 mean_file: "gone.binaryproto" }\n'
    open_both(bench, qtbot, tmp_path, stated + LENET, photo)
    popup = bench.window.sees_popup
    assert bench.window.subjects.sees.note == "guessed"
    assert popup.use_button.text() == "Use LeNet's"
    popup.use_button.click()
    assert bench.document.recipe.scale == 1 / 256
    assert bench.window.subjects.sees.note == ""
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    popup.hide()


def test_a_preset_is_chosen_from_the_list(bench, qtbot, tmp_path: Path, photo: Path) -> None:
    open_both(bench, qtbot, tmp_path, LARGE, photo)
    popup = bench.window.sees_popup
    names = [offer.text() for offer in popup.offers]
    assert names[0].startswith("A guess from the input")
    fitting = next(offer for offer in popup.offers if offer.text().startswith("SqueezeNet"))
    fitting.click()
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert bench.document.recipe.mean == (104.0, 117.0, 123.0)
    assert [offer.accessibleName().endswith(", in use") for offer in popup.offers].count(True) == 1
    popup.hide()


def test_lenet_gets_its_preset_and_that_is_no_guess(bench, qtbot, tmp_path, photo: Path) -> None:
    """WINDOW_FAULTS 8: scale 1 was taken, as own values that no file held."""
    open_both(bench, qtbot, tmp_path, LENET, photo)
    popup = bench.window.sees_popup
    assert bench.document.recipe.scale == 1 / 256
    assert popup.title.text() == "The preset for nets like this"
    assert popup.offers[0].text().startswith("LeNet")
    assert not popup.kept_line.isVisible()
    assert bench.window.subjects.sees.note == ""
    popup.own_button.click()
    dialog = bench.dialogs.dialog
    assert dialog.preset.currentText().startswith("LeNet")
    assert dialog.kept_line.text() == "Will be kept in net.preprocess.json, beside the prototxt."


def test_without_an_image_one_can_be_opened(bench, qtbot, user, tmp_path, photo: Path) -> None:
    open_both(bench, qtbot, tmp_path, NET, None)
    popup = bench.window.sees_popup
    assert popup.caption.text() == "No image is open."
    user.files.append((photo,))
    popup.image_button.click()
    assert bench.document.image_path == photo
    qtbot.waitUntil(lambda: popup.picture.image is not None)
    popup.hide()


def test_a_picture_that_can_not_be_read_says_why(bench, qtbot, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    open_both(bench, qtbot, tmp_path, NET, broken)
    popup = bench.window.sees_popup
    qtbot.waitUntil(lambda: "broken.png" in popup.caption.text())
    assert popup.picture.image is None
    popup.hide()


def test_the_list_has_what_the_file_states(bench, qtbot, tmp_path: Path, photo: Path) -> None:
    comment = "# transform_param { scale: 0.5 mean_value: 7 }\n"
    path = open_both(bench, qtbot, tmp_path, comment + NET, photo)
    popup = bench.window.sees_popup
    assert popup.title.text() == "As the file's transform_param says"
    bench.dialogs.take_recipe(bench.document.recipe.__class__("warp", 8, 8))
    qtbot.waitUntil(lambda: recipe_path(path).exists() and bench.lanes.is_idle)
    popup.offers[0].click()
    assert (bench.document.recipe.scale, bench.document.recipe.mean) == (0.5, (7.0,))
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert np.isclose(load_recipe(recipe_path(path)).scale, 0.5)
    popup.hide()
