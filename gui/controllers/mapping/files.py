"""Writes or copies the map that is shown: table, picture, command."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QObject
from PyQt5.QtGui import QGuiApplication

from core.files import write_file
from core.retrieval.gallery import Gallery
from core.retrieval.mapping.gallery_map import TSNE, GalleryMap
from core.retrieval.mapping.map_export import export_map
from gui.controllers.exporting import ExportingController
from gui.controllers.searching.ranking_files import CSV_FILTER, PNG_FILTER
from gui.controllers.sweeping.controller import SweepingController
from gui.panels.retrieval.maps.view import MapView
from gui.widgets.png import png_of

Shown = tuple[Gallery | None, GalleryMap | None]


class MapFiles(QObject):
    """Each says what the map is of and what it keeps."""

    def __init__(
        self,
        what_is_shown: Callable[[], Shown],
        sweeping: SweepingController,
        exporting: ExportingController,
        view: MapView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._what_is_shown = what_is_shown
        self._sweeping = sweeping
        self._exporting = exporting
        self._view = view
        view.bar.csv_requested.connect(lambda: self.choose_csv(None))
        view.chosen_csv_requested.connect(lambda: self.choose_csv(view.chosen))
        view.bar.picture_requested.connect(self.choose_picture)
        view.bar.copy_picture_requested.connect(self.copy_picture)
        view.bar.copy_command_requested.connect(self.copy_command)

    def choose_csv(self, images: np.ndarray | None) -> None:
        """Ask where the table goes; images: those alone, (n,) int64."""
        gallery, shown = self._what_is_shown()
        if gallery is None or shown is None:
            return
        self._exporting.choose(
            "Save the map" if images is None else "Save the chosen images",
            f"{self._stem()}.csv",
            CSV_FILTER,
            lambda path: export_map(path, gallery, shown, images),
        )

    def choose_picture(self) -> None:
        """Ask where the picture goes."""
        image = self._view.picture()

        def write(path: Path) -> None:
            write_file(path, png_of(image))

        self._exporting.choose(
            "Save the picture of the map", f"{self._stem()}.png", PNG_FILTER, write
        )

    def copy_picture(self) -> None:
        """The picture to the clipboard."""
        QGuiApplication.clipboard().setImage(self._view.picture())

    def copy_command(self) -> None:
        """The line for a shell that makes the same map."""
        gallery, shown = self._what_is_shown()
        if gallery is None or shown is None:
            return
        words = ["main.py", "map", str(gallery.folder)]
        number = self._number()
        words += ["--representation", str(number)] if number else []
        settings = shown.settings
        words += ["--method", settings.method]
        if settings.method == TSNE:
            words += ["--perplexity", f"{settings.perplexity:g}", "--seed", str(settings.seed)]
            words += ["--iterations", str(settings.iterations)]
        QGuiApplication.clipboard().setText(shlex.join(words))

    def _number(self) -> int:
        """Of the representation, where the gallery is one of a sweep; else 0, its first."""
        gallery, swept = self._what_is_shown()[0], self._sweeping.gallery
        if gallery is None or swept is None or gallery.folder != swept.folder:
            return 0
        same = (one.number for one in swept.others if one.recipe == gallery.recipe)
        return next(same, 0)

    def _stem(self) -> str:
        gallery, shown = self._what_is_shown()
        method = "" if shown is None else shown.settings.method
        return f"map_{method}_{'' if gallery is None else gallery.root.name}"
