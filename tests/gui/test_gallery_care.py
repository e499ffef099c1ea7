"""The gallery in the window: absent images stay until they are forgotten, damage is repaired."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QPushButton

from core.retrieval.gallery_database import DATABASE_NAME
from gui.notices import Notice
from tests.gui.conftest import N_EACH
from tests.gui.test_searching import NET

ALL = 3 * N_EACH


@pytest.fixture
def searched(bench, qtbot, tmp_path: Path, photos: Path):
    """A window that searches a folder of three sub-folders."""
    (tmp_path / "net.prototxt").write_text(NET)
    bench.opening.open_paths([tmp_path / "net.prototxt"])
    qtbot.waitUntil(lambda: bench.document.recipe is not None)
    bench.window.show_panel(bench.window.panels.retrieval)
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    return bench


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)


def shown(bench, key: str) -> Notice:
    (notice,) = [one for one in bench.notices.current if one.key == key]
    return notice


def press(bench, qtbot, text: str) -> None:
    buttons = [one for one in bench.window.findChildren(QPushButton) if one.text() == text]
    assert buttons, f"no button '{text}'"
    buttons[0].click()
    settle(bench, qtbot)


def test_absent_images_stay_until_the_user_forgets_them(
    searched, qtbot, tmp_path: Path, photos: Path
) -> None:
    shutil.move(photos / "red", tmp_path / "away")
    searched.searching.index()
    settle(searched, qtbot)
    assert len(searched.searching.gallery) == ALL
    notice = shown(searched, "absent-images")
    assert notice.title == f"{N_EACH} images absent from photos"
    assert "6 in red (the folder is not there)" in notice.body
    press(searched, qtbot, f"Forget {N_EACH} images")
    assert len(searched.searching.gallery) == ALL - N_EACH
    assert not searched.notices.has("absent-images")


def test_absent_images_that_are_back_are_no_news(
    searched, qtbot, tmp_path: Path, photos: Path
) -> None:
    shutil.move(photos / "red", tmp_path / "away")
    searched.searching.index()
    settle(searched, qtbot)
    shutil.move(tmp_path / "away", photos / "red")
    press(searched, qtbot, "Index again")
    assert not searched.notices.has("absent-images")
    assert len(searched.searching.gallery) == ALL


def test_a_sound_gallery_is_called_so(searched, qtbot) -> None:
    with qtbot.waitSignal(searched.retrieval.gallery_care.checked, timeout=30000):
        searched.window.actions_["check_gallery"].trigger()
    assert shown(searched, "gallery-care").title == f"The gallery is sound: {ALL} images"


def test_damage_is_found_and_repaired(searched, qtbot) -> None:
    folder = searched.searching.gallery.folder
    content = bytearray((folder / "descriptors.npy").read_bytes())
    content[200] ^= 1
    (folder / "descriptors.npy").write_bytes(content)
    searched.window.actions_["check_gallery"].trigger()
    settle(searched, qtbot)
    notice = shown(searched, "gallery-care")
    assert notice.title == "The gallery is damaged"
    assert "1 block of descriptors is not what was written" in notice.body
    with qtbot.waitSignal(searched.searching.indexed, timeout=30000):
        press(searched, qtbot, "Repair the gallery")
    assert shown(searched, "gallery-care").title == "The gallery is repaired"
    assert len(searched.searching.gallery) == ALL


def test_a_damaged_database_offers_its_repair_and_then_a_new_gallery(searched, qtbot) -> None:
    folder = searched.searching.gallery.folder
    (folder / DATABASE_NAME).write_bytes(b"no database" * 1000)
    searched.searching.index()
    settle(searched, qtbot)
    assert shown(searched, "gallery-care").title == "The gallery is damaged"
    press(searched, qtbot, "Repair the gallery")
    assert "can't be repaired" in shown(searched, "gallery-care").title
    with qtbot.waitSignal(searched.searching.indexed, timeout=30000):
        press(searched, qtbot, "Describe all images anew")
    assert len(searched.searching.gallery) == ALL
    assert folder.with_name(f"{folder.name}.damaged").is_dir()


def test_without_a_gallery_there_is_nothing_to_check(bench) -> None:
    assert not bench.window.actions_["check_gallery"].isEnabled()
