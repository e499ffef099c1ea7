"""The map view: the gallery in two dimensions, what that keeps, and the images chosen on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt5.QtCore import QPoint, Qt, pyqtSignal
from PyQt5.QtGui import QImage, QPainter
from PyQt5.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from gui.panels.retrieval.maps.bar import LAYERS, PCA, MapBar
from gui.panels.retrieval.maps.canvas import MapCanvas
from gui.panels.retrieval.maps.layers import SmallMaps
from gui.panels.retrieval.maps.legend import MapLegend
from gui.panels.retrieval.maps.side import MapSide
from gui.panels.retrieval.maps.values import MapImages, MapLayer
from gui.panels.retrieval.offer_line import OfferLine
from gui.panels.retrieval.view import Offer
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore
from gui.widgets.labels import ElidedLabel, ThemedLabel

SIDE_WIDTH, NARROW_SIDE, NARROW_BELOW = 470, 330, 1300
NO_MAP = "The map comes when a folder is read."
KEYS = (
    ("Arrows", "To the next image that way"),
    ("Ctrl+Arrows", "Move the map"),
    ("+, -, 0", "Zoom in, out, show all"),
    ("Enter", "Search with the image"),
    ("Esc", "Let go of the lasso, then of the image"),
    ("Shift+drag", "Move the map in place of a lasso, and back"),
)
"""What keys do on the map, for the list of all keys."""


class MapView(QWidget):
    """Bar, offer, what is kept, canvas with its legend, and the grid beside."""

    method_chosen = pyqtSignal(str)
    kind_chosen = pyqtSignal(str)
    settings_changed = pyqtSignal()
    compute_requested = pyqtSignal()
    query_requested = pyqtSignal(int)
    layer_opened = pyqtSignal(object)
    chosen_csv_requested = pyqtSignal()
    shown = pyqtSignal()

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._images: MapImages | None = None
        self._chosen: np.ndarray | None = None
        self.bar = MapBar(keeper)
        self.offer_line = OfferLine(keeper)
        self.kept = ThemedLabel("", semibold=True)
        self.rest = ElidedLabel(mode=Qt.ElideRight)
        self.canvas = MapCanvas(keeper, store)
        self.small = SmallMaps(keeper, store)
        self.legend = MapLegend(keeper, "Labels", has_counts=False)
        self.side = MapSide(keeper, store)
        self._lay_out()
        self._connect()
        self.show_images(None)
        self.show_map(None, NO_MAP)

    @property
    def method(self) -> str:
        """ "pca" or "tsne"."""
        return self.bar.methods.current

    @property
    def perplexity(self) -> int:
        """Of t-SNE."""
        return self.bar.perplexity.value()

    @property
    def seed(self) -> int:
        """Of t-SNE."""
        return self.bar.seed.value()

    @property
    def is_of_layers(self) -> bool:
        """Whether several small maps are wanted, in place of one."""
        return self.bar.kinds.current == LAYERS

    @property
    def images(self) -> MapImages | None:
        """The images that are shown."""
        return self._images

    @property
    def chosen(self) -> np.ndarray | None:
        """The images that are chosen, (n,) int64, rising; None for no choice."""
        return self._chosen

    def show_images(self, images: MapImages | None) -> None:
        """Other images, or other labels of them; nothing is chosen."""
        self._images, self._chosen = images, None
        self.legend.show_looks(() if images is None else images.looks)
        self.legend.setVisible(bool(self.legend.looks))
        self.side.show_images(images, None)

    def show_map(self, layer: MapLayer | None, words: str = "") -> None:
        """Show where the images lie; words: in its place while there is no map."""
        self.canvas.show_layer(self._images, layer, words)
        self._light()
        self.bar.set_can_export(can_export=layer is not None)

    def choose_method(self, method: str) -> None:
        """Turn to a method by its word; another word changes nothing."""
        if method in self.bar.methods.shown:
            self.bar.methods.choose(method)

    def show_layers(self, layers: Sequence[MapLayer]) -> None:
        """Show where they lie by several representations."""
        if self._images is not None:
            self.small.show_layers(self._images, layers)
            self.small.select(self.canvas.current)
            self._light()

    def show_kept(self, words: str, rest: str, settings: str) -> None:
        """What the maps keep, what else is to be known of them, what they are made with."""
        self.kept.setText(words)
        self.kept.setVisible(bool(words))
        self.rest.setText(rest)
        self.bar.settings.setText(settings)

    def show_offer(self, offer: Offer | None) -> None:
        """Offer to compute what is not there yet."""
        self.offer_line.show_offer(offer)

    def mark(self, query: int, results: tuple[int, ...]) -> None:
        """Mark the query and its first results; -1 and () for none."""
        self.canvas.mark(query, results)
        self.small.mark(query, results)

    def choose_images(self, images: np.ndarray | None) -> None:
        """Show some images alone, (n,) int64, rising; none or None for all alike."""
        self._chosen = images if images is not None and images.size else None
        self.side.show_images(self._images, self._chosen)
        self._light()

    def picture(self) -> QImage:
        """The map with its legend and what it keeps, as it is shown."""
        ratio = self.devicePixelRatioF()
        shown = self.small if self.is_of_layers else self.canvas
        high = shown.height() + self.legend.height() + 30
        image = QImage(
            round(shown.width() * ratio), round(high * ratio), QImage.Format_ARGB32_Premultiplied
        )
        image.setDevicePixelRatio(ratio)
        image.fill(self._keeper.theme.panel)
        painter = QPainter(image)
        painter.setPen(self._keeper.theme.text)
        layer = self.canvas.layer
        said = "" if layer is None or self.is_of_layers else f"{layer.words}: "
        painter.drawText(12, 20, f"{said}{self.kept.text()}")
        painter.end()
        shown.render(image, QPoint(0, 30))
        self.legend.render(image, QPoint(0, 30 + shown.height()))
        return image

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.shown.emit()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        is_narrow = self.width() < NARROW_BELOW
        self.side.setFixedWidth(NARROW_SIDE if is_narrow else SIDE_WIDTH)
        self.side.set_narrow(is_narrow=is_narrow)

    def _lay_out(self) -> None:
        self._maps = QStackedLayout()
        self._maps.addWidget(self.canvas)
        self._maps.addWidget(self.small)
        said = QHBoxLayout()
        said.setContentsMargins(12, 5, 12, 5)
        said.setSpacing(8)
        said.addWidget(self.kept)
        said.addWidget(self.rest, 1)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addLayout(said)
        left.addLayout(self._maps, 1)
        left.addWidget(self.legend)
        line = QWidget()
        line.setObjectName("mapLine")
        line.setAttribute(Qt.WA_StyledBackground)
        line.setFixedWidth(1)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(line)
        row.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.offer_line)
        column.addLayout(row, 1)

    def _connect(self) -> None:
        bar, side = self.bar, self.side
        bar.methods.chosen.connect(self.method_chosen)
        bar.settings_changed.connect(self.settings_changed)
        bar.kinds.chosen.connect(self._show_kind)
        bar.thumbs.valueChanged.connect(self.canvas.set_thumb_width)
        bar.lasso_button.toggled.connect(self._set_lasso)
        bar.fit_button.clicked.connect(self._fit)
        self.canvas.set_thumb_width(bar.thumbs.value())
        self.offer_line.taken.connect(self.compute_requested)
        self.offer_line.dropped.connect(self._drop_offer)
        self.legend.chosen.connect(self._choose_label)
        for maps in (self.canvas, self.small):
            maps.image_selected.connect(self._select)
            maps.image_activated.connect(self.query_requested)
            maps.lasso_drawn.connect(self.choose_images)
        self.small.image_pointed.connect(self.small.point_out)
        self.small.layer_opened.connect(self.layer_opened)
        side.image_selected.connect(self._select_on_map)
        side.image_activated.connect(self.query_requested)
        side.image_pointed.connect(self._point_out)
        side.label_chosen.connect(self._narrow)
        side.list_requested.connect(self.chosen_csv_requested)

    def _show_kind(self, kind: str) -> None:
        self._maps.setCurrentWidget(self.small if kind == LAYERS else self.canvas)
        self.bar.thumbs.setEnabled(kind != LAYERS)
        self.kind_chosen.emit(kind)

    def _drop_offer(self) -> None:
        self.show_offer(None)
        self.bar.methods.choose(PCA)

    def _set_lasso(self, is_on: bool) -> None:
        self.canvas.has_lasso = is_on
        self.small.set_lasso(has_lasso=is_on)

    def _fit(self) -> None:
        self.canvas.fit()
        self.small.fit()

    def _light(self) -> None:
        lit = None
        if self._chosen is not None and self._images is not None:
            lit = np.zeros(len(self._images), dtype=bool)
            lit[self._chosen] = True
        self.canvas.choose(lit)
        self.small.choose(lit)

    def _choose_label(self, number: int) -> None:
        if self._images is not None:
            self.choose_images(self._images.with_look(number))

    def _narrow(self, number: int) -> None:
        """Of what is chosen, the images of one label."""
        if self._images is not None and number >= 0:
            found = self._images.with_look(number)
            if self._chosen is not None:
                found = np.intersect1d(found, self._chosen)
            self.choose_images(found)

    def _select(self, index: int) -> None:
        self.canvas.select(index)
        self.small.select(index)
        self.side.select(index)

    def _select_on_map(self, index: int) -> None:
        self.canvas.select(index)
        self.small.select(index)

    def _point_out(self, index: int) -> None:
        self.canvas.point_out(index)
        for small in self.small.maps:
            small.canvas.point_out(index)
