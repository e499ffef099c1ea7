"""Walking images: those that were opened together, or all of the folder that one lies in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import QObject

from core.images.formats import is_image_name
from core.reading import names_in
from gui.document import ModelDocument
from gui.frame.fields import ImageField
from gui.jobs import Lanes


class ImagesController(QObject):
    """The next image and the one before, round and round; the field says which of how many."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        field: ImageField,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._field = field
        self._images: tuple[Path, ...] = ()
        self.open_image: Callable[[Path], None] = document.set_image
        document.image_changed.connect(self._show_place)

    def show_together(self, images: Sequence[Path]) -> None:
        """Walk these from now on, and open the first."""
        self._images = tuple(path.absolute() for path in images)
        if images:
            self.open_image(images[0])

    def step(self, by: int) -> None:
        """Open the image that is `by` places on."""
        path = self._document.image_path
        if path is None:
            return
        if path in self._images:
            self._step(path, by)
            return
        self._lanes.files.start(
            lambda: _images_beside(path),
            key="images-beside",
            on_result=lambda found: self._take(path, found, by),
        )

    def _take(self, path: Path, found: tuple[Path, ...], by: int) -> None:
        self._images = found
        if path == self._document.image_path and path in found:
            self._step(path, by)

    def _step(self, path: Path, by: int) -> None:
        place = (self._images.index(path) + by) % len(self._images)
        if self._images[place] != path:
            self.open_image(self._images[place])

    def _show_place(self) -> None:
        path = self._document.image_path
        if path is None or path not in self._images or len(self._images) < 2:
            self._field.show_place("")
            return
        self._field.show_place(f"{self._images.index(path) + 1:,} of {len(self._images):,}")


def _images_beside(path: Path) -> tuple[Path, ...]:
    folder = path.absolute().parent
    return tuple(folder / name for name in names_in(folder) if is_image_name(Path(name)))
