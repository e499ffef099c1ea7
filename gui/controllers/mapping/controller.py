"""Shows the map of the gallery that is searched: PCA at once, t-SNE where it is kept or wanted."""

from __future__ import annotations

from functools import partial

import numpy as np
from PyQt5.QtCore import QObject

from core.errors import AppError
from core.jobs.map import MapRequest, map_gallery
from core.progress import Progress
from core.retrieval.gallery import Gallery
from core.retrieval.mapping.gallery_map import (
    PCA,
    TSNE,
    GalleryMap,
    MapSettings,
    estimated_seconds,
)
from core.retrieval.mapping.map_files import FoundMap, find_map
from core.words import about_text, plural
from gui.controllers.exporting import ExportingController
from gui.controllers.mapping.files import MapFiles
from gui.controllers.mapping.layers import LayerMaps
from gui.controllers.mapping.values import kept_words, layer_of, map_images, rest_words
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.gallery_list import GalleryListController
from gui.controllers.sweeping.controller import SweepingController
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices
from gui.panels.retrieval.maps.canvas import MARKED_RESULTS
from gui.panels.retrieval.maps.view import NO_MAP, MapView
from gui.panels.retrieval.view import Offer

MAP = "map"
BY_PCA = MapSettings(PCA)
_STORED = "map-stored"
OF_EACH = "Each map says how many of the {k} nearest neighbours it keeps."


