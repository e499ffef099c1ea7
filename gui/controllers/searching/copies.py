"""Looks for copies and near-duplicates of the folder, and leaves them out of what is searched."""

from __future__ import annotations

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.jobs.duplicates import DuplicatesRequest, duplicates
from core.retrieval.duplicates import Duplicates
from core.retrieval.gallery import Gallery
from core.words import plural
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.index import Searched
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices
from gui.panels.retrieval.copies_view import EQUAL_FILE, CopiesView, CopyRow

COPIES = "copies"


class CopiesController(QObject):
    """What was found is of one order of images: of another gallery it is looked for again."""

    found = pyqtSignal(object)

    def __init__(
        self,
        lanes: Lanes,
        searching: SearchingController,
        notices: Notices,
        view: CopiesView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._searching = searching
        self._notices = notices
        self._view = view
        self._found: Duplicates | None = None
        self._of: tuple[str, ...] = ()
        self._expected: int | None = None
        view.look_requested.connect(self.look)
        view.left_out_changed.connect(self.leave_out)
        searching.changed.connect(self._forget)
        searching.indexed.connect(self._keep_out)

    def look(self, limit: int) -> None:
        """Compare all files; limit: bits in which near-duplicates differ at most."""
        gallery = self._searching.gallery
        if gallery is None:
            return
        request = DuplicatesRequest(gallery, limit)
        self._lanes.compute.start(
            lambda: duplicates(request),
            key=COPIES,
            title="Looking for copies",
            slice_seconds=SLICE_SECONDS,
            on_result=lambda found: self._take(gallery, found),
            on_error=self._show_error,
        )

    def expect(self, limit: int) -> None:
        """Look in the next gallery that is shown, and leave out what is found."""
        self._expected = limit

    def leave_out(self, is_left_out: bool) -> None:
        """Leave all but one of each group out of rankings and evaluations, or take all in."""
        self._leave_out(self._found if is_left_out else None)

    def _leave_out(self, found: Duplicates | None) -> None:
        searching = self._searching
        searching.state.left_out = found
        if searching.gallery is not None:
            searching.take_labels(searching.gallery, searching.state.benchmark)

    def _take(self, gallery: Gallery, found: Duplicates) -> None:
        now = self._searching.gallery
        if now is None or now.images.paths != gallery.images.paths:
            return
        self._found, self._of = found, tuple(gallery.images.paths)
        is_left_out = self._searching.state.left_out is not None or self._expected is not None
        self._expected = None
        if is_left_out:
            self._leave_out(found)
        self._show(gallery)
        self._notices.dismiss(COPIES)
        self.found.emit(found)

    def _keep_out(self, searched: Searched) -> None:
        """Numbers of images are those of one gallery: another order of images needs new ones."""
        if self._found is not None and tuple(searched.gallery.images.paths) != self._of:
            self._clear()
        if self._expected is not None and searched.gallery.progress.is_finished is not False:
            self.look(self._expected)

    def _forget(self) -> None:
        """Another folder, or none."""
        if self._searching.gallery is None and self._found is not None:
            self._clear()

    def _clear(self) -> None:
        self._found, self._of = None, ()
        self._view.show_copies((), "")
        if self._searching.state.left_out is not None:
            self._leave_out(None)

    def _show(self, gallery: Gallery) -> None:
        found = self._found
        if found is None:
            return
        said = found.describe()
        words = f"{said[0].upper()}{said[1:]} among {plural(len(gallery), 'image')}."
        if found.problems:
            words += f" {plural(len(found.problems), 'file')} could not be compared."
        is_left_out = self._searching.state.left_out is not None
        self._view.show_copies(_rows(gallery, found), words, is_left_out=is_left_out)

    def _show_error(self, error: AppError) -> None:
        self._notices.show_error(error, COPIES)


def _rows(gallery: Gallery, found: Duplicates) -> list[CopyRow]:
    paths, labels = gallery.images.paths, gallery.labels
    rows = []
    for group in found.groups:
        for other in group.others:
            of_first, of_other = labels[group.first] or "", labels[other.image] or ""
            label = of_first if of_first == of_other else f"{of_first} and {of_other}"
            apart = EQUAL_FILE if other.is_copy else str(other.distance)
            rows.append(
                CopyRow(
                    other.image, gallery.path(group.first), gallery.path(other.image),
                    (paths[group.first], paths[other.image]), apart, f"{other.cosine:.4f}", label,
                )
            )  # fmt: skip
    return rows
