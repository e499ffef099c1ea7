"""Puts the series of the histogram over a folder, another gallery, or statistics of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject

from core.activations.spreads import ValueSpread, overlaid
from core.engines.values import Value
from core.errors import AppError
from core.files import is_plain_file
from core.jobs.stats import KeptStats, StatsOutlook, StatsRequest, kept_stats, look_ahead
from core.net.find import FindRecord
from core.words import plural
from gui.controllers.engine_child import EngineController
from gui.controllers.inspecting import InspectingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.spreads.folder import FolderStatistics
from gui.dialogs.files import FileChooser
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.notices import Notices
from gui.pages.layer_page import LayerPage
from gui.pages.layer_views import BOTH, FOLDER, IMAGE
from gui.panels.histogram.panel import HistogramPanel, HistogramRequest
from gui.panels.histogram.sources import SeriesSource
from gui.settings import Settings
from gui.widgets.layer_rows import LayerRow

FILTER = "Kept statistics (*.npz)"
KEY = "kept-statistics"
_MOST_GALLERIES = 4


class HistogramSources(QObject):
    """Nothing runs but the pass over the image: the rest is what was kept, and an offer to read."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        searching: SearchingController,
        folder: FolderStatistics,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        page: LayerPage,
        histogram: HistogramPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._lanes, self._engine = document, lanes, engine
        self._inspecting, self._searching, self._folder = inspecting, searching, folder
        self._notices, self._settings, self._chooser = notices, settings, chooser
        self._page, self._histogram = page, histogram
        self._galleries: dict[str, StatsRequest] = {}
        self._known: dict[str, KeptStats] = {}
        self._files: dict[str, Path] = {}
        inspecting.elsewhere = self._show
        histogram.rows_of = self._rows_of
        self._connect()
        self._offer()

    def take_file(self, number: int, path: Path) -> None:
        """Put A, 0, or B, 1, over the statistics that a file holds."""
        self._settings.set_folder("statistics", path.parent)
        self._notices.dismiss(KEY)

        def take(kept: KeptStats) -> None:
            key = f"file {path}"
            self._files[key] = path
            self._known[key] = kept
            self._offer()
            self._histogram.choose_source(number, key)

        self._lanes.compute.start(
            lambda: kept_stats(path), key=KEY, on_result=take, on_error=self._refuse
        )

    def _connect(self) -> None:
        document, histogram = self._document, self._histogram
        for changed in (document.net_changed, document.weights_changed, document.recipe_changed,
                        document.image_changed, self._engine.request_changed,
                        self._searching.changed):  # fmt: skip
            changed.connect(self._offer)
        self._folder.changed.connect(self._on_folder)
        self._page.view_bar.over.chosen.connect(self._on_over)
        histogram.file_requested.connect(self._choose_file)
        histogram.offer_line.taken.connect(self._folder.read)

    def _on_over(self, over: str) -> None:
        """The choice of the view bar puts both where it says."""
        sources = {IMAGE: (IMAGE, IMAGE), FOLDER: (FOLDER, FOLDER), BOTH: (FOLDER, IMAGE)}
        self._histogram.show_over(*sources[over])

    def _on_folder(self) -> None:
        self._offer()
        request = self._histogram.request()
        if request is not None and FOLDER in request.over and self._histogram.isVisible():
            self._show(request)

    def _offer(self, *_: object) -> None:
        """Name all that a series may be over."""
        path, folder = self._document.image_path, self._searching.folder
        self._galleries = self._kept_galleries(folder)
        others = [key for key in self._known if key not in self._files]
        for key in others:
            if self._galleries.get(key) is None:
                del self._known[key]
        image = "this image" if path is None else path.name
        sources = [SeriesSource(IMAGE, "This image", image)]
        if folder is not None:
            found = self._folder.found
            n_images = 0 if found is None else found.n_images
            sources.append(self._named(FOLDER, folder.name, n_images))
        for key, request in self._galleries.items():
            name = request.folder.name if request.folder is not None else ""
            sources.append(self._named(key, name, self._count(key)))
        sources += [
            self._named(key, file.name, self._count(key)) for key, file in self._files.items()
        ]
        self._histogram.show_sources(sources)

    def _count(self, key: str) -> int:
        return self._known[key].n_images if key in self._known else 0

    def _named(self, key: str, name: str, n_images: int) -> SeriesSource:
        return SeriesSource(key, name, f"{name}, {plural(n_images, 'image')}" if n_images else name)

    def _kept_galleries(self, shown: Path | None) -> dict[str, StatsRequest]:
        """Other folders of which statistics of this very net are kept, by the key of a source."""
        found = {}
        for folder in self._settings.recent("folders"):
            request = self._folder.request_of(folder) if folder != shown else None
            if request is not None and request.kept is not None and is_plain_file(request.kept):
                found[f"gallery {request.kept.name} {folder}"] = request
        return dict(list(found.items())[:_MOST_GALLERIES])

    def _choose_file(self, number: int) -> None:
        self._chooser().open_files(
            "Statistics to compare with",
            self._settings.folder("statistics"),
            FILTER,
            lambda paths: self.take_file(number, paths[0]),
        )

    def _show(self, request: HistogramRequest) -> bool:
        """Draw a request that is not of the image alone; False for one that is."""
        if FOLDER in request.over:
            self._folder.look()
            last = self._inspecting.last_forward
            words = self._folder.offer_words(None if last is None else last.warm)
            self._histogram.offer_line.show_offer(*words)
        else:
            self._histogram.offer_line.show_offer("")
        if not request.over:
            return False
        for key in request.over:
            if key in self._galleries and key not in self._known:
                self._load(key)
                return True
        lacking = self._lacking(request)
        if lacking:
            self._histogram.show_empty(lacking)
            return True
        images = [Value(*one) for one, key in self._of(request) if key == IMAGE]
        if images:
            self._inspecting.read_spreads(images, partial(self._draw, request))
        else:
            self._draw(request, ())
        return True

    def _load(self, key: str) -> None:
        """Find what is kept of another gallery, and draw then."""
        request = self._galleries[key]
        folder = request.folder

        def take(outlook: StatsOutlook) -> None:
            found = outlook.found
            self._known[key] = KeptStats({} if found is None else found.spreads,
                                     0 if found is None else found.n_images)  # fmt: skip
            self._offer()
            wanted = self._histogram.request()
            if wanted is not None and key in wanted.over:
                self._show(wanted)

        if folder is not None:
            self._lanes.compute.start(
                lambda: look_ahead(request, folder), key=KEY, on_result=take, on_error=self._refuse
            )

    def _of(self, request: HistogramRequest) -> list[tuple[tuple[str, str], str]]:
        return list(zip(request.values, request.over, strict=True))

    def _draw(self, request: HistogramRequest, images: Sequence[ValueSpread]) -> None:
        """All series with shared edges."""
        if request != self._histogram.request() or self._lacking(request):
            return
        left = list(images)
        spreads = [
            left.pop(0) if key == IMAGE else self._kept_of(key)[Value(*value)]
            for value, key in self._of(request)
        ]
        self._histogram.show_summaries(
            overlaid(spreads, request.bins, is_central=request.is_trimmed)
        )

    def _kept_of(self, key: str) -> Mapping[Value, ValueSpread]:
        if key == FOLDER:
            found = self._folder.found
            return {} if found is None else found.spreads
        return self._known[key].spreads if key in self._known else {}

    def _lacking(self, request: HistogramRequest) -> str:
        """What keeps the series from being drawn, in a sentence; "" where nothing does."""
        why = (self._why_none(value, key) for value, key in self._of(request) if key != IMAGE)
        return next(filter(None, why), "")

    def _why_none(self, value: tuple[str, str], key: str) -> str:
        name, spread = self._name(key), self._kept_of(key).get(Value(*value))
        if key == FOLDER and self._folder.outlook is None:
            return f"Looking for what was read of {name}."
        if not self._kept_of(key):
            return f"Nothing of {name} is read yet."
        if spread is None:
            layer, top = value
            said = layer if layer == top else f"{layer} · {top}"
            return f"{name} has no statistics of {said}. Choose another value."
        return "" if spread.cells is not None else f"{name} was kept without histograms."

    def _name(self, key: str) -> str:
        if key in self._files:
            return self._files[key].name
        request = self._galleries.get(key)
        folder = self._searching.folder if request is None else request.folder
        return "The folder" if folder is None else folder.name

    def _rows_of(self, key: str) -> Sequence[LayerRow] | None:
        """The values that a file holds: they may be another net's."""
        if key not in self._files:
            return None
        return [
            LayerRow(FindRecord(value.layer, "", tops=(value.top,)), value.layer, value.top,
                     "" if value.top == value.layer else value.top, "")
            for value in self._known[key].spreads
        ]  # fmt: skip

    def _refuse(self, error: AppError) -> None:
        self._notices.show_error(error, KEY)
