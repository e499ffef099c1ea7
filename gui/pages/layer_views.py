"""The views of a layer: what is looked at, over which images, and in which form."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QWidget

from gui.theme import ThemeKeeper
from gui.widgets.kept import keep
from gui.widgets.labels import ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.segments import Segments

HEIGHT = 36
VALUES_VIEW, WEIGHTS_VIEW = "values", "weights"
GRADIENTS_VIEW, ALL_LAYERS_VIEW = "gradients", "all layers"
IMAGE, FOLDER, BOTH = "image", "folder", "both"
TILES, MATRIX = "tiles", "matrix"
WORDS = {
    VALUES_VIEW: "Values",
    WEIGHTS_VIEW: "Weights",
    GRADIENTS_VIEW: "Gradients",
    ALL_LAYERS_VIEW: "All layers",
}


class LayerViewBar(PanelBar):
    """Views that are not there, and choices that a view does not have, are left out.

    views, over and form tell of a choice by their signal `chosen`. over: the image, the folder of
    the gallery, or both. form: tiles, or the matrix of images x channels.
    """

    shown = pyqtSignal(str)
    """The key of the view that shows."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self.setFixedHeight(HEIGHT)
        self.views = Segments(keeper, "View of the layer")
        self.over = Segments(keeper, "Over which images")
        self.over.add(IMAGE, "this image")
        self.over.add(FOLDER, "folder")
        self.over.add(BOTH, "both")
        self.form = Segments(keeper, "Form")
        self.form.add(TILES, "tiles")
        self.form.add(MATRIX, "matrix")
        keep("layer page", view=self.views, over=self.over, form=self.form)
        self._over_label = ThemedLabel("Over", "secondary")
        self._form_label = ThemedLabel("As", "secondary")
        self._has_over: dict[str, bool] = {}
        self._tools: dict[str, tuple[QWidget, ...]] = {}
        for key, words in WORDS.items():
            self.views.add(key, words)
            self.views.set_shown(key, is_shown=key == VALUES_VIEW)
        self.row.addWidget(self.views)
        for label, choice in ((self._over_label, self.over), (self._form_label, self.form)):
            self.row.addSpacing(10)
            self.row.addWidget(label)
            self.row.addWidget(choice)
        self.add_stretch()
        self.views.chosen.connect(self._show_choices)
        self.offer_form(is_there=False)

    def add_view(self, key: str, *, has_over: bool) -> None:
        """Offer a view; has_over: whether it can be over a folder too."""
        self._has_over[key] = has_over
        self.views.set_shown(key, is_shown=True)
        self._show_choices(self.views.current)

    def add_tools(self, key: str, tools: Sequence[QWidget]) -> None:
        """Controls at the right end that show with one view alone."""
        self._tools[key] = tuple(tools)
        for tool in tools:
            self.row.addWidget(tool)
            tool.setVisible(self.views.current == key)

    def set_has_over(self, key: str, *, has_over: bool) -> None:
        """Whether a view can be over a folder, as without a gallery it can't."""
        self._has_over[key] = has_over
        self._show_choices(self.views.current)

    def show_folder(self, words: str) -> None:
        """What the folder is called in the choice: "corel1k, 200"."""
        self.over.set_words(FOLDER, words or "folder")

    @property
    def is_over_folder(self) -> bool:
        """Whether the view that shows is over the folder alone."""
        return self._has_over.get(self.views.current, False) and self.over.current == FOLDER

    def offer_form(self, *, is_there: bool) -> None:
        """Whether there is a choice between tiles and matrix."""
        if not is_there:
            self.form.choose(TILES)
        for widget in (self._form_label, self.form):
            widget.setVisible(is_there)

    def _show_choices(self, key: str) -> None:
        self.setVisible(len(self._has_over) > 1 or any(self._has_over.values()))
        for widget in (self._over_label, self.over):
            widget.setVisible(self._has_over.get(key, False))
        for of, tools in self._tools.items():
            for tool in tools:
                tool.setVisible(of == key)
        self.shown.emit(key)
