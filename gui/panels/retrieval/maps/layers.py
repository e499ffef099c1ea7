"""Small maps of several representations beside each other; what is chosen lights up in all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui.panels.retrieval.maps.canvas import MapCanvas
from gui.panels.retrieval.maps.values import MapImages, MapLayer
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ElidedLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip

MOST_MAPS = 9


class _SmallMap(QWidget):
    """A canvas of points under the name of its representation and what its map keeps."""

    opened = pyqtSignal(object)
    """The RecipeChoice that is to be searched by."""

    def __init__(self, keeper: ThemeKeeper, store: ThumbnailStore) -> None:
        super().__init__()
        self.words = ElidedLabel()
        self.kept = ThemedLabel("", "secondary", pixels=11)
        self.open_button = IconButton(keeper, "search", "Search by this")
        self.canvas = MapCanvas(keeper, store)
        self.canvas.set_thumb_width(0)
        self.canvas.has_words = False
        head = QHBoxLayout()
        head.setContentsMargins(6, 0, 0, 0)
        head.setSpacing(6)
        head.addWidget(self.words, 1)
        head.addWidget(self.kept)
        head.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.canvas, 1)
        self.open_button.clicked.connect(self._open)

    def show_layer(self, images: MapImages, layer: MapLayer) -> None:
        """Show the map of one representation."""
        self.words.setText(layer.words)
        self.kept.setText(layer.kept)
        self.kept.setToolTip(plain_tip("\n".join(layer.sentences)))
        self.canvas.setAccessibleName(f"Map of {layer.words}")
        self.open_button.setAccessibleName(f"Search by {layer.words}")
        self.canvas.show_layer(images, layer)

    def _open(self) -> None:
        if self.canvas.layer is not None:
            self.opened.emit(self.canvas.layer.choice)


class SmallMaps(QWidget):
    """As many maps as there are representations, nine at most, in a grid."""

    image_selected = pyqtSignal(int)
    image_activated = pyqtSignal(int)
    image_pointed = pyqtSignal(int)
    lasso_drawn = pyqtSignal(object)
    layer_opened = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper, self._store = keeper, store
        self._maps: list[_SmallMap] = []
        self._n_shown = 0
        self._has_lasso = True
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 6, 8, 6)
        self._grid.setSpacing(8)

    @property
    def maps(self) -> list[_SmallMap]:
        """Those that are shown."""
        return self._maps[: self._n_shown]

    def show_layers(self, images: MapImages, layers: Sequence[MapLayer]) -> None:
        """Show other maps, in their order."""
        layers = layers[:MOST_MAPS]
        while len(self._maps) < len(layers):
            self._maps.append(self._make())
        self._n_shown = len(layers)
        columns = _columns(len(layers))
        for number, small in enumerate(self._maps):
            self._grid.removeWidget(small)
            small.setVisible(number < len(layers))
            if number < len(layers):
                small.show_layer(images, layers[number])
                self._grid.addWidget(small, number // columns, number % columns)

    def choose(self, chosen: np.ndarray | None) -> None:
        """As of one canvas, in all."""
        for small in self.maps:
            small.canvas.choose(chosen)

    def select(self, index: int) -> None:
        """Mark an image in all."""
        for small in self.maps:
            small.canvas.select(index)

    def point_out(self, index: int) -> None:
        """Mark an image that is pointed at, in all but the one that it is pointed at in."""
        for small in self.maps:
            if small.canvas is not self.sender():
                small.canvas.point_out(index)

    def mark(self, query: int, results: tuple[int, ...]) -> None:
        """Mark the query in all; ranks would hide small maps."""
        for small in self.maps:
            small.canvas.mark(query, ())

    def set_lasso(self, *, has_lasso: bool) -> None:
        """Whether dragging draws a lasso."""
        self._has_lasso = has_lasso
        for small in self._maps:
            small.canvas.has_lasso = has_lasso

    def fit(self) -> None:
        """Show all of each."""
        for small in self.maps:
            small.canvas.fit()

    def _make(self) -> _SmallMap:
        small = _SmallMap(self._keeper, self._store)
        canvas = small.canvas
        canvas.has_lasso = self._has_lasso
        canvas.image_selected.connect(self.image_selected)
        canvas.image_activated.connect(self.image_activated)
        canvas.image_pointed.connect(self.image_pointed)
        canvas.lasso_drawn.connect(lambda found, one=canvas: self._take_lasso(found, one))
        small.opened.connect(self.layer_opened)
        return small

    def _take_lasso(self, found: np.ndarray, drawn_on: MapCanvas) -> None:
        """The line stays where it was drawn; the others are lit without one."""
        for small in self.maps:
            if small.canvas is not drawn_on:
                small.canvas.forget_line()
        self.lasso_drawn.emit(found)


def _columns(n_maps: int) -> int:
    """Wide rather than high: 1, 2, 3 side by side, 4 in a square, 5 to 9 in threes."""
    return n_maps if n_maps < 4 else 2 if n_maps == 4 else 3
