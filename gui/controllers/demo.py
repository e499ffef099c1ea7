"""Opens the bundled demo: net, weights, an image, a layer, and its gallery."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.images.finding import find_images
from gui.controllers.opening import OpeningController
from gui.controllers.searching.controller import SearchingController
from gui.document import ModelDocument
from gui.panels.retrieval.view import RecipeChoice

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo"
PROTOTXT, WEIGHTS, GALLERY = "demo_deploy.prototxt", "demo.caffemodel", "gallery"
LAYER = "relu7"
"""Selected first, and what the gallery is searched by: the best layer of the demo net."""


class DemoController(QObject):
    """Everything a colleague should see first, without a click."""

    opened = pyqtSignal()

    def __init__(
        self,
        document: ModelDocument,
        opening: OpeningController,
        searching: SearchingController,
        folder: Path = DEMO,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._opening = opening
        self._searching = searching
        self._folder = folder
        self._is_waiting = False
        self.show_first: Callable[[], None] = lambda: None
        document.weights_changed.connect(self._go_on)

    @property
    def is_there(self) -> bool:
        """Whether the demo's files came with this copy."""
        return all((self._folder / name).exists() for name in (PROTOTXT, WEIGHTS, GALLERY))

    def open(self) -> None:
        """Open it; the rest follows when the weights are bound."""
        self._is_waiting = True
        self._opening.open_model(self._folder / PROTOTXT, self._folder / WEIGHTS)

    def _go_on(self) -> None:
        document = self._document
        if not self._is_waiting or document.weights is None or document.net is None:
            return
        self._is_waiting = False
        if document.path != (self._folder / PROTOTXT).absolute():
            return
        images = find_images(self._folder / GALLERY)
        if images:
            document.set_image(images[len(images) // 3])
        self.show_first()
        choice = None
        if document.net.has_layer(LAYER):
            document.select(LAYER)
            choice = RecipeChoice(LAYER, document.net.layer(LAYER).tops[0], "flatten")
        self._searching.open_folder(self._folder / GALLERY, choice)
        self.opened.emit()
