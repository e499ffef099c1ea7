"""Values and weights of the two compared nets: what they are run with, the runs, what they show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject

from core.activations.class_names import ScoredClass
from core.comparison.rows import ComparedFile, ComparisonRow
from core.engines.host import NetToRun
from core.errors import AppError
from core.jobs import compare_values as values_job
from core.jobs import compare_weights as weights_job
from core.jobs.compare_values import ComparedValues, CompareValuesRequest, ValuePair
from core.jobs.compare_weights import (
    ArrayChange,
    ComparedWeights,
    CompareWeightsRequest,
    LayerChange,
    change_text,
)
from core.layers.registry import layer_type
from core.weights.beside import WeightsBeside, find_weights_beside
from core.words import plural, shape_text, with_minus
from gui.controllers.comparing.controller import ComparingController
from gui.controllers.engine_child import EngineController
from gui.dialogs.files import WEIGHTS_FILTER
from gui.document import ModelDocument
from gui.graph.items.pair import Chip
from gui.graph.pair_drawing import IndexPair
from gui.jobs import SLICE_SECONDS, Lanes
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.panels.comparison.values import PairRow, Scores
from gui.panels.comparison.weights import WeightRow
from gui.settings import Settings
from gui.widgets.figure_table import FigureRow

VALUES, WEIGHTS = "compare-values", "compare-weights"
_TINT_COSINE = 0.1
"""A cosine so far below 1 is tinted in full."""


class ComparedRuns(QObject):
    """Runs when it is asked to; what it found goes with the files it is of."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        comparing: ComparingController,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._comparing = comparing
        self._page = window.compare_page
        self._notices = notices
        self._settings = settings
        self._weights: list[Path | None] = [None, None]
        self.values: ComparedValues | None = None
        self.changes: ComparedWeights | None = None
        self._connect()

    @property
    def weights(self) -> tuple[Path | None, Path | None]:
        """The weights files of both nets; None for filler values."""
        return self._weights[0], self._weights[1]

    def run_values(self) -> None:
        """Run both nets on the open image."""
        nets, image = self._nets(), self._document.image_path
        if nets is None or image is None:
            return
        is_open = self._is_open(0)
        recipe = self._document.chosen_recipe if is_open else None
        request = CompareValuesRequest(*nets, image, recipe=recipe)
        self._page.say("values", "Both nets run.")
        self._lanes.engine.start(
            lambda: values_job.compare_values(request, self._engine.host),
            key=VALUES,
            title="Comparing values",
            slice_seconds=SLICE_SECONDS,
            on_result=lambda found: self._show_values(found, image.name),
            on_error=partial(self._fail, "values"),
            on_end=self.refresh,
        )
        self.refresh()

    def run_weights(self) -> None:
        """Read both weights files and hold them against each other."""
        first, second = self.weights
        if first is None or second is None:
            return
        request = CompareWeightsRequest(first, second)
        self._lanes.compute.start(
            lambda: weights_job.compare_weights(request),
            key=WEIGHTS,
            title="Comparing weights",
            slice_seconds=SLICE_SECONDS,
            on_result=self._show_weights,
            on_error=partial(self._fail, "weights"),
            on_end=self.refresh,
        )
        self.refresh()

    def take_weights(self, is_first: bool, path: Path | None) -> None:
        """Run one of the nets with other weights."""
        self._weights[0 if is_first else 1] = path
        self._clear_results()

    def refresh(self) -> None:
        """Say beside the buttons whether both can run."""
        page, running = self._page, self._lanes.is_running
        for sources in (page.values_sources, page.weights_sources):
            sources.show_weights(*self.weights)
        image = self._document.image_path
        why = "" if image is not None else "Open an image first: Ctrl+I."
        why = "Both nets run." if running(VALUES) else why
        page.values_sources.show_possible(why, f"on {image.name}" if image is not None else "")
        missing = [letter for letter, path in zip("AB", self.weights, strict=True) if path is None]
        why = f"Choose the weights of {' and '.join(missing)}." if missing else ""
        page.weights_sources.show_possible("Reading." if running(WEIGHTS) else why)

    def _connect(self) -> None:
        page = self._page
        self._comparing.compared.connect(self._on_compared)
        page.values_sources.run_requested.connect(self.run_values)
        page.weights_sources.run_requested.connect(self.run_weights)
        for sources in (page.values_sources, page.weights_sources):
            sources.weights_requested.connect(self._choose_weights)
        page.values.layer_chosen.connect(
            lambda is_first, name: page.layers.choose_layer(name, is_first=is_first)
        )
        page.weights.layer_chosen.connect(
            lambda name: page.layers.choose_layer(name, is_first=True)
        )
        page.layers.row_selected.connect(self._on_row)
        page.view_changed.connect(lambda _view: self._show_chips())
        for signal in (self._document.image_changed, self._document.weights_changed,
                       self._engine.state_changed):  # fmt: skip
            signal.connect(self._on_document)
        self.refresh()

    def _on_compared(self) -> None:
        """Other files, or others' phases: find the weights of both, and forget what ran."""
        files = self._files()
        self._weights = [None, None]
        self._clear_results()
        for number, file in enumerate(files or ()):
            self._weights[number] = self._known_weights(file)
            if self._weights[number] is None:
                self._look_beside(number, file)
        self.refresh()

    def _on_document(self) -> None:
        for number in range(2):
            if self._is_open(number) and self._weights[number] != self._document.weights_path:
                self.take_weights(number == 0, self._document.weights_path)
        self.refresh()

    def _known_weights(self, file: ComparedFile) -> Path | None:
        if file.is_open:
            return self._document.weights_path
        return self._settings.weights_of(file.path)

    def _look_beside(self, number: int, file: ComparedFile) -> None:
        side = file.side
        if side is None or (file.is_open and self._document.weights is not None):
            return

        def take(found: Sequence[WeightsBeside]) -> None:
            if found and self._weights[number] is None:
                self.take_weights(number == 0, found[0].path)

        self._lanes.files.start(
            lambda: find_weights_beside(file.path, side.net, side.shapes),
            key=f"compare-beside-{number}",
            on_result=take,
            on_error=lambda _error: None,
        )

    def _choose_weights(self, is_first: bool) -> None:
        self._comparing.chooser.open_files(
            f"Weights of {'A' if is_first else 'B'}",
            self._settings.folder("models"),
            WEIGHTS_FILTER,
            lambda paths: self.take_weights(is_first, paths[0]),
        )

    def _files(self) -> tuple[ComparedFile, ComparedFile] | None:
        comparison = self._page.comparison
        if comparison is None or comparison.nets is None:
            return None
        return comparison.first, comparison.second

    def _is_open(self, number: int) -> bool:
        files = self._files()
        return files is not None and files[number].is_open

    def _nets(self) -> tuple[NetToRun, NetToRun] | None:
        """Both nets in the engine and on the device that the window runs."""
        files = self._files()
        if files is None:
            return None
        now = self._engine.request()
        nets = [
            NetToRun(
                file.side.net.text, file.path, weights, file.side.net.state, now.device,
                now.seed, now.engine,
            )
            for file, weights in zip(files, self.weights, strict=True)
            if file.side is not None
        ]  # fmt: skip
        return (nets[0], nets[1])

    def _clear_results(self) -> None:
        self._lanes.cancel(VALUES)
        self._lanes.cancel(WEIGHTS)
        self.values, self.changes = None, None
        page = self._page
        page.values.show_pairs((), (None, None), "")
        page.weights.show_rows(())
        if self._files() is not None:
            page.say("values", "Run both nets on one image to see where their values part.")
            page.say("weights", "Compare two weights files to see which layers have moved.")
        self._show_chips()
        self.refresh()

    def _fail(self, view: str, error: AppError) -> None:
        self._page.say(view, str(error.sentence), error.hint)
        self._notices.show_error(error, f"compare-{view}")

    def _show_values(self, found: ComparedValues, image: str) -> None:
        self.values = found
        sentence, more = values_job.sentence_of(found)
        self._page.say("values", sentence, " ".join(filter(None, (more, *found.notes))))
        scores = tuple(_scores(classes) for classes in found.classes)
        rows = [pair_row(pair) for pair in found.pairs if not pair.is_input]
        self._page.values.show_pairs(rows, (scores[0], scores[1]), image)
        self._show_chips()
        self._on_row(self._page.layers.chosen)

    def _show_weights(self, found: ComparedWeights) -> None:
        self.changes = found
        self._page.say("weights", *weights_job.sentence_of(found))
        self._page.weights.show_rows([weight_row(layer) for layer in found.layers])

    def _show_chips(self) -> None:
        """The distances in the middle, where the values are looked at."""
        if self.values is None or self._page.view != "values":
            self._page.graph.show_chips({})
            return
        rows = self._page.layers.list.rows
        by_name = {row.before.name: row for row in rows if row.before is not None}
        chips: dict[IndexPair, Chip] = {}
        for pair in self.values.pairs:
            row = by_name.get(pair.first.layer) if pair.first is not None else None
            if row is not None and row.pair.before is not None and row.pair.after is not None:
                chips[row.pair.before.index, row.pair.after.index] = chip_of(pair)
        self._page.graph.show_chips(chips)

    def _on_row(self, row: ComparisonRow | None) -> None:
        before = row.before.name if row is not None and row.before is not None else ""
        after = row.after.name if row is not None and row.after is not None else ""
        self._page.values.choose(before, after)
        self._page.weights.choose(before or after)


