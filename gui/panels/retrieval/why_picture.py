"""A picture of a query or a result with the places that carry the match."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QRectF
from PyQt5.QtGui import QImage, QPainter
from PyQt5.QtWidgets import QWidget

from core.retrieval.why_maps import WhyMap
from core.retrieval.why_picture import heat_of
from gui.panels.retrieval.picture import Picture
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.heat import HEAT_SIDE, heat_image, paint_heat


class HeatPicture(Picture):
    """Grey and dimmed under its heat, as far as that is opaque; as it is without."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        store: ThumbnailStore,
        width: int,
        *,
        least: float = 0.4,
        most: float = 1.1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, store, width, least=least, most=most, parent=parent)
        self._map: WhyMap | None = None
        self._strongest = 1.0
        self._opacity = 1.0
        self._heat: tuple[object, QImage] | None = None
        self._grey: tuple[int, QImage] | None = None

    @property
    def heat(self) -> WhyMap | None:
        """What is drawn over the picture."""
        return self._map

    def show_path(self, path: Path | None) -> None:
        """Draw the image of a file; the heat of another one goes."""
        if self._map is not None and self._map.part.path != path:
            self._map = None
        super().show_path(path)

    def show_heat(self, found: WhyMap | None, strongest: float = 1.0) -> None:
        """Draw what carries the match; strongest: the share drawn at full strength."""
        self._map, self._strongest, self._heat = found, strongest, None
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """From 0, the picture alone, to 1."""
        self._opacity = opacity
        self.update()

    def paint_over(self, painter: QPainter, box: QRectF, image: QImage) -> None:
        if self._map is None or not self._opacity:
            return
        grey, heat = self._greyed(image), self._heated(image, self._map)
        paint_heat(painter, box, grey, heat, self._opacity, self._keeper.theme)

    def _greyed(self, image: QImage) -> QImage:
        key = image.cacheKey()
        if self._grey is None or self._grey[0] != key:
            self._grey = key, image.convertToFormat(QImage.Format_Grayscale8)
        return self._grey[1]

    def _heated(self, image: QImage, found: WhyMap) -> QImage:
        """The heat as opaque as it is strong, made anew for another picture or theme."""
        theme = self._keeper.theme
        key = theme.name, image.width(), image.height()
        if self._heat is None or self._heat[0] != key:
            scale = HEAT_SIDE / max(image.width(), image.height())
            width, height = (max(1, round(side * scale)) for side in key[1:])
            heat = heat_of(found, width, height, self._strongest)
            self._heat = key, heat_image(heat, theme.tile_positive, theme.tile_negative)
        return self._heat[1]
