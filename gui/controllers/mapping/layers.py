"""The small maps: which representations of the folder there are, and the map of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QObject, pyqtSignal

from core.jobs.map import LayerMap, MapLayersRequest, map_layers
from core.progress import Job
from core.representations.titles import pooling_title
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.mapping.gallery_map import MapSettings
from gui.controllers.mapping.values import layer_of
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.gallery_list import GalleryListController
from gui.controllers.sweeping.controller import SweepingController
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices
from gui.panels.retrieval.maps.layers import MOST_MAPS
from gui.panels.retrieval.maps.values import MapLayer
from gui.panels.retrieval.sweep_table import SweptRow
from gui.panels.retrieval.view import RecipeChoice

LAYER_MAPS = "map-layers"


@dataclass(frozen=True)
class _Source:
    """One representation: its words, and where it is; number: of the sweep's gallery."""

    choice: RecipeChoice
    words: str
    folder: Path
    number: int = 0


class LayerMaps(QObject):
    """Of what the folder is read with, one representation a layer of a sweep among it."""

    changed = pyqtSignal()
    """There are other maps."""

    def __init__(
        self,
        lanes: Lanes,
        searching: SearchingController,
        gallery_list: GalleryListController,
        sweeping: SweepingController,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._searching = searching
        self._gallery_list = gallery_list
        self._sweeping = sweeping
        self._notices = notices
        self._asked: object = None
        self._done: object = None
        self._rows: dict[RecipeChoice, SweptRow] = {}
        self.gallery: Gallery | None = None
        """As whose images the points are numbered."""
        self.maps: tuple[MapLayer, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether maps are being made."""
        return self._lanes.is_running(LAYER_MAPS)

    def n_without(self, method: str) -> int:
        """How many of the maps are by another method."""
        return sum(one.method != method for one in self.maps)

    def look(self, gallery: Gallery, settings: MapSettings, computed: MapSettings) -> None:
        """Make the maps that there are not yet; by `settings` where kept, else by `computed`."""
        sources = self._sources(gallery)
        if (gallery.folder, len(gallery), settings, tuple(sources)) == self._asked:
            self.changed.emit()
        else:
            self._start(gallery, sources, settings, computed)

    def compute(self, gallery: Gallery, settings: MapSettings) -> None:
        """Make all of them by `settings`, however long it takes."""
        self._start(gallery, self._sources(gallery), settings, settings)

    def cancel(self) -> None:
        """Stop; the maps that are made are kept."""
        self._lanes.cancel(LAYER_MAPS)

    def _start(
        self,
        gallery: Gallery,
        sources: list[_Source],
        settings: MapSettings,
        computed: MapSettings,
    ) -> None:
        asked = (gallery.folder, len(gallery), settings, tuple(sources))
        self._asked = asked
        swept = self._sweeping.gallery
        own = self._searching.searched

        def opened(source: _Source) -> Gallery:
            if own is not None and source.choice == own.reading.choice.settled:
                return gallery
            if swept is not None and source.folder == swept.folder:
                return swept.representation(source.number)
            return open_gallery(source.folder)

        def take(found: tuple[tuple[_Source, LayerMap], ...]) -> None:
            self.gallery, self._done = gallery, asked
            self.maps = tuple(
                layer_of(source.choice, source.words, one.map, one.points) for source, one in found
            )

        def end() -> None:
            if self._asked == asked != self._done:  # cancelled, or it can't be
                self._asked = None
            self.changed.emit()

        self._lanes.compute.start(
            lambda: _map_all(gallery, sources, opened, settings, computed),
            key=LAYER_MAPS,
            title="Maps of the layers",
            slice_seconds=SLICE_SECONDS / 2,
            on_result=take,
            on_error=lambda error: self._notices.show_error(error, LAYER_MAPS),
            on_end=end,
        )

    def open(self, choice: RecipeChoice) -> None:
        """Search by one of them."""
        row = self._rows.get(choice)
        if row is not None and self._sweeping.gallery is not None:
            self._sweeping.open_row(row)
        else:
            self._searching.choose(choice)

    def _sources(self, gallery: Gallery) -> list[_Source]:
        """What was read, what is searched by, the layers of a sweep, as the net has them."""
        searched = self._searching.searched
        found: dict[RecipeChoice, _Source] = {}
        for readable, kept in self._gallery_list.read:
            words = f"{readable.value}, {readable.choice.pooling_text}"
            found.setdefault(readable.choice, _Source(readable.choice, words, kept.folder))
        if searched is not None:
            choice, words = searched.reading.choice.settled, searched.reading.words
            found.setdefault(choice, _Source(choice, words, gallery.folder))
        swept = self._sweeping.gallery
        self._rows = {}
        if swept is not None:
            for row in self._sweeping.table.best_by_layer().values():
                if row.number is not None:
                    self._rows[row.choice] = row
            for row in _spread(list(self._rows.values()), MOST_MAPS - len(found)):
                words = f"{row.text}, {pooling_title(row.pooling)}"
                source = _Source(row.choice, words, swept.folder, row.number or 0)
                found.setdefault(row.choice, source)
        places = {
            (layer.layer, layer.top): i for i, layer in enumerate(self._sweeping.table.layers)
        }
        some = list(found.values())[:MOST_MAPS]
        return sorted(
            some, key=lambda one: places.get((one.choice.layer, one.choice.top), len(places))
        )


def _map_all(
    shown: Gallery,
    sources: list[_Source],
    opened: Callable[[_Source], Gallery],
    settings: MapSettings,
    computed: MapSettings,
) -> Job[tuple[tuple[_Source, LayerMap], ...]]:
    galleries = [opened(source) for source in sources]
    request = MapLayersRequest(shown, galleries, settings)
    if settings != computed:
        request = replace(request, computed=computed)
    found = yield from map_layers(request)
    source_of = {id(gallery): source for gallery, source in zip(galleries, sources, strict=True)}
    return tuple((source_of[id(one.gallery)], one) for one in found)


def _spread(rows: list[SweptRow], most: int) -> list[SweptRow]:
    """Some of the rows, evenly from the first layer to the last."""
    if len(rows) <= most:
        return rows
    places = np.unique(np.linspace(0, len(rows) - 1, max(1, most)).round().astype(int))
    return [rows[place] for place in places.tolist()]
