"""Former selections: the layers and images that were looked at, walked back and forth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.files import is_plain_file
from gui.document import ModelDocument

MOST_KEPT = 100


@dataclass(frozen=True)
class Looked:
    """A layer, "" for none, and an image, that were looked at together."""

    layer: str
    image: Path | None


class FormerSelections(QObject):
    """Remembers every selection of the open net; what is gone from net or disk is passed over."""

    changed = pyqtSignal()

    def __init__(self, document: ModelDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._former: list[Looked] = []
        self._later: list[Looked] = []
        self._now = Looked("", document.image_path)
        self._path: Path | None = None
        self._is_walking = False
        self.open_image: Callable[[Path], None] = document.set_image
        document.opened.connect(self._begin)
        document.selection_changed.connect(lambda _name: self._note())
        document.image_changed.connect(self._note)

    @property
    def why_no_former(self) -> str:
        """Why there is no selection to go back to; "" where there is one."""
        return "" if self._former else "Nothing else was selected before."

    @property
    def why_no_later(self) -> str:
        """Why there is no selection to go forward to; "" where there is one."""
        return "" if self._later else "You have not gone back to a former selection."

    def go_back(self) -> None:
        """Select what was selected before."""
        self._walk(self._former, self._later)

    def go_forward(self) -> None:
        """Select what was left by going back."""
        self._walk(self._later, self._former)

    def _begin(self) -> None:
        """Another net has other layers; the same one, read again, keeps its former selections."""
        if self._document.path == self._path:
            return
        self._path = self._document.path
        self._former, self._later = [], []
        self._now = Looked(self._document.selection, self._document.image_path)
        self.changed.emit()

    def _note(self) -> None:
        now = Looked(self._document.selection, self._document.image_path)
        if self._is_walking or now == self._now:
            return
        if self._now.layer or (now.layer == self._now.layer and self._now.image):
            self._former = [*self._former, self._now][-MOST_KEPT:]
        self._later = []
        self._now = now
        self.changed.emit()

    def _walk(self, source: list[Looked], target: list[Looked]) -> None:
        while source:
            wanted = source.pop()
            wanted = Looked(wanted.layer, wanted.image or self._now.image)
            if self._is_there(wanted) and wanted != self._now:
                target.append(self._now)
                self._show(wanted)
                break
        self.changed.emit()

    def _show(self, wanted: Looked) -> None:
        self._is_walking = True
        try:
            if wanted.image is not None and wanted.image != self._document.image_path:
                self.open_image(wanted.image)
            self._document.select(wanted.layer)
        finally:
            self._is_walking = False
        self._now = Looked(self._document.selection, self._document.image_path)

    def _is_there(self, wanted: Looked) -> bool:
        net = self._document.net
        has_layer = not wanted.layer or (net is not None and net.has_layer(wanted.layer))
        return has_layer and (wanted.image is None or is_plain_file(wanted.image))
