"""A slide show gives a slow engine the newest picture alone; a camera is read beside the window."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QObject, Qt, pyqtSignal
from pytestqt.qtbot import QtBot

from core.errors import AppError
from gui import frame_sources
from gui.controllers.slides import SlidesController
from gui.document import ModelDocument
from gui.frame.slide_bar import SlideBar
from gui.frame_sources import CameraSource, FolderSource, open_first_camera
from gui.notices import Notices
from gui.theme import ThemeKeeper


class SlowLanes(QObject):
    """Runs a pass until the test says that it ended."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.is_busy = False

    def is_running(self, key: str) -> bool:
        return self.is_busy and key == "activations"

    def end(self) -> None:
        self.is_busy = False
        self.changed.emit()


class Show:
    """A slide show of ten pictures whose every turn the test gives."""

    def __init__(self, keeper: ThemeKeeper, qtbot: QtBot, rate: float) -> None:
        self.lanes, self.document, self.shown = SlowLanes(), ModelDocument(), []
        self.bar = SlideBar(keeper)
        qtbot.addWidget(self.bar)
        self.bar.rate.setCurrentIndex(self.bar.rate.findData(rate))
        self.slides = SlidesController(
            self.document, self.lanes, Notices(), None, lambda: None, self.bar
        )
        self.document.image_changed.connect(self._show)
        paths = [Path(f"{number}.png") for number in range(10)]
        self.slides.play(FolderSource(Path("ten"), paths))
        self.slides._clock.stop()  # the test is the clock

    def _show(self) -> None:
        assert not self.lanes.is_busy, "a picture was queued behind another"
        self.shown.append(int(self.document.image_path.stem))
        self.lanes.is_busy = True

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.slides._clock.timeout.emit()


def test_a_slow_engine_gets_the_newest_picture_and_the_others_are_left_out(
    keeper: ThemeKeeper, qtbot: QtBot
) -> None:
    show = Show(keeper, qtbot, rate=30.0)
    assert show.shown == [0]
    show.tick(4)
    assert show.shown == [0]
    show.lanes.end()
    assert show.shown == [0, 4]
    show.lanes.end()
    assert show.shown == [0, 4], "nothing is shown before its turn"
    show.tick(1)
    show.tick(7)
    show.lanes.end()
    assert show.shown == [0, 4, 5, 2]  # round: 5 + 7
    assert show.slides.n_dropped == 3 + 6
    assert "9 pictures left out" in show.bar.told.text()


def test_as_fast_as_it_goes_leaves_nothing_out(keeper: ThemeKeeper, qtbot: QtBot) -> None:
    show = Show(keeper, qtbot, rate=0.0)
    for _ in range(3):
        show.tick(5)
        show.lanes.end()
        show.tick(1)
    assert show.shown == [0, 1, 2, 3]
    assert show.slides.n_dropped == 0


def test_keys_wait_step_and_end(keeper: ThemeKeeper, qtbot: QtBot) -> None:
    show = Show(keeper, qtbot, rate=1.0)
    assert show.bar.what.text() == "Playing: ten"
    show.lanes.end()
    qtbot.keyClick(show.bar, Qt.Key_Space)
    assert show.bar.what.text() == "Waiting: ten"
    qtbot.keyClick(show.bar, Qt.Key_Right)
    show.lanes.end()
    qtbot.keyClick(show.bar, Qt.Key_Left)
    show.lanes.end()
    qtbot.keyClick(show.bar, Qt.Key_Left)
    assert show.shown == [0, 1, 0, 9]
    assert show.bar.place.text() == "10 of 10"
    qtbot.keyClick(show.bar, Qt.Key_Escape)
    assert show.slides.source is None
    assert not show.bar.isVisible()


def test_a_camera_gives_its_newest_picture_once(tmp_path: Path) -> None:
    turns, seen = threading.Semaphore(0), threading.Semaphore(0)
    pictures = [np.full((4, 6, 3), value, np.uint8) for value in (10, 20, 30)]
    closed = []

    def read() -> np.ndarray | None:
        seen.release()
        turns.acquire(timeout=10)
        return pictures.pop(0) if pictures else None

    camera = CameraSource(lambda: (read, lambda: closed.append(True)))
    seen.acquire(timeout=10)
    assert camera.frame() is None
    for _ in range(2):
        turns.release()
        assert seen.acquire(timeout=10)
    path = camera.frame()
    assert path is not None
    assert np.array(Image.open(path))[0, 0].tolist() == [20, 20, 20], "the newest alone"
    assert camera.frame() is None
    turns.release()
    assert seen.acquire(timeout=10)
    turns.release()  # there are no more
    camera._thread.join(10)
    other = camera.frame()
    assert other is not None
    assert other != path
    with pytest.raises(AppError, match="no more pictures"):
        camera.frame()
    camera.close()
    assert closed == [True]
    assert not path.exists()


def test_without_opencv_or_a_camera_a_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(frame_sources.importlib, "import_module", absent)
    with pytest.raises(AppError, match="read by OpenCV") as found:
        open_first_camera()
    assert "pip install opencv" in found.value.hint

    class NoCamera:
        def isOpened(self) -> bool:
            return False

        def release(self) -> None:
            pass

    class Cv2:
        @staticmethod
        def VideoCapture(number: int) -> NoCamera:
            return NoCamera()

    monkeypatch.setattr(frame_sources.importlib, "import_module", lambda name: Cv2)
    with pytest.raises(AppError, match="No camera can be read here"):
        open_first_camera()


def test_a_folder_plays_through_the_panels_until_esc(bench, photos: Path, qtbot: QtBot) -> None:
    window, slides = bench.window, bench.layer.interventions.slides
    window.slide_bar.rate.setCurrentIndex(window.slide_bar.rate.count() - 1)
    slides.play_folder(photos)
    qtbot.waitUntil(lambda: slides.n_shown >= 4, timeout=20000)
    assert window.slide_bar.isVisible()
    assert window.slide_bar.place.text().endswith("of 18")
    assert not window.actions_.why_not("cancel")
    window.actions_["cancel"].trigger()
    assert slides.source is None
    assert not window.slide_bar.isVisible()
    shown = bench.document.image_path
    assert shown is not None
    assert shown.parent.parent == photos
