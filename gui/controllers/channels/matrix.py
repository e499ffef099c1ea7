"""Shows the channels of a layer over the folder as a matrix, and the chosen channel beside it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, cast

from PyQt5.QtCore import QEvent, QObject
from PyQt5.QtGui import QGuiApplication

from core.csv_table import write_csv
from core.evaluation.matrix_order import ColumnOrder, RowOrder
from core.files import write_file
from core.jobs.channels import ChannelsFound, channels
from core.jobs.channels_export import (
    CHANNEL_HEADINGS,
    MatrixOrder,
    channel_rows,
    order_matrix,
    write_matrix,
)
from core.jobs.fired_parts import FiredPart, fired_parts
from core.words import plural
from gui.controllers.channels.controller import ChannelsController
from gui.controllers.channels.matrix_words import cell_words, facts_of, matrix_of, words_of
from gui.controllers.channels.words import short_value, top_pictures
from gui.controllers.engine_child import EngineController
from gui.controllers.exporting import ExportingController
from gui.jobs import Lanes
from gui.pages.layer_page import LayerPage
from gui.panels.channels.export import matrix_picture, matrix_svg
from gui.panels.channels.matrix_view import FILTERS
from gui.panels.channels.values import MatrixShown
from gui.widgets.png import png_of

_ORDER, _CELLS, _PARTS = "matrix-order", "matrix-cells", "matrix-parts"
N_PICTURES = 8
_Summary = Literal["maximum", "mean", "positive"]


class MatrixController(QObject):
    """Follows what the strip follows; other cells and orders are made on a lane."""

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        of_layer: ChannelsController,
        exporting: ExportingController,
        page: LayerPage,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes, self._engine, self._of_layer = lanes, engine, of_layer
        self._exporting, self._page, self._view = exporting, page, page.matrix
        self._base: ChannelsFound | None = None
        self.found: ChannelsFound | None = None
        """What is shown, by the chosen cells."""
        self.shown: MatrixShown | None = None
        self._order: MatrixOrder | None = None
        self._connect()

    def show(self, channel: int | None = None) -> None:
        """Turn the page to the matrix, and to a channel in it."""
        self._page.show_matrix()
        if channel is not None:
            self._choose(channel)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The view comes to the front."""
        if watched is self._view and event.type() == QEvent.Show:
            self._of_layer.refresh()
            self._follow()
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        view, side, canvas = self._view, self._view.side, self._view.canvas
        view.installEventFilter(self)
        canvas.describe = self._describe
        self._of_layer.changed.connect(self._follow)
        self._of_layer.told.connect(self._follow)
        self._of_layer.all_requested.connect(lambda: self.show(self._of_layer.channel))
        view.ordered.connect(self._arrange)
        view.summary_chosen.connect(lambda _key: self._take_cells())
        view.read_requested.connect(self._of_layer.read)
        view.read_all_requested.connect(self._of_layer.read_all)
        view.copy_requested.connect(self._copy)
        view.save_requested.connect(self._save)
        view.dead_requested.connect(self._save_table)
        canvas.cell_chosen.connect(self._on_cell)
        canvas.image_opened.connect(self._of_layer.open_image)
        canvas.pin_toggled.connect(self._toggle_pin)
        side.pin_toggled.connect(self._toggle_pin)
        side.channel_chosen.connect(self._choose)
        side.image_chosen.connect(self._mark_image)
        side.image_opened.connect(self._of_layer.open_image)
        side.least_toggled.connect(lambda _is_least: self._show_channel())
        side.table_requested.connect(self._save_table)

    def _follow(self) -> None:
        """Another table, or none: show it where the view is in front."""
        if not self._view.isVisible():
            return
        if self._of_layer.found is None:
            self._base = self.found = self.shown = self._order = None
            sentence, offer = self._of_layer.standing()
            self._view.show_empty(sentence, offer)
        elif self._of_layer.found is not self._base:
            self._base = self._of_layer.found
            self._take_cells()

    def _take_cells(self) -> None:
        """By the chosen number of an image and a channel: classes are compared by it anew."""
        base, request = self._base, self._of_layer.request
        if base is None or request is None:
            return
        if self._view.summary == base.summary:
            self.found = base
            self._arrange()
            return
        wanted = replace(request, summary=cast(_Summary, self._view.summary), stored_only=True)

        def take(found: ChannelsFound) -> None:
            if base is self._base:
                self.found = found
                self._arrange()

        self._lanes.compute.start(
            lambda: channels(wanted, self._engine.host),
            key=_CELLS,
            on_result=take,
            on_error=lambda error: self._view.show_empty(error.sentence),
        )

    def _arrange(self) -> None:
        found, orders = self.found, self._view.orders
        if found is None:
            return

        def arrange() -> tuple[MatrixOrder, MatrixShown]:
            rows, columns = cast(RowOrder, orders[0]), cast(ColumnOrder, orders[1])
            order = order_matrix(found, rows, columns)
            return order, matrix_of(found, order, orders)

        self._lanes.compute.start(arrange, key=_ORDER, on_result=partial(self._draw, found))

    def _draw(self, found: ChannelsFound, arranged: tuple[MatrixOrder, MatrixShown]) -> None:
        if found is not self.found:
            return
        self._order, self.shown = arranged
        shown = self.shown
        low = short_value(-shown.high) if shown.is_diverging else "0"
        ends = (low, short_value(shown.high))
        self._view.show_matrix(shown, words_of(found, shown), ends)
        channel = self._of_layer.channel
        if channel is None or channel >= found.table.n_channels:
            rows = self._view.side.first_row
            channel = rows if rows is not None else 0
            self._of_layer.choose(channel)
        self._view.canvas.choose(channel)
        self._show_channel()

    def _describe(self, image: int, channel: int) -> tuple[str, ...]:
        return () if self.found is None else cell_words(self.found, image, channel)

    def _on_cell(self, image: int, channel: int) -> None:
        if channel != self._of_layer.channel:
            self._of_layer.choose(channel)
            self._show_channel()
        self._view.side.pictures.mark(image)

    def _choose(self, channel: int) -> None:
        self._of_layer.choose(channel)
        self._view.canvas.choose(channel)
        self._show_channel()

    def _mark_image(self, image: int) -> None:
        """The cell of a picture of the chosen channel."""
        self._view.canvas.choose(self._of_layer.channel, image)
        self._view.side.pictures.mark(image)

    def _show_channel(self) -> None:
        found, channel, side = self.found, self._of_layer.channel, self._view.side
        if found is None or channel is None or channel >= found.table.n_channels:
            return
        side.show_channel(facts_of(found, channel))
        side.show_pinned(is_pinned=self._of_layer.is_pinned)
        is_least = side.is_least

        def take(parts: tuple[FiredPart, ...]) -> None:
            if found is self.found and channel == self._of_layer.channel:
                side.show_pictures(f"of {found.table.n_images:,}", top_pictures(parts, found))
                current = self._view.canvas.current
                side.pictures.mark(-1 if current is None else current[0])

        self._lanes.files.start(
            lambda: fired_parts(found, channel, N_PICTURES, is_least=is_least),
            key=_PARTS,
            on_result=take,
        )

    def _toggle_pin(self) -> None:
        self._of_layer.toggle_pin()
        self._view.side.show_pinned(is_pinned=self._of_layer.is_pinned)

    def _caption(self, found: ChannelsFound) -> str:
        """What is in view, in one line."""
        value, title = found.table.value, self._view.title.text()
        cells = self._view.cells.currentText()
        return f"{value.layer}, {cells} of each, {title} of {self._of_layer.folder_name}"

    def _copy(self) -> None:
        clipboard, found = QGuiApplication.clipboard(), self.found
        if clipboard is not None and found is not None:
            theme = self._view.theme
            clipboard.setImage(matrix_picture(self._view.canvas, self._caption(found), theme))

    def _save(self) -> None:
        found, order = self.found, self._order
        if found is None or order is None:
            return
        canvas, caption, theme = self._view.canvas, self._caption(found), self._view.theme
        picture, drawing = (
            matrix_picture(canvas, caption, theme),
            matrix_svg(canvas, caption, theme),
        )

        def write(path: Path) -> None:
            suffix = path.suffix.lower()
            if suffix in (".png", ".svg"):
                write_file(path, png_of(picture) if suffix == ".png" else drawing)
            else:
                write_matrix(path, found, order)

        name = found.table.value.layer.replace("/", "_")
        self._exporting.choose("Save the matrix", f"{name}_channels.png", FILTERS, write)

    def _save_table(self) -> None:
        found = self.found
        if found is None:
            return
        name = found.table.value.layer.replace("/", "_")
        self._exporting.choose(
            f"Save the table of {plural(found.table.n_channels, 'channel')}",
            f"{name}_selectivity.csv",
            "CSV table (*.csv)",
            lambda path: write_csv(path, (CHANNEL_HEADINGS, *channel_rows(found))),
        )
