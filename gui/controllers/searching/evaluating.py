"""Evaluates the gallery that is shown; every result stays with the layer it was computed for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.host import EngineHost, NetToRun
from core.errors import AppError
from core.jobs.evaluate import Evaluated, EvaluateRequest, evaluate
from core.progress import Job
from core.retrieval.benchmarks import WITH_BOXES
from core.retrieval.evaluation import ScoredQuery
from core.retrieval.gallery import Gallery
from core.retrieval.search_steps import SearchSteps
from gui.controllers.searching.index import Searched
from gui.controllers.searching.states import Search
from gui.controllers.searching.values import evaluation_row
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.queries_view import QueryList
from gui.panels.retrieval.view import EvaluationRow

EVALUATE = "evaluate"
NO_LABELS = "No image lies in a folder of its own kind, and no table of labels is chosen."
MOST_EVALUATED_UNASKED = 2000


class Evaluator(QObject):
    """A bar for each representation that was evaluated."""

    evaluated = pyqtSignal(object)

    def __init__(
        self,
        lanes: Lanes,
        notices: Notices,
        panel: RetrievalPanel,
        search: Search,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._notices = notices
        self._panel = panel
        self._search = search
        self.by_benchmark: Callable[[Searched, str, bool], object] = lambda *_: None
        """Evaluates by a published ground truth; whether that is asked for is told last."""
        self.describes: Callable[[Searched], tuple[NetToRun, EngineHost]] | None = None
        """What describes the parts of images that a table names as queries."""

    def why_not(self) -> str:
        """Why no evaluation can run, in a sentence; "" where one can."""
        searched = self._search.searched
        if searched is None:
            return "No image is read yet. Choose a folder of images: Ctrl+G."
        if self._search.benchmark:
            return ""
        if not set(searched.gallery.images.names) - {None}:
            return NO_LABELS
        codes = searched.gallery.images.label_codes
        is_label = np.array([name is not None for name in searched.gallery.images.names])
        if not (np.bincount(codes, minlength=is_label.size)[is_label] > 1).any():
            return "No label has two images, so there is nothing to find."
        return ""

    def evaluate(self, *, is_asked: bool = True) -> None:
        """Rank for every labelled image; a bar for this layer joins the others."""
        searched = self._search.searched
        why_not = self.why_not()
        if searched is None or why_not:
            if is_asked:
                self._notices.show_error(AppError(why_not), EVALUATE)
            return
        row = self._search.rows.get(self._search.key_of(searched.reading.choice))
        if row is not None and not row.is_part:
            if is_asked:
                self._panel.open_evaluations()
            return
        if self._search.benchmark:
            self.by_benchmark(searched, self._search.benchmark, is_asked)
            return
        left_out, steps, host = self._search.left_out, self._search.steps, None
        gallery = searched.gallery
        request = EvaluateRequest(gallery, gallery.truth, steps, left_out)
        lane = self._lanes.server if steps.backend.server else self._lanes.compute
        if searched.gallery.boxes and self.describes is not None:
            net, host = self.describes(searched)
            request, lane = replace(request, net=net), self._lanes.engine
        lane.start(
            lambda: _evaluate(request, host),
            key=EVALUATE,
            title=f"Evaluating {searched.reading.words}" if is_asked else "",
            slice_seconds=SLICE_SECONDS,
            on_result=lambda result: self._take(searched, steps, *result, is_asked=is_asked),
            on_error=lambda error: self._show_error(error, is_asked=is_asked),
        )

    def evaluate_unasked(self, gallery: Gallery) -> None:
        """A small gallery is evaluated as soon as it is shown."""
        n_labels = len(set(gallery.images.names) - {None})
        if gallery.boxes or self._search.benchmark.partition(":")[0] in WITH_BOXES:
            return  # a pass for each query
        if not self._search.steps.is_quick:
            return
        if len(gallery) <= MOST_EVALUATED_UNASKED and n_labels > 1:
            self.evaluate(is_asked=False)

    def evaluate_otherwise(self) -> None:
        """The search does something else: figures of it are others."""
        self.show()
        if self._search.searched is not None:
            self.evaluate_unasked(self._search.searched.gallery)

    def forget_others(self, searched: Searched) -> None:
        """Bars are of one net, preprocessing and truth, else they can not be compared."""
        key = self._made_with(searched.gallery)
        if key != self._search.rows_of:
            self._search.rows.clear()
            self._search.rows_of = key
        self.show()

    def show(self) -> None:
        """Show the bars that there are."""
        self._panel.show_evaluations(tuple(self._search.rows.values()))
        searched = self._search.searched
        key = None if searched is None else self._search.key_of(searched.reading.choice)
        row = None if key is None else self._search.rows.get(key)
        if searched is None or row is None:
            self._panel.show_queries(None)
            return
        gallery = searched.gallery
        self._panel.show_queries(
            QueryList(
                row.queries,
                lambda index: (gallery.path(index), gallery.images[index].path),
                row.label,
                row,
            )
        )

    def cancel(self) -> None:
        """Stop a running evaluation."""
        self._lanes.cancel(EVALUATE)

    def _take(
        self,
        searched: Searched,
        steps: SearchSteps,
        result: Evaluated,
        queries: tuple[ScoredQuery, ...],
        *,
        is_asked: bool,
    ) -> None:
        """The bar is of the gallery that was evaluated, whatever is shown by now."""
        if self._made_with(searched.gallery) != self._search.rows_of:
            return
        variant = steps.variant
        row = evaluation_row(result.evaluation, searched.reading, searched.gallery, variant)
        if result.duplicates is not None:
            row = replace(row, without=result.duplicates.describe())
        self.keep(searched, replace(row, queries=queries))
        if is_asked:
            self._panel.open_evaluations()

    def keep(self, searched: Searched, row: EvaluationRow) -> None:
        """A bar joins the others, and its queries are listed while their ranking is shown."""
        self._search.rows[searched.reading.choice, row.search] = row
        self._notices.dismiss(EVALUATE)
        self.show()
        self.evaluated.emit(row)

    def _made_with(self, gallery: Gallery) -> tuple[object, ...]:
        recipe, search = gallery.recipe, self._search
        net = recipe.net_identity or recipe.net_sha256
        of_net = net, recipe.weights_sha256, recipe.preprocess.digest
        left_out = None if search.left_out is None else search.left_out.limit
        return (*of_net, gallery.truth, search.benchmark, left_out)

    def _show_error(self, error: AppError, *, is_asked: bool) -> None:
        if is_asked:
            self._notices.show_error(error, EVALUATE)


def _evaluate(
    request: EvaluateRequest, host: EngineHost | None
) -> Job[tuple[Evaluated, tuple[ScoredQuery, ...]]]:
    """The evaluation and its queries, sorted where it does not hold the window up."""
    result = yield from evaluate(request, host)
    queries = result.evaluation.worst_first
    if result.duplicates is not None:
        kept = np.setdiff1d(np.arange(len(request.gallery)), result.duplicates.left_out())
        queries = tuple(replace(query, index=int(kept[query.index])) for query in queries)
    return result, queries