def chip_of(pair: ValuePair) -> Chip:
    """The distance of a pair as it stands between both graphs."""
    if pair.is_input:
        is_same = pair.distance is not None and pair.distance.is_equal
        return Chip("same input" if is_same else "other input", pair.words)
    if pair.distance is None:
        return Chip(pair.why_not, pair.words)
    if pair.distance.is_equal:
        return Chip("1, equal", f"{pair.words}: bit for bit", is_equal=True)
    tip = f"{pair.words}: relative L2 {pair.distance.relative:.3g}"
    return Chip(values_job.cosine_text(pair.distance), tip, _share(pair.distance.cosine))


def pair_row(pair: ValuePair) -> PairRow:
    """A pair of values as a row of the table, with what is shown once it is chosen."""
    side = pair.first or pair.second
    found = pair.distance
    family = layer_type(pair.type).family
    layer = side.layer if side is not None else ""
    if found is None:
        row = FigureRow(
            (pair.words, "–", "–", "no pair"), family,
            roles=dict.fromkeys((1, 2, 3), "secondary"), tip=f"{pair.words}: {pair.why_not}",
        )  # fmt: skip
        return PairRow(row, layer, pair.first is not None, -1.0, False, pair.words, pair.why_not)
    zeros = 100 * (found.zeros[1] - found.zeros[0])
    cells = (
        pair.words,
        values_job.cosine_text(found),
        f"{found.relative:.3g}" if not found.is_equal else "0",
        with_minus(f"{zeros:+.1f}") if abs(zeros) >= 0.05 else "0",
    )
    shares = {} if found.is_equal else {1: _share(found.cosine)}
    order = 2.0 if found.cosine != found.cosine else 1.0 - found.cosine
    order = -0.5 if found.is_equal else order
    return PairRow(
        FigureRow(cells, family, shares), layer, pair.first is not None, order, found.is_equal,
        pair.words, _facts(pair), pair.histograms,
    )  # fmt: skip


