"""Writes the ranking that is shown as a table or a picture, each with what it is of."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject

from core.files import write_file
from core.reports.ranking_report import write_ranking_report
from core.retrieval.ranking_caption import ranking_caption
from core.retrieval.ranking_export import export_answer
from gui.controllers.exporting import ExportingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.queries import Found
from gui.panels.retrieval.export import paths_of, ranking_image
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.tiles import THUMBNAIL_SIDE
from gui.theme import ThemeKeeper
from gui.widgets.png import png_of

CSV_FILTER, PNG_FILTER = "CSV table (*.csv)", "PNG picture (*.png)"
HTML_FILTER = "HTML (*.html)"
_SIDE = 2 * THUMBNAIL_SIDE - 1
"""Not the side that the grid asks for, which forgets its wishes whenever it is painted."""


class RankingFiles(QObject):
    """A picture waits until its thumbnails are decoded."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        searching: SearchingController,
        panel: RetrievalPanel,
        exporting: ExportingController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._searching = searching
        self._panel = panel
        self._exporting = exporting
        self._waiting: tuple[Found, tuple[str, ...]] | None = None
        panel.csv_requested.connect(self.choose_csv)
        panel.recipe_bar.html_requested.connect(self.choose_html)
        panel.ranking_picture_requested.connect(self.choose_picture)
        panel.thumbnails.arrived.connect(self._go_on)

    def choose_csv(self) -> None:
        """Ask where the whole ranking goes."""
        found, caption = self._searching.found, self.caption()
        if found is None:
            return
        answer = found.answer
        self._exporting.choose(
            "Save the ranking",
            f"{_stem(found)}.csv",
            CSV_FILTER,
            lambda path: export_answer(path, found.gallery, answer, caption),
        )

    def choose_html(self) -> None:
        """Ask where the first results go with their pictures."""
        found, caption = self._searching.found, self.caption()
        if found is None:
            return
        self._exporting.choose(
            "Save the ranking with its pictures",
            f"{_stem(found)}.html",
            HTML_FILTER,
            lambda path: write_ranking_report(path, found.gallery, [(found.answer, caption)]),
        )

    def choose_picture(self) -> None:
        """Decode what the picture needs, then ask where it goes."""
        found = self._searching.found
        if found is not None:
            self._waiting = found, self.caption()
            self._go_on()

    def caption(self) -> tuple[str, ...]:
        """What the ranking is of, in lines."""
        found, searched = self._searching.found, self._searching.searched
        if found is None or searched is None:
            return ()
        net = searched.reading.request.net
        value = searched.reading.value
        return ranking_caption(
            found.gallery, found.answer, value, net.path, net.weights, found.search_notes
        )

    def _go_on(self) -> None:
        if self._waiting is None:
            return
        found, caption = self._waiting
        store = self._panel.thumbnails
        decoded = [store.get(path, _SIDE) for path in paths_of(found.query, found.tiles)]
        if None in decoded:
            return
        self._waiting = None
        image = ranking_image(
            found.query,
            found.tiles,
            caption,
            self._keeper.theme,
            lambda path: store.get(path, _SIDE),
        )
        self._exporting.choose(
            "Save the picture of the ranking",
            f"{_stem(found)}.png",
            PNG_FILTER,
            lambda path: write_file(path, png_of(image)),
        )


def _stem(found: Found) -> str:
    return f"ranking_{Path(found.query.name).stem}"