class MappingController(QObject):
    """Nothing is computed while the view is not in front, and t-SNE only when it is asked for."""

    def __init__(
        self,
        lanes: Lanes,
        searching: SearchingController,
        gallery_list: GalleryListController,
        sweeping: SweepingController,
        notices: Notices,
        exporting: ExportingController,
        view: MapView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._searching = searching
        self._layers = LayerMaps(lanes, searching, gallery_list, sweeping, notices, self)
        self._files = MapFiles(lambda: (self.gallery, self.shown), sweeping, exporting, view, self)
        self._notices = notices
        self._view = view
        self.gallery: Gallery | None = None
        """Whose map is shown."""
        self._maps: dict[str, GalleryMap] = {}
        self._why_none = ""
        self._drawn: GalleryMap | None = None
        self._is_all = False
        view.shown.connect(self._refresh)
        view.method_chosen.connect(lambda _method: self._show())
        view.kind_chosen.connect(lambda _kind: self._show())
        view.settings_changed.connect(self._take_settings)
        view.compute_requested.connect(self.compute)
        view.query_requested.connect(searching.query_index)
        view.layer_opened.connect(self._layers.open)
        searching.changed.connect(self._refresh)
        searching.ranked.connect(lambda _found: self._mark())
        self._layers.changed.connect(self._show_layers)

    @property
    def shown(self) -> GalleryMap | None:
        """The map on the canvas."""
        return self._drawn

    @property
    def _by_tsne(self) -> MapSettings:
        """t-SNE with what the fields say."""
        return MapSettings(TSNE, perplexity=self._view.perplexity, seed=self._view.seed)

    @property
    def is_computing(self) -> bool:
        """Whether t-SNE is under way."""
        return self._lanes.is_running(MAP) or (self._layers.is_running and self._is_all)

    def compute(self) -> None:
        """Compute t-SNE of the gallery that is shown."""
        gallery = self.gallery
        if gallery is None or self.is_computing:
            return
        self._notices.dismiss(MAP)
        if self._view.is_of_layers:
            self._is_all = True
            self._layers.compute(gallery, self._by_tsne)
            self._view.show_offer(None)
            return
        request = MapRequest(gallery, self._by_tsne)
        self._lanes.compute.start(
            lambda: map_gallery(request),
            key=MAP,
            title="Map by t-SNE",
            slice_seconds=SLICE_SECONDS / 2,
            on_progress=lambda step: self._tell(gallery, step),
            on_result=partial(self._take, gallery),
            on_error=lambda error: self._notices.show_error(error, MAP),
            on_end=self._show,
        )
        self._show()

    def cancel(self) -> None:
        """Stop t-SNE; nothing of it is kept."""
        self._lanes.cancel(MAP)
        self._layers.cancel()

    def _refresh(self) -> None:
        """Follow the gallery that is searched, while the view is in front."""
        if not self._view.isVisible() or self._searching.gallery is self.gallery:
            return
        for key in (MAP, _STORED, PCA):
            self._lanes.cancel(key)
        self.gallery, self._maps, self._drawn = self._searching.gallery, {}, None
        self._why_none = ""
        gallery = self.gallery
        if gallery is None:
            self._view.show_images(None)
            self._view.show_map(None, NO_MAP)
            self._show()
            return
        self._view.show_images(map_images(gallery))
        self._view.show_map(None, "Looking for the two directions of greatest variance …")
        request = MapRequest(gallery, BY_PCA)
        self._lanes.compute.start(
            lambda: map_gallery(request),
            key=PCA,
            slice_seconds=SLICE_SECONDS,
            on_result=partial(self._take, gallery),
            on_error=self._show_refusal,
        )
        self._look_for_kept(gallery)
        self._show()

    def _look_for_kept(self, gallery: Gallery) -> None:
        settings = self._by_tsne
        self._lanes.compute.start(
            lambda: find_map(gallery, settings),
            key=_STORED,
            on_result=partial(self._take_stored, gallery),
        )

    def _take_settings(self) -> None:
        """Other settings make another map, which may be kept; one under way is not stopped."""
        self._maps.pop(TSNE, None)
        if self.gallery is not None:
            self._look_for_kept(self.gallery)
            self._show()

    def _take(self, gallery: Gallery, found: GalleryMap) -> None:
        if gallery is self.gallery and found.settings in (BY_PCA, self._by_tsne):
            self._maps[found.settings.method] = found
            self._show()

    def _take_stored(self, gallery: Gallery, found: FoundMap) -> None:
        if gallery is self.gallery:
            self._why_none = found.why_none
        if found.map is not None:
            self._take(gallery, found.map)
        self._show()

    def _show_refusal(self, error: AppError) -> None:
        """There is nothing to map, and the view says why in place of a map."""
        self._view.show_map(None, str(error))

    def _show(self) -> None:
        """The map by the chosen method; while that is not there, the other one and an offer."""
        view, gallery = self._view, self.gallery
        if gallery is None:
            view.show_kept("", "", "")
            view.show_offer(None)
            return
        if view.is_of_layers and not self.is_computing:
            self._is_all = False
            self._layers.look(gallery, self._by_tsne if view.method == TSNE else BY_PCA, BY_PCA)
        wanted = self._maps.get(view.method, self._maps.get(PCA))
        if wanted is not None and wanted is not self._drawn:
            self._drawn = wanted
            searched = self._searching.searched
            if searched is not None:
                view.show_map(layer_of(searched.reading.choice, searched.reading.words, wanted))
        settings = ""
        if self._drawn is not None and self._drawn.settings.method == TSNE:
            settings = self._drawn.settings.describe(len(gallery)).partition(", ")[2]
        if view.is_of_layers:
            view.show_kept("", OF_EACH.format(k=BY_PCA.k), "")
        else:
            view.show_kept(
                kept_words(self._maps, len(gallery)), rest_words(self._drawn, view.method), settings
            )
        view.show_offer(self._offer(gallery))
        self._mark()

    def _offer(self, gallery: Gallery) -> Offer | None:
        if self._view.method != TSNE or self.is_computing or PCA not in self._maps:
            return None  # where PCA can't be, neither can t-SNE
        seconds = estimated_seconds(len(gallery), self._by_tsne)
        n, all_of_them = self._by_tsne.n_laid_out(len(gallery)), plural(len(gallery), "image")
        which = all_of_them if n == len(gallery) else f"{n:,} of {all_of_them}"
        rest = f"{self._why_none} The map below is by PCA.".strip()
        if self._view.is_of_layers:
            n_maps = self._layers.n_without(TSNE)
            seconds *= n_maps
            which = f"{plural(n_maps, 'layer')}, {which} each"
            rest = "Their maps below are by PCA."
            if not n_maps:
                return None
        elif TSNE in self._maps:
            return None
        return Offer(
            f"t-SNE of {which}",
            rest,
            f"Compute t-SNE, {about_text(seconds)}",
            "In a process of its own; the line below cancels it. It is kept with the gallery.",
        )

    def _tell(self, gallery: Gallery, step: Progress) -> None:
        if gallery is self.gallery and step.total and self._view.method == TSNE:
            said = f"t-SNE: {step.done:,} of {step.total:,} {step.what}"
            self._view.show_kept(kept_words(self._maps, len(gallery)), said, "")

    def _mark(self) -> None:
        found, gallery = self._searching.found, self.gallery
        if found is None or gallery is None or found.gallery.folder != gallery.folder:
            self._view.mark(-1, ())
            return
        index = found.answer.query.index
        first: np.ndarray = found.answer.ranking.index[:MARKED_RESULTS]
        self._view.mark(-1 if index is None else index, tuple(first.tolist()))

    def _show_layers(self) -> None:
        gallery = self.gallery
        if gallery is not None and self._layers.gallery is gallery:
            self._view.show_layers(self._layers.maps)
            self._view.show_offer(self._offer(gallery))
            self._mark()
