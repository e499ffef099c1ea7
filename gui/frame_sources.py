"""Where the pictures of a slide show come from: the images of a folder, or a camera."""

from __future__ import annotations

import importlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PyQt5.QtGui import QImage

from core.errors import AppError
from core.files import write_file
from gui.widgets.png import png_of

NO_CAMERA = "No camera can be read here."
NO_OPENCV = "A camera is read by OpenCV, which this Python does not have."
WITH_OPENCV = "Install it beside Blobscope: pip install opencv-python-headless."


class FrameSource(Protocol):
    """Gives the picture of now; what was not asked for is gone."""

    name: str

    @property
    def place(self) -> str:
        """ "3 of 24"; "" where there is no end."""

    def move(self, step: int) -> None:
        """Go on by so many pictures, round at both ends."""

    def frame(self) -> Path | None:
        """The picture of now as a file, None where there is none yet. Raises AppError."""

    def close(self) -> None:
        """Let go of what it holds."""


class FolderSource:
    """The images of a folder, one after the other, round and round."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self.name = folder.name
        self._paths = tuple(paths)
        self._at = 0

    @property
    def place(self) -> str:
        """ "3 of 24"."""
        return f"{self._at + 1:,} of {len(self._paths):,}"

    def move(self, step: int) -> None:
        """Go on by so many pictures, round at both ends."""
        self._at = (self._at + step) % len(self._paths)

    def frame(self) -> Path | None:
        """The picture of now."""
        return self._paths[self._at]

    def close(self) -> None:
        """Nothing is held."""


Read = Callable[[], np.ndarray | None]
"""Gives the next picture of a camera, (height, width, 3) uint8 RGB, None where it has none."""


class CameraSource:
    """The newest picture of a camera: a thread reads on, and each picture takes the last's place.

    open_camera: gives `read` and `close`. Pictures are handed on as files in a folder of ours,
    which goes with us; two take turns, so that none is written while it is read.
    """

    def __init__(self, open_camera: Callable[[], tuple[Read, Callable[[], None]]]) -> None:
        self.name, self.place = "camera", ""
        self._read, self._close = open_camera()
        self._folder = Path(tempfile.mkdtemp(prefix="blobscope-camera-"))
        self._newest: np.ndarray | None = None
        self._n_taken = 0
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._follow, name="camera", daemon=True)
        self._thread.start()

    def move(self, step: int) -> None:
        """A camera has no other picture than that of now."""

    def frame(self) -> Path | None:
        """The newest picture that was not given yet."""
        with self._lock:
            picture, self._newest = self._newest, None
        if picture is None:
            if self._ended.is_set():
                raise AppError("The camera gives no more pictures.", hint="Is it still there?")
            return None
        self._n_taken += 1
        path = self._folder / f"camera {self._n_taken % 2}.png"
        height, width = picture.shape[:2]
        pixels = np.ascontiguousarray(picture[..., :3], np.uint8)
        image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format_RGB888).copy()
        write_file(path, png_of(image))
        return path

    def close(self) -> None:
        """Stop reading, let go of the camera, and delete the pictures."""
        self._ended.set()
        self._thread.join(5.0)
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _follow(self) -> None:
        while not self._ended.is_set():
            picture = self._read()
            if picture is None:
                self._ended.set()
                return
            with self._lock:
                self._newest = picture


def open_first_camera() -> tuple[Read, Callable[[], None]]:
    """The first camera that OpenCV finds. Raises AppError where there is none, or no OpenCV."""
    try:
        cv2: Any = importlib.import_module("cv2")
    except ImportError as error:
        raise AppError(NO_OPENCV, hint=WITH_OPENCV) from error
    capture = cv2.VideoCapture(0)
    if not capture.isOpened():
        capture.release()
        raise AppError(NO_CAMERA, hint="Connect one, or close the program that uses it.")

    def read() -> np.ndarray | None:
        is_there, picture = capture.read()
        return np.asarray(picture)[..., ::-1] if is_there else None

    return read, capture.release
