"""Keeps for each folder what it was searched by: representation, query, map."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
from PyQt5.QtCore import QObject

from core.errors import AppError
from core.files import is_plain_file
from core.representations.after import parse_after
from core.retrieval.finish import parse_pooled
from core.typed_json import as_type, parse_json
from gui.controllers.searching.controller import SearchingController
from gui.document import ModelDocument
from gui.panels.retrieval.maps.view import MapView
from gui.panels.retrieval.view import RecipeChoice
from gui.settings import Settings


class _Kept(msgspec.Struct, frozen=True):
    layer: str
    top: str
    pooling: str
    p: float = 3.0
    after: str = "l2"
    fit_on: str = ""
    query: str = ""
    map: str = ""


class GalleryMemory(QObject):
    """Notes each ranking that is shown, and opens a folder as it was left."""

    def __init__(
        self,
        document: ModelDocument,
        searching: SearchingController,
        view: MapView,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._searching = searching
        self._view = view
        self._settings = settings
        searching.ranked.connect(lambda _found: self._note())
        view.method_chosen.connect(lambda _method: self._note())

    def open(self, folder: Path) -> None:
        """Search a folder by what it was searched by, where the net has it; as now else."""
        kept = self._kept(folder)
        net = self._document.net
        if kept is None or net is None or not net.has_layer(kept.layer):
            self._searching.open_folder(folder)
            return
        is_same = folder == self._searching.folder
        choice = RecipeChoice(kept.layer, kept.top, kept.pooling, kept.p, kept.after, kept.fit_on)
        self._searching.open_folder(folder, None if is_same else choice)
        if is_same:
            return
        if kept.query and is_plain_file(Path(kept.query)):
            self._searching.query_image(Path(kept.query))
        self._view.choose_method(kept.map)

    def _note(self) -> None:
        searched, found = self._searching.searched, self._searching.found
        if searched is None or found is None or found.gallery is not searched.gallery:
            return
        choice = searched.reading.choice
        kept = _Kept(
            choice.layer, choice.top, choice.pooling, choice.p, choice.after, choice.fit_on,
            str(found.query.path), self._view.method,
        )  # fmt: skip
        folder = searched.reading.request.folder
        self._settings.set_gallery_of(folder, msgspec.json.encode(kept).decode())

    def _kept(self, folder: Path) -> _Kept | None:
        text = self._settings.gallery_of(folder)
        with suppress(AppError):  # of another version, or damaged: opened as any other
            kept = as_type(parse_json(text.encode(), "the note"), _Kept, "The note")
            parse_after(kept.after)
            parse_pooled(kept.pooling, kept.p)
            return kept
        return None
