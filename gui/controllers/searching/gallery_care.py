"""Looks after the gallery that is searched: absent images, its check, its repair."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError, GalleryBeyondRepair, GalleryDamaged
from core.jobs.check_gallery import (
    CheckGalleryRequest,
    RepairGalleryRequest,
    check,
    repair,
)
from core.retrieval.gallery_check import GalleryCheck
from core.retrieval.gallery_repair import GalleryRepair, put_aside
from core.words import plural
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.index import Searched
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notice, NoticeAction, Notices

ABSENT, CARE = "absent-images", "gallery-care"
_REPAIR = NoticeAction("repair", "Repair the gallery", closes=True)
_INDEX = NoticeAction("index", "Index again", closes=True)
_MOST_SHOWN = 6


class GalleryCareController(QObject):
    """Starts check and repair; notices say what was found, with a button for what helps."""

    checked = pyqtSignal(object)
    repaired = pyqtSignal(object)

    def __init__(
        self,
        lanes: Lanes,
        searching: SearchingController,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._searching = searching
        self._notices = notices
        notices.offer_remedy(GalleryDamaged, self._show_damaged)
        searching.indexed.connect(self._tell_absent)

    def check(self) -> None:
        """Hold the gallery that is searched against what it should be."""
        gallery = self._searching.gallery
        if gallery is None:
            return
        request = CheckGalleryRequest(gallery.folder)
        self._lanes.compute.start(
            lambda: check(request),
            key=CARE,
            title="Checking the gallery",
            slice_seconds=SLICE_SECONDS,
            on_result=self._show_check,
            on_error=lambda error: self._notices.show_error(error, CARE),
        )

    def repair(self, folder: Path) -> None:
        """Keep what can be read of a gallery, and index again for the rest."""
        request = RepairGalleryRequest(folder)
        self._lanes.compute.start(
            lambda: repair(request),
            key=CARE,
            title="Repairing the gallery",
            slice_seconds=SLICE_SECONDS,
            on_result=self._show_repair,
            on_error=lambda error: self._offer_anew(folder, error),
        )

    def _tell_absent(self, searched: Searched) -> None:
        report = None if searched.indexed is None else searched.indexed.report
        if report is None or not report.absent:
            self._notices.dismiss(ABSENT)
            return
        title = f"{plural(report.n_absent, 'image')} absent from {searched.gallery.root.name}"
        body = f"{report.absent_note} They stay until they are back or you forget them."
        forget = NoticeAction("forget", f"Forget {plural(report.n_absent, 'image')}", closes=True)
        notice = Notice("warning", title, body, actions=(_INDEX, forget), key=ABSENT)
        index = self._searching.index
        self._notices.show(notice, {"index": index, "forget": lambda: index(prune=True)})

    def _show_check(self, found: GalleryCheck) -> None:
        title = f"The gallery is sound: {plural(found.n_images, 'image')}"
        if not found.is_sound:
            title = "The gallery is damaged" if found.needs_repair else "The gallery is out of date"
        body = "\n".join(one.sentence for one in found.findings[:_MOST_SHOWN])
        action = _REPAIR if found.needs_repair else _INDEX
        notice = Notice(
            "ok" if found.is_sound else "warning",
            title,
            body or "Database, descriptors and files are as they should be.",
            actions=() if found.is_sound else (action,),
            key=CARE,
        )
        folder = found.folder
        handlers = {"repair": lambda: self.repair(folder), "index": self._searching.index}
        self._notices.show(notice, handlers)
        self.checked.emit(found)

    def _show_repair(self, found: GalleryRepair) -> None:
        said = "\n".join(found.done)
        body = said or "Nothing was damaged."
        self._notices.show(Notice("ok", "The gallery is repaired", body, key=CARE))
        self.repaired.emit(found)
        self._searching.index()

    def _show_damaged(self, error: AppError) -> None:
        """Whichever job met it: offer the repair."""
        folder = error.folder if isinstance(error, GalleryDamaged) else Path()
        repair = "Repair keeps what can be read, and describes the rest again."
        body = f"{repair}\n{error.details}"
        notice = Notice("error", "The gallery is damaged", body, actions=(_REPAIR,), key=CARE)
        self._notices.show(notice, {"repair": lambda: self.repair(folder)})

    def _offer_anew(self, folder: Path, error: AppError) -> None:
        """Where nothing can be repaired, the user may describe all images once more."""
        if not isinstance(error, GalleryBeyondRepair):
            self._notices.show_error(error, CARE)
            return
        anew = NoticeAction("anew", "Describe all images anew", closes=True)
        title, body = error.sentence.rstrip("."), "The damaged one is kept beside the new one."
        notice = Notice("error", title, body, actions=(anew,), key=CARE)
        self._notices.show(notice, {"anew": lambda: self._put_aside(folder)})

    def _put_aside(self, folder: Path) -> None:
        self._lanes.compute.start(
            lambda: put_aside(folder),
            key=CARE,
            on_result=lambda _kept: self._searching.index(),
            on_error=lambda error: self._notices.show_error(error, CARE),
        )
