"""Keeps the Gallery field and its list: what the folder was read with, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.files import is_folder
from core.retrieval.kept_galleries import KeptGallery
from core.words import plural
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.index import FOLDERS
from gui.controllers.searching.values import choice_of, value_label
from gui.document import ModelDocument
from gui.frame.gallery_popup import GalleryEntry, GalleryField
from gui.jobs import Lanes
from gui.panels.retrieval.side_line import Readable
from gui.settings import Settings

KEPT = "kept-galleries"
_MOST_FOLDERS = 4


class GalleryListController(QObject):
    """Reads on a lane which galleries there are, whenever another one is searched."""

    changed = pyqtSignal()
    """Other values are in the gallery than before."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        searching: SearchingController,
        field: GalleryField,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._searching = searching
        self._field = field
        self._settings = settings
        self._kept: tuple[KeptGallery, ...] = ()
        searching.changed.connect(self._refresh)
        document.net_changed.connect(self._refresh)
        document.recipe_changed.connect(self._refresh)
        field.opened.connect(self._show)
        field.popup.chosen.connect(searching.choose)
        field.popup.resume_requested.connect(searching.resume)
        self._refresh()

    @property
    def in_gallery(self) -> frozenset[tuple[str, str]]:
        """(layer, top) of each value that the whole folder was read with."""
        return frozenset(
            (one.recipe.layer, one.recipe.top)
            for one in self._kept
            if one.progress.is_finished is not False
        )

    @property
    def read(self) -> tuple[tuple[Readable, KeptGallery], ...]:
        """Each representation that the whole folder was read with, and where it is kept."""
        net = self._document.net
        found = []
        for one in self._kept:
            if one.progress.is_finished is not False:
                choice = choice_of(one.recipe, one.root)
                value = choice.layer if net is None else value_label(net, choice)
                found.append((Readable(choice, value), one))
        return tuple(found)

    def _refresh(self) -> None:
        self._show_field()
        folder, places = self._searching.folder, self._searching.places
        recipe = self._document.recipe
        if folder is None or recipe is None or self._document.net is None:
            self._take(())
            return
        request = self._engine.request()
        self._lanes.compute.start(
            lambda: places.kept(folder, request, recipe),
            key=KEPT,
            on_result=self._take,
            on_error=lambda error: self._take(()),
        )

    def _take(self, kept: tuple[KeptGallery, ...]) -> None:
        shown = self._searching.gallery
        if shown is not None and shown.folder not in {one.folder for one in kept}:
            # of the net before a rename, or of weights of before: shown until another one is read
            own = KeptGallery(shown.folder, shown.recipe, len(shown), shown.progress)
            kept = (own, *kept)
        self._kept = kept
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        folder, popup = self._searching.folder, self._field.popup
        popup.show_gallery(folder, self._facts(), self._entries())
        before = (path for path in self._settings.recent("folders") if path != folder)
        popup.show_folders([path for path in before if is_folder(path)][:_MOST_FOLDERS])

    def _show_field(self) -> None:
        gallery, folder = self._searching.gallery, self._searching.folder
        if folder is None:
            self._field.show_value("", tip="Choose a folder of images to search (Ctrl+G)")
            return
        if gallery is None:
            words = "reading" if self._searching.is_reading else "not read"
        elif gallery.progress.n_missing:
            n_images = len(gallery)
            words = f"{n_images:,} of {plural(n_images + gallery.progress.n_missing, 'image')}"
        else:
            words = plural(len(gallery), "image")
        searched = self._searching.searched
        read_by = "" if searched is None else searched.reading.words
        said = f"{folder}\n{read_by}".strip()
        self._field.show_value(folder.name, words, said)

    def _facts(self) -> str:
        """Images, labels and files left out, in a sentence."""
        gallery = self._searching.gallery
        if gallery is None:
            return ""
        n_labels = len(set(gallery.images.names) - {None})
        where = "folder name" if gallery.truth == FOLDERS else "kind"
        labels = f"labels by {plural(n_labels, where)}" if n_labels else "no labels"
        if gallery.truth != FOLDERS:
            labels += f" of {Path(gallery.truth).name}"
        n_left_out = len(gallery.problems)
        left_out = f", {plural(n_left_out, 'file')} left out" if n_left_out else ""
        return f"{plural(len(gallery), 'image')}, {labels}{left_out}"

    def _entries(self) -> Sequence[GalleryEntry]:
        net, shown = self._document.net, self._searching.gallery
        entries = []
        for one in self._kept:
            recipe = one.recipe
            choice = choice_of(one.recipe, one.root)
            value = recipe.layer if net is None else value_label(net, choice)
            n_files = one.n_images + (
                one.progress.n_missing if one.progress.is_finished is False else 0
            )
            is_shown = shown is not None and shown.folder == one.folder
            words = f"{value}, {choice.pooling_text}"
            entries.append(GalleryEntry(choice, words, one.n_images, n_files, is_shown))
        return entries


def remember_folder(settings: Settings, folder: Path) -> None:
    """Offer a folder again in sessions to come."""
    settings.set_folder("gallery", folder)
    settings.add_recent("folders", folder)
