"""Lays what explains the best class over the picture beside the tiles, where that is chosen."""

from __future__ import annotations

from PyQt5.QtCore import QObject, QTimer

from core.attribution.methods import TITLES, MethodName
from gui.controllers.explaining.controller import ExplainingController
from gui.controllers.seeing import SeeingController
from gui.document import ModelDocument
from gui.panels.activations.panel import ActivationsPanel

OFFERED: dict[MethodName, str] = {
    "gradcam": "Where the score of the class comes from at this layer",
    "saliency": "Which pixels move the score of the class most",
}
SOON_MILLISECONDS = 150


class OverlayController(QObject):
    """Follows image and layer; passes are run for it only where they are cheap."""

    def __init__(
        self,
        document: ModelDocument,
        explaining: ExplainingController,
        seeing: SeeingController,
        activations: ActivationsPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._explaining = document, explaining
        self._view = activations.channel
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MILLISECONDS)
        self._soon.timeout.connect(self._follow)
        for name, tip in OFFERED.items():
            self._view.overlay.add(name, TITLES[name], tip)
        self._view.overlay.chosen.connect(lambda _: self._show())
        for changed in (document.net_changed, document.weights_changed, document.image_changed,
                        document.recipe_changed, document.selection_changed):  # fmt: skip
            changed.connect(lambda *_: self._show())
        seeing.picture_changed.connect(lambda _: self._show())
        explaining.explained.connect(lambda _: self._show())
        activations.destroyed.connect(self._soon.stop)

    def _show(self) -> None:
        """What is known; what is not begins soon."""
        name = self._view.overlay.current
        maps = self._explaining.known.maps
        self._view.seen.show_heat(next((maps.get(one) for one in OFFERED if one == name), None))
        if name in OFFERED:
            self._soon.start()

    def _follow(self) -> None:
        """A picture that has come since has taken the places away; what is missing is run."""
        name, known = self._view.overlay.current, self._explaining.known
        if name not in OFFERED or self._view.seen.heat is not None:
            return
        found = next((known.maps.get(one) for one in OFFERED if one == name), None)
        if found is not None:
            self._view.seen.show_heat(found)
        elif self._view.isVisible() and self._document.is_cheap and not known.failed:
            self._explaining.run(name)
