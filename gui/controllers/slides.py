"""Plays a folder or a camera: what the engine can't follow is left out, never queued."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from core.errors import AppError
from core.images.finding import find_images
from gui.dialogs.files import FileChooser
from gui.document import ModelDocument
from gui.frame.slide_bar import SlideBar
from gui.frame_sources import CameraSource, FolderSource, FrameSource, open_first_camera
from gui.jobs import Lanes
from gui.notices import Notices
from gui.settings import Settings

NOTICE = "slide-show"
FOLLOWING = (
    "forward", "activations", "summaries", "glance", "intervene", "rank-changed",
    "image-statistics", "explain-classes", "explain", "seen", "image-thumbnail",
)  # fmt: skip
"""Jobs that show a picture, on whatever view: the next one waits until none of them runs."""
SOON_MILLISECONDS = 4
_SHOWN_FOR_RATE = 20


class SlidesController(QObject):
    """A picture whose turn comes while the one before is on its way is left out."""

    begun = pyqtSignal()
    ended = pyqtSignal()

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        bar: SlideBar,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._notices = notices
        self._settings = settings
        self._chooser = chooser
        self._bar = bar
        self.source: FrameSource | None = None
        self.is_playing = False
        self.n_shown = self.n_dropped = 0
        self._is_due = False
        self._shown_at: deque[float] = deque(maxlen=_SHOWN_FOR_RATE)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tick)
        self.open_camera = open_first_camera
        lanes.changed.connect(self._go_on)
        bar.play_toggled.connect(self.toggle)
        bar.stepped.connect(self.step)
        bar.ended.connect(self.end)
        bar.rate_chosen.connect(lambda _rate: self._set_clock())

    @property
    def is_busy(self) -> bool:
        """Whether the picture before is still on its way through engine and panels."""
        return any(self._lanes.is_running(key) for key in FOLLOWING)

    def choose_folder(self) -> None:
        """Ask for the folder to play."""
        self._chooser().open_folder(
            "Play the images of a folder", self._settings.folder("images"), self.play_folder
        )

    def play_folder(self, folder: Path) -> None:
        """Play the images of a folder and those below it."""

        def take(paths: tuple[Path, ...]) -> None:
            if paths:
                self.play(FolderSource(folder, paths))
            else:
                self._show_error(AppError(f"There are no images in '{folder}'."))

        self._lanes.files.start(
            lambda: find_images(folder), key="slides", on_result=take, on_error=self._show_error
        )

    def play_camera(self) -> None:
        """Play what a camera sees, or say why none can be read."""
        try:
            source = CameraSource(self.open_camera)
        except AppError as error:
            self._show_error(error)
            return
        self.play(source)

    def play(self, source: FrameSource) -> None:
        """Begin with the first picture of a source."""
        self.end()
        self._notices.dismiss(NOTICE)
        self.source, self.is_playing = source, True
        self.n_shown = self.n_dropped = 0
        self._shown_at.clear()
        self._bar.show()
        self._bar.setFocus()
        self._set_clock()
        self._is_due = True
        self._go_on()
        self._show_state()
        self.begun.emit()

    def toggle(self) -> None:
        """Wait, or go on."""
        if self.source is not None:
            self.is_playing = not self.is_playing
            self._set_clock()
            self._show_state()

    def step(self, by: int) -> None:
        """Wait at the picture so many places on."""
        if self.source is not None:
            self.is_playing = False
            self._set_clock()
            self.source.move(by)
            self._is_due = True
            self._go_on()
            self._show_state()

    def end(self) -> None:
        """Stop; the picture of now stays."""
        if self.source is None:
            return
        source, self.source = self.source, None
        self.is_playing = self._is_due = False
        self._clock.stop()
        self._bar.hide()
        source.close()
        self.ended.emit()

    def _set_clock(self) -> None:
        rate = self._bar.chosen_rate
        if self.is_playing:
            self._clock.start(round(1000 / rate) if rate else SOON_MILLISECONDS)
        else:
            self._clock.stop()

    def _tick(self) -> None:
        """The next picture's turn: one whose turn comes while another is on its way is left out."""
        if self.source is None:
            return
        if self._bar.chosen_rate == 0 and self.is_busy:
            return  # as fast as it goes leaves nothing out
        self.n_dropped += self._is_due and self.is_busy
        self.source.move(1)
        self._is_due = True
        self._go_on()

    def _go_on(self) -> None:
        """Show the picture of now, if it is its turn and nothing else is on its way."""
        if self.source is None or not self._is_due or self.is_busy:
            return
        try:
            path = self.source.frame()
        except AppError as error:
            self.end()
            self._show_error(error)
            return
        if path is None:
            return
        self._is_due = False
        self.n_shown += 1
        self._shown_at.append(time.perf_counter())
        self._document.set_image(path)
        self._show_state()

    def _show_state(self) -> None:
        source = self.source
        if source is not None:
            self._bar.show_state(
                source.name, source.place, is_playing=self.is_playing, has_steps=bool(source.place)
            )
            self._bar.show_figures(self.per_second, self.n_dropped)

    @property
    def per_second(self) -> float | None:
        """How many pictures a second were shown of late, None before there are two."""
        if len(self._shown_at) < 2:
            return None
        seconds = self._shown_at[-1] - self._shown_at[0]
        return (len(self._shown_at) - 1) / seconds if seconds > 0 else None

    def _show_error(self, error: AppError) -> None:
        self._notices.show_error(error, NOTICE)
