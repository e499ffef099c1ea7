"""The Data step of the Training page: images are checked, decided on, divided and written down."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtTest import QTest


def picture(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Cats with a copy, a grey and a broken file; dogs; two newts, which are too few."""
    root = tmp_path / "photos"
    for label, n, first in (("cats", 9, 0), ("dogs", 8, 100), ("newts", 2, 200)):
        (root / label).mkdir(parents=True)
        for i in range(n):
            picture(first + i).save(root / label / f"{i}.png")
    (root / "cats" / "broken.jpg").write_bytes(b"no picture")
    (root / "cats" / "copy.png").write_bytes((root / "cats" / "0.png").read_bytes())
    picture(51).convert("L").save(root / "cats" / "grey.png")
    return root


@pytest.fixture
def step(bench, user, qtbot, images: Path):
    """The step with its images checked, chosen as a user does."""
    user.files.append((images,))
    bench.window.actions_["training_folder"].trigger()
    wait(bench, qtbot)
    return bench.window.training_page.data


def wait(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=20000)


def cards(step) -> dict:
    return {card.finding.kind: card for card in step.checks.cards if not card.isHidden()}


def classes(step) -> dict[str, tuple[str, str]]:
    return {row.cells[0]: row.cells[2:] for row in step.source.table.figures.rows}


def test_the_page_needs_no_net_and_has_a_key_and_a_place_in_the_rail(bench) -> None:
    window = bench.window
    assert list(window.rail.buttons) == ["net", "layer", "retrieval", "training", "compare"]
    window.actions_["page_training"].trigger()
    assert window.page == "training"
    assert window.training_page.isVisible()
    assert window.training_page.data.checks.empty.isVisible()
    assert window.actions_["page_training"].shortcut().toString() == "Ctrl+4"
    assert not window.actions_["training_check"].isEnabled()
    assert "No images" in window.actions_.why_not("training_check")


def test_what_is_wrong_is_shown_with_its_files(step, bench) -> None:
    found = cards(step)
    assert list(found) == ["unreadable", "not three channels", "same picture", "few images"]
    assert found["unreadable"].pictures.shown == ("cats/broken.jpg",)
    assert found["same picture"].pictures.shown == ("cats/0.png", "cats/copy.png")
    assert found["same picture"].count.text() == "1 pair"
    shown = classes(step)
    assert {label: row[0] for label, row in shown.items()} == {
        "cats": "10", "dogs": "8", "newts": "0", "All": "18"
    }  # fmt: skip
    assert shown["newts"][1] == "too few"
    for label in ("cats", "dogs", "All"):
        n, parts = shown[label]
        assert sum(map(int, parts.split(" / "))) == int(n)
    assert "22 files" in step.checks.sentence.text()
    assert "18 stay" in step.checks.sentence.text()
    assert bench.window.training_page.bar.buttons["data"].state == "22 files, 18 stay"


def test_files_stay_or_go_by_a_click_and_the_parts_are_drawn_anew(step, bench, qtbot) -> None:
    link = cards(step)["same picture"].link
    assert link.text() == "Keep all"
    QTest.mouseClick(link, Qt.LeftButton)
    wait(bench, qtbot)
    assert classes(step)["cats"][0] == "11"
    assert cards(step)["same picture"].link.text() == "Keep one of each"
    step.source.few.click()
    wait(bench, qtbot)
    assert classes(step)["newts"][0] == "2"
    QTest.keyClick(cards(step)["not three channels"].link, Qt.Key_Return)
    wait(bench, qtbot)
    assert classes(step)["cats"][0] == "10"
    step.source.few.click()
    wait(bench, qtbot)
    assert classes(step)["newts"] == ("0", "too few")