def _facts(pair: ValuePair) -> str:
    shape = shape_text(pair.first.shape) if pair.first is not None else ""
    parts = [f"{shape}, one axis for both"]
    if pair.moved:
        named = ", ".join(f"{channel} ({change_text(part)})" for channel, part in pair.moved)
        word = "channel" if len(pair.moved) == 1 else "channels"
        parts.append(f"most of the difference: {word} {named}")
    return "; ".join(parts)


def _share(cosine: float) -> float:
    return 1.0 if cosine != cosine else min(1.0, (1.0 - cosine) / _TINT_COSINE)


def _scores(classes: Sequence[ScoredClass]) -> Scores | None:
    if not classes:
        return None
    return Scores(f"best {len(classes)}", tuple((one.name, one.score) for one in classes))


def weight_row(layer: LayerChange) -> WeightRow:
    """A layer of two weights files as a row, with the filters of its first array."""
    first = layer.arrays[0] if layer.arrays else None
    family = layer_type(layer.type).family
    if first is None or first.change is None:
        cells = (layer.name, layer.type, "", layer.why_not, "", "")
        return WeightRow(FigureRow(cells, family, roles={3: "secondary"}), layer.name,
                         note=f"{layer.name}: {layer.why_not}.")  # fmt: skip
    largest = max(array.largest for array in layer.arrays)
    n_different = sum(array.n_different for array in layer.arrays)
    n_values = sum(array.n_values for array in layer.arrays)
    cells = (
        layer.name,
        layer.type,
        shape_text(first.shapes[0]),
        "equal" if layer.is_equal else change_text(first.change),
        "0" if layer.is_equal else f"{largest:.2e}",
        f"{n_different:,} of {n_values:,}",
    )
    shares = {} if layer.is_equal else {3: min(1.0, 5 * first.change)}
    row = FigureRow(cells, family, shares, tip=_arrays_tip(layer.arrays))
    filters = tuple(
        FigureRow((str(index), change_text(change)), shares={1: min(1.0, 5 * change)})
        for index, change in first.filters
    )
    note = "" if filters else f"{layer.name} is equal in both files, bit for bit."
    if not filters and not layer.is_equal:
        note = f"{layer.name} has {plural(first.n_values, 'value')} and no filters."
    return WeightRow(row, layer.name, filters, note)


def _arrays_tip(arrays: Sequence[ArrayChange]) -> str:
    return "\n".join(
        f"array {array.index}, {shape_text(array.shapes[0])}: "
        + ("equal" if array.is_equal else array.why_not or change_text(array.change))
        for array in arrays
    )
