"""What else is done with the gallery that is searched: queries apart, labels, its export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError, EngineCrashed
from core.jobs.evaluate import Evaluated, EvaluateQueriesRequest, evaluate_queries
from core.jobs.export_gallery import ExportGalleryRequest, export
from core.retrieval.evaluation_words import evaluation_words
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_labels import label_gallery
from core.retrieval.ground_truth import choose_labels
from core.retrieval.label_matching import MatchedLabels
from core.words import join_names, plural
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.index import FOLDERS
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notice, Notices

QUERIES, EXPORT, LABELS = "evaluate-queries", "export-gallery", "labels"
_MOST_NOTES = 3
_MOST_PREVIEWED, _MOST_SHOWN = 500, 5


class GalleryWorkController(QObject):
    """Starts one job at a time of each kind; the notices say what came out."""

    evaluated = pyqtSignal(object)
    exported = pyqtSignal(object)

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        searching: SearchingController,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._engine = engine
        self._searching = searching
        self._notices = notices

    def evaluate_queries(self, folder: Path) -> None:
        """Rank the gallery for every image of a folder apart from it, labelled by its folders."""
        gallery, net = self._searching.gallery, self._searching.net
        if gallery is None or net is None:
            return
        state = self._searching.state
        request = EvaluateQueriesRequest(
            gallery,
            (folder,),
            gallery.truth,
            net=net,
            search=state.steps,
            without_copies=state.left_out,
        )
        self._lanes.engine.start(
            lambda: evaluate_queries(request, self._engine.host),
            key=QUERIES,
            title=f"Evaluating the queries of {folder.name}",
            slice_seconds=SLICE_SECONDS,
            on_result=lambda found: self._take_evaluation(folder, found),
            on_error=lambda error: self._show_error(error, QUERIES),
        )

    def label(self, truth: str) -> None:
        """Take the labels of a table, or of the folders again."""
        gallery = self._searching.gallery
        if gallery is None:
            return
        self._lanes.compute.start(
            lambda: label_gallery(gallery, truth),
            key=LABELS,
            title=f"Reading labels of {Path(truth).name}" if Path(truth).is_file() else "",
            on_result=self._take_labels,
            on_error=lambda error: self._show_error(error, LABELS),
        )

    def preview(
        self, truth: str, show: Callable[[str, Sequence[tuple[str, str]], str], None]
    ) -> None:
        """Tell `show` (truth, names with their labels, why not) of the first images."""
        gallery = self._searching.gallery
        if gallery is None:
            return
        paths = gallery.images.paths[:_MOST_PREVIEWED]

        def found(matched: MatchedLabels) -> None:
            pairs = zip(paths, matched.labels, strict=True)
            show(truth, [(p, name or "no label") for p, name in pairs][:_MOST_SHOWN], "")

        self._lanes.compute.start(
            lambda: choose_labels(truth, paths),
            key="label-preview",
            on_result=found,
            on_error=lambda error: show(truth, (), f"{error.sentence} {error.hint}".strip()),
        )

    def export(self, out: Path) -> None:
        """Write descriptors and names of the gallery to a file."""
        gallery = self._searching.gallery
        if gallery is None:
            return
        request = ExportGalleryRequest(gallery, out)
        self._lanes.files.start(
            lambda: export(request),
            key=EXPORT,
            title=f"Writing {out.name}",
            on_result=self._take_export,
            on_error=lambda error: self._show_error(error, EXPORT),
        )

    def _take_evaluation(self, folder: Path, found: Evaluated) -> None:
        one = found.evaluation
        words = f"{evaluation_words(one)}. AP: {one.ap_variant}."
        notes = " ".join((*found.notes, *(f"{p.path}: {p.reason}" for p in found.problems))[
            :_MOST_NOTES])  # fmt: skip
        queries = "query" if one.n_queries == 1 else "queries"
        title = f"{one.n_queries:,} {queries} of {folder.name} against the gallery"
        kind = "warning" if found.problems else "ok"
        self._notices.show(Notice(kind, title, f"{words} {notes}".rstrip(), key=QUERIES))
        self.evaluated.emit(found)

    def _take_labels(self, found: tuple[Gallery, MatchedLabels]) -> None:
        gallery, matched = found
        self._searching.take_labels(gallery)
        if gallery.truth == FOLDERS:
            self._notices.dismiss(LABELS)
            return
        n_labelled = sum(label is not None for label in matched.labels)
        by_names = gallery.truth.startswith("pattern:")
        source = "by the pattern" if by_names else "of the table"
        title = f"{n_labelled:,} of {plural(len(gallery), 'image')} have a label {source}"
        body = " ".join(matched.notes[:_MOST_NOTES])
        kind = "ok" if n_labelled == len(gallery) and not body else "warning"
        self._notices.show(Notice(kind, title, body, key=LABELS))

    def _take_export(self, written: tuple[Path, ...]) -> None:
        names = join_names([path.name for path in written])
        body = f"{names} in {written[0].parent}"
        self._notices.show(Notice("ok", "Descriptors and names written", body, key=EXPORT))
        self.exported.emit(written)

    def _show_error(self, error: AppError, key: str) -> None:
        if not isinstance(error, EngineCrashed):  # has its own notice
            self._notices.show_error(error, key)