def test_the_split_is_written_where_it_says_and_read_by_caffe(
    step, bench, qtbot, user, tmp_path: Path
) -> None:
    button = bench.window.training_page.bar.buttons["data"]
    assert not button.is_done
    step.split.seed.setValue(3)
    step.split.shares.setCurrentIndex(1)
    step.split.shares.activated.emit(1)
    wait(bench, qtbot)
    user.files.append((tmp_path / "out",))
    QTest.mouseClick(step.split.folder_link, Qt.LeftButton)
    step.split.use.click()
    wait(bench, qtbot)
    made = json.loads((tmp_path / "out" / "split.json").read_text())
    assert (made["seed"], made["shares"]) == (3, [0.8, 0.1, 0.1])
    lines = (tmp_path / "out" / "train.txt").read_text().splitlines()
    assert len(lines) == len(made["parts"]["train"])
    assert all(line.rpartition(" ")[2] in "01" for line in lines)
    assert button.is_done
    assert button.state == "2 classes, 14 / 2 / 2"


def test_the_command_on_the_clipboard_does_the_same(step, bench, qtbot, images: Path) -> None:
    QTest.mouseClick(cards(step)["same picture"].link, Qt.LeftButton)
    wait(bench, qtbot)
    step.split.command.click()
    assert QGuiApplication.clipboard().text() == (
        f"main.py split {images} --out {images}_training --shares 70,15,15 --seed 1"
        " --keep same-picture"
    )


def test_a_stopped_check_says_so_and_can_begin_anew(bench, qtbot, images: Path) -> None:
    bench.training.open_images(images)
    bench.lanes.cancel("train-check")
    wait(bench, qtbot)
    page = bench.window.training_page
    assert "stopped" in page.data.checks.sentence.text()
    assert page.bar.buttons["data"].state == "not checked"
    bench.window.actions_["training_check"].trigger()
    wait(bench, qtbot)
    assert classes(page.data)["dogs"][0] == "8"


def test_images_without_classes_are_refused_in_a_sentence(bench, qtbot, tmp_path: Path) -> None:
    picture(1).save(tmp_path / "lone.png")
    bench.training.open_images(tmp_path)
    wait(bench, qtbot)
    assert "training needs two" in bench.notices.current[0].title
    assert bench.window.training_page.data.checks.empty.isVisible()


def test_a_picture_opens_as_the_image_of_the_window(step, bench, qtbot, images: Path) -> None:
    pictures = cards(step)["not three channels"].pictures
    QTest.mouseClick(pictures, Qt.LeftButton, pos=QPoint(20, 20))
    wait(bench, qtbot)
    assert bench.document.image_path == images / "cats" / "grey.png"


def test_augmentation_is_drawn_and_written_with_the_files(step, bench, qtbot) -> None:
    pictures = step.augment.pictures.pictures
    assert len(pictures) == 8
    assert all(one == pictures[0] for one in pictures)  # nothing is chosen
    step.augment.boxes["mirror"].click()
    step.augment.boxes["rotate"].click()
    step.source.rare.click()
    wait(bench, qtbot)
    pictures = step.augment.pictures.pictures
    assert len({one.pixel(3, 3) for one in pictures}) > 1
    assert step.augment.note.isVisible()
    chosen = bench.training.project.now.augmentation
    assert (chosen.mirror, chosen.rotate, chosen.colour, chosen.balance) == (True, 8.0, 0.0, True)
    before = step.augment.words.text()
    QTest.mouseClick(step.augment.again, Qt.LeftButton)
    wait(bench, qtbot)
    assert step.augment.words.text() != before


def test_a_folder_dropped_on_the_page_is_images_to_learn_from(bench, qtbot, images: Path) -> None:
    bench.window.show_page("training")
    assert bench.window.drop_overlay.words_wanted([images]).title == "Train on photos"
    bench.window.files_dropped.emit([images])
    wait(bench, qtbot)
    page = bench.window.training_page
    assert classes(page.data)["dogs"][0] == "8"
    page.data.split.use.click()
    wait(bench, qtbot)
    made = images.with_name("photos_training")
    bench.window.files_dropped.emit([made])  # a training of before
    wait(bench, qtbot)
    assert page.bar.buttons["data"].is_done
    assert bench.training.project.now.folder == made
