"""The images that are chosen on a map, as a grid beside it that is linked both ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PyQt5.QtCore import QEvent, pyqtSignal
from PyQt5.QtGui import QMouseEvent
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.words import plural
from gui.panels.retrieval.grid import RankingGrid
from gui.panels.retrieval.maps.legend import MapLegend
from gui.panels.retrieval.maps.values import LabelLook, MapImages
from gui.panels.retrieval.view import ResultTile, Tiles
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.buttons import Button
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_tip

NOTE = "Point at a picture here and its place lights up there, and back."
NO_CHOICE = "Draw a line around images on the map, or click a label below it, to see them alone."


class _PointingGrid(RankingGrid):
    """Tells which tile the mouse is over."""

    tile_pointed = pyqtSignal(int)
    """The number of its image; -1 between tiles."""

    def __init__(self, keeper: ThemeKeeper, store: ThumbnailStore) -> None:
        super().__init__(keeper, store)
        self.setAccessibleName("Images chosen on the map")
        self.viewport().setMouseTracking(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.pos())
        self.tile_pointed.emit(self.tiles[place].index if place >= 0 else -1)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.tile_pointed.emit(-1)


class MapSide(QWidget):
    """How many are chosen, how many of each label, and the images themselves."""

    image_selected = pyqtSignal(int)
    image_activated = pyqtSignal(int)
    image_pointed = pyqtSignal(int)
    label_chosen = pyqtSignal(int)
    list_requested = pyqtSignal()

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._images: MapImages | None = None
        self._shown = np.arange(0)
        self._is_following = False
        self.heading = ThemedLabel("", semibold=True)
        self.query_button = Button(keeper, "Use as query", "search")
        self.list_button = Button(keeper, "List", "save")
        self.list_button.setToolTip("Write these images as a table: x, y, file, label")
        self.counts = MapLegend(keeper, "Labels of the chosen images", has_counts=True)
        self.grid = _PointingGrid(keeper, store)
        self.note = ThemedLabel(NOTE, "secondary", pixels=11)
        self.note.setWordWrap(True)
        self.note.setContentsMargins(12, 6, 12, 6)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 12, 2)
        head.setSpacing(6)
        head.addWidget(self.heading)
        head.addStretch(1)
        head.addWidget(self.query_button)
        head.addWidget(self.list_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.counts)
        column.addWidget(self.grid, 1)
        column.addWidget(self.note)
        self.grid.tile_selected.connect(self._on_selected)
        self.grid.tile_activated.connect(lambda tile: self.image_activated.emit(tile.index))
        self.grid.tile_pointed.connect(self.image_pointed)
        self.counts.chosen.connect(self._on_label)
        self.query_button.clicked.connect(self._on_query)
        self.list_button.clicked.connect(lambda: self.list_requested.emit())
        self.show_images(None, None)

    def show_images(self, images: MapImages | None, chosen: np.ndarray | None) -> None:
        """Show some images, (n,) int64, rising; None for all of them."""
        n_all = 0 if images is None else len(images)
        self._images = images
        self._shown = np.arange(n_all) if chosen is None else chosen
        what = plural(self._shown.size, "image")
        self.heading.setText(what if chosen is None else f"{what} chosen")
        self.note.setText(NO_CHOICE if chosen is None else NOTE)
        self.list_button.setEnabled(bool(self._shown.size))
        self._show_counts()
        self._is_following = True
        if images is None:
            self.grid.show_tiles(Tiles.of(()))
        else:
            self.grid.show_tiles(Tiles(images.tile, self._shown))
        self._is_following = False
        self._on_query_target(None)

    def set_narrow(self, *, is_narrow: bool) -> None:
        """In little room a button loses its word, before a number does."""
        self.list_button.setText("" if is_narrow else "List")
        self.list_button.setAccessibleName("List")

    def select(self, index: int) -> None:
        """Move to the tile of an image, where it is among those shown."""
        place = int(np.searchsorted(self._shown, index))
        is_there = place < self._shown.size and self._shown[place] == index
        self._is_following = True
        self.grid.select(place if is_there else -1)
        self._is_following = False
        tile = None if index < 0 or self._images is None else self._images.tile(index)
        self._on_query_target(tile)

    def _show_counts(self) -> None:
        images = self._images
        if images is None:
            self.counts.show_looks(())
            return
        numbers = np.bincount(images.look_of[self._shown], minlength=len(images.looks))
        looks = [
            replace(look, n_images=int(n)) for look, n in zip(images.looks, numbers, strict=True)
        ]
        self.counts.show_looks(tuple(sorted((x for x in looks if x.n_images), key=_by_count)))

    def _on_label(self, number: int) -> None:
        if self._images is not None:
            wanted = self.counts.looks[number].label
            places = (i for i, look in enumerate(self._images.looks) if look.label == wanted)
            self.label_chosen.emit(next(places, -1))

    def _on_selected(self, tile: ResultTile | None) -> None:
        if not self._is_following:
            self._on_query_target(tile)
            self.image_selected.emit(-1 if tile is None else tile.index)

    def _on_query_target(self, tile: ResultTile | None) -> None:
        self._target = tile
        self.query_button.setEnabled(tile is not None)
        said = "Select an image first." if tile is None else f"Rank the gallery for {tile.name}"
        self.query_button.setToolTip(plain_tip(said))

    def _on_query(self) -> None:
        if self._target is not None:
            self.image_activated.emit(self._target.index)


def _by_count(look: LabelLook) -> tuple[bool, int]:
    """Most images first, those without a label last."""
    return not look.label, -look.n_images
