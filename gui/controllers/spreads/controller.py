"""Fills the view of all layers: over the image, over the folder, or over both."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QEvent, QObject
from PyQt5.QtGui import QGuiApplication

from core.activations.spreads import ValueSpread, overlaid
from core.errors import AppError
from core.files import write_file
from core.jobs.look import LookRequest
from core.jobs.stats import Stats, StatsRequest, stats
from core.words import clock_text, plural
from gui.controllers.engine_child import EngineController
from gui.controllers.exporting import ExportingController
from gui.controllers.inspecting import InspectingController
from gui.controllers.possibilities import NO_IMAGE
from gui.controllers.searching.controller import SearchingController
from gui.controllers.spreads.files import FILTERS, table_csv, write_table
from gui.controllers.spreads.folder import FolderStatistics
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.pages.all_layers_view import AllLayersView
from gui.pages.layer_page import LayerPage
from gui.pages.layer_views import BOTH, IMAGE, VALUES_VIEW, WEIGHTS_VIEW
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.histogram.view import HistogramView, view_from
from gui.panels.spreads.panel import EMPTY_SENTENCE, Told
from gui.panels.spreads.rows import SpreadRow
from gui.widgets.layer_rows import layer_rows
from gui.widgets.png import png_of

KEY = "image-statistics"
BINS = 60
RUNNING = "Running forward."


class AllLayersController(QObject):
    """Runs a pass over the image when the view shows; a folder is read on a click alone."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        searching: SearchingController,
        exporting: ExportingController,
        folder: FolderStatistics,
        activations: ActivationsPanel,
        page: LayerPage,
        view: AllLayersView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._lanes, self._engine = document, lanes, engine
        self._inspecting, self._searching, self._exporting = inspecting, searching, exporting
        self._folder, self._activations = folder, activations
        self._page, self._view = page, view
        self._image: tuple[LookRequest, Stats] | None = None
        self._asked: LookRequest | None = None
        self._problem = ""
        self._connect()

    @property
    def over(self) -> str:
        """Over what the table is: the image where there is no folder."""
        return self._page.view_bar.over.current if self._searching.folder is not None else IMAGE

    def refresh(self) -> None:
        """Show what is known, and ask for what takes one pass; nothing while out of sight."""
        if not self._view.isVisible():
            return
        document, panel = self._document, self._view.panel
        if document.net is None or document.shapes is None:
            panel.offer.show_offer("")
            self._show_empty(EMPTY_SENTENCE)
            return
        self._ask_image()
        if self._searching.folder is not None:
            self._folder.look()
        self._show_offer()
        shown = self._shown()
        if shown is None:
            if not self._waits_for_the_next():
                self._show_empty(self._why_empty())
            return
        rows = layer_rows(document.net, document.shapes)
        spreads = {tuple(value): spread for value, spread in shown.spreads.items()}
        panel.show_rows(
            [
                SpreadRow(index, row, spreads[row.layer, row.top], shown.n_images)
                for index, row in enumerate(rows)
                if (row.layer, row.top) in spreads
            ],
            self._told(shown),
            self._of_what(shown),
        )
        self._follow(document.selection)
        self._show_side()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The view gets what it missed when it comes into sight."""
        if event.type() == QEvent.Show:
            self.refresh()
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        document, view = self._document, self._view
        view.installEventFilter(self)
        for changed in (document.net_changed, document.weights_changed, document.image_changed,
                        document.recipe_changed, self._engine.request_changed,
                        self._searching.changed, self._folder.changed):  # fmt: skip
            changed.connect(self.refresh)
        document.selection_changed.connect(self._follow)
        self._page.view_bar.over.chosen.connect(lambda _key: self.refresh())
        table, side, panel = view.panel.table, view.side, view.panel
        table.row_chosen.connect(self._choose)
        table.row_opened.connect(lambda _row: self._page.show_view(VALUES_VIEW))
        side.open_requested.connect(lambda: self._page.show_view(VALUES_VIEW))
        side.weights_requested.connect(lambda: self._page.show_view(WEIGHTS_VIEW))
        side.channel_chosen.connect(self._open_channel)
        side.scale_changed.connect(self._show_side)
        panel.offer.taken.connect(self._folder.read)
        panel.copy_requested.connect(self._copy)
        panel.save_requested.connect(self._save)

    def _waits_for_the_next(self) -> bool:
        """Whether the table of the image before stands until the next one's pass has run."""
        key = self._inspecting.run_key()
        return (
            self.over == IMAGE
            and self._lanes.is_running(KEY)
            and bool(self._view.panel.rows)
            and key is not None
            and self._image is not None
            and self._image[0].net == key.net
        )

    def _ask_image(self) -> None:
        """One pass over the image, where none has run for it."""
        key = self._inspecting.run_key()
        if key is None or key == self._asked or self._lanes.is_running(KEY):
            return
        self._asked, self._problem = key, ""
        request = StatsRequest(key)
        self._lanes.engine.start(
            lambda: stats(request, self._engine.host),
            key=KEY,
            title="Statistics of all layers",
            on_result=lambda found: self._take_image(key, found),
            on_error=self._on_failed,
            on_end=self.refresh,
        )

    def _take_image(self, key: LookRequest, found: Stats) -> None:
        self._image = key, found

    def _on_failed(self, error: AppError) -> None:
        self._problem = error.sentence

    def _of_image(self) -> Stats | None:
        image = self._image
        return image[1] if image is not None and image[0] == self._inspecting.run_key() else None

    def _shown(self) -> Stats | None:
        """What the table is of: of both it is the folder's."""
        return self._of_image() if self.over == IMAGE else self._folder.found

    def _show_offer(self) -> None:
        """One line where the folder is asked for and not all of it is read."""
        one = self._of_image()
        words = self._folder.offer_words(None if one is None else one.seconds)
        self._view.panel.offer.show_offer(*(("", "") if self.over == IMAGE else words))

    def _why_empty(self) -> str:
        if self.over != IMAGE:
            outlook = self._folder.outlook
            if outlook is None:
                return "Looking for what was read of this folder."
            return (
                "Nothing of this folder is read yet." if outlook.n_files else "No image is there."
            )
        if self._problem:
            return self._problem
        return self._inspecting.why_no_run() or RUNNING

    def _show_empty(self, sentence: str) -> None:
        self._view.panel.show_empty(sentence, offers_image=sentence == NO_IMAGE)
        self._view.side.show_nothing()

    def _told(self, shown: Stats) -> Told:
        findings = shown.findings
        return Told(findings.sentence, findings.rest, bool(findings.anomalies))

    def _of_what(self, shown: Stats) -> str:
        versions = plural(len(shown.spreads), "version")
        images = plural(shown.n_images, "image") if self.over != IMAGE else self._image_name
        read = f", read in {clock_text(shown.seconds)}" if self.over != IMAGE else ", one pass"
        return f"{versions}, {images}{read}"

    @property
    def _image_name(self) -> str:
        path = self._document.image_path
        return "" if path is None else path.name

    def _choose(self, row: SpreadRow) -> None:
        self._document.select(row.row.layer)
        self._show_side()

    def _follow(self, layer: str) -> None:
        """The layer that is selected on any page is the row that is chosen."""
        table = self._view.panel.table
        chosen = table.chosen
        if not self._view.isVisible():
            return
        if layer and (chosen is None or chosen.row.layer != layer):
            table.choose((layer, ""), is_told=False)
        self._show_side()

    def _open_channel(self, channel: int) -> None:
        """A channel of the chosen row, in the view of its values."""
        row = self._view.panel.table.chosen
        if row is not None:
            self._document.select(row.row.layer)
            self._activations.choose(channel)
            self._page.show_view(VALUES_VIEW)

    def _show_side(self) -> None:
        row = self._view.panel.table.chosen
        if row is None:
            self._view.side.show_nothing()
            return
        over = "in this image" if self.over == IMAGE else f"over {plural(row.n_images, 'image')}"
        self._view.side.show_row(row, self._histogram(row), over)

    def _histogram(self, row: SpreadRow) -> HistogramView | None:
        """The folder against the image, with shared edges, or one of them alone."""
        series: list[tuple[str, ValueSpread]] = []
        folder = self._searching.folder
        if self.over != IMAGE and folder is not None:
            series.append((f"{folder.name}, {row.n_images:,}", row.spread))
        image = self._of_image()
        if self.over in (IMAGE, BOTH) and image is not None:
            found = {tuple(value): spread for value, spread in image.spreads.items()}
            if row.value in found:
                series.append((self._image_name, found[row.value]))
        if not series or any(one.cells is None for _, one in series):
            return None
        return view_from(
            [words for words, _ in series],
            overlaid([one for _, one in series], BINS),
            is_log=self._view.side.is_log,
            is_share=True,
        )

    def _copy(self, what: str) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(table_csv(self._view.panel.table.model_.rows).decode())

    def _save(self) -> None:
        net = self._document.path.stem if self._document.path is not None else "net"
        rows, view = self._view.panel.table.model_.rows, self._view

        def write(path: Path) -> None:
            if path.suffix.lower() == ".png":
                write_file(path, png_of(view.grab().toImage()))
            else:
                write_table(path, rows)

        self._exporting.choose("Save the table of all layers", f"{net}_layers.csv", FILTERS, write)
