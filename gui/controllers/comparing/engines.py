"""Holds another engine or precision against float32 PyTorch on the open image."""

from __future__ import annotations

from PyQt5.QtCore import QObject

from core.engines.fidelity import LayerFidelity
from core.errors import AppError
from core.jobs.fidelity import Fidelity, FidelityRequest, measure
from core.layers.registry import layer_type
from core.net.definition import Net
from core.net.value_words import value_words
from gui.controllers.engine_child import EngineController
from gui.controllers.engine_choice import EngineChoiceController, caffe_spec, spec_of
from gui.dialogs.engine_choice import EngineChoice
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.main_window import MainWindow
from gui.widgets.figure_table import FigureRow
from gui.widgets.precision_choice import COARSER_PRECISIONS, precision_title

KEY = "fidelity"
_NAMES = {
    **{name: f"{precision_title(name)} PyTorch" for name in COARSER_PRECISIONS},
    "caffe": "your own Caffe",
}
_FULL_TINT = 0.01
"""A difference of this share of the layer's largest value is tinted in full."""


class ComparedEngines(QObject):
    """Runs both engines, each in a child of its own, beside the window's."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        choice: EngineChoiceController,
        window: MainWindow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._choice = choice
        self._window = window
        self._page = window.compare_page
        panel = self._page.engines
        panel.run_requested.connect(self._run)
        panel.layer_chosen.connect(document.select)
        choice.changed.connect(self._choose_other)
        choice.fidelity_requested.connect(self.show_precision)
        for signal in (document.net_changed, document.image_changed, document.weights_changed,
                       engine.state_changed):  # fmt: skip
            signal.connect(self._refresh)
        document.opened.connect(self._clear)
        self._choose_other()
        self._refresh()

    def show(self) -> None:
        """Open the view."""
        self._window.show_page("compare")
        self._page.show_view("engines")

    def show_precision(self, precision: str) -> None:
        """Open the view for a precision, and run both where that can be done now."""
        self.show()
        self._page.engines.choose_other(precision)
        self._page.engines.run.click()

    def _choose_other(self) -> None:
        """The engine in use is one of the two; where that is float32 itself, what can be had."""
        choice = self._choice.choice()
        other = "caffe" if choice.name == "caffe" or choice.command else "bfloat16"
        if choice.name == "torch" and choice.precision in COARSER_PRECISIONS:
            other = choice.precision
        self._page.engines.choose_other(other)

    def _refresh(self) -> None:
        document = self._document
        why = ""
        if document.net is None:
            why = "Open a prototxt first: Ctrl+O."
        elif document.image_path is None:
            why = "Open an image first: Ctrl+I."
        elif self._lanes.is_running(KEY):
            why = "Both run."
        on = document.image_path.name if document.image_path is not None else ""
        note = f"on {on}" if document.weights is not None else f"on {on}, with filler values"
        self._page.engines.show_possible(why, note)

    def _clear(self) -> None:
        self._lanes.cancel(KEY)
        self._page.engines.show_rows((), ())
        said = "Run one net in two engines to see how far their values are apart."
        self._page.say("engines", said)

    def _run(self, other: str) -> None:
        try:
            request = self._request(other)
        except AppError as error:
            self._fail(error)
            return
        net = self._document.net
        if net is None:
            return
        source = f"{request.net.path.name} {self._page.engines.note.text()}"
        self._page.say("engines", f"float32 PyTorch and {_NAMES[other]} run.")
        self._lanes.compute.start(
            lambda: measure(request),
            key=KEY,
            title="Comparing engines",
            slice_seconds=SLICE_SECONDS,
            on_result=lambda found: self._show(net, found, _NAMES[other], source),
            on_error=self._fail,
            on_end=self._refresh,
        )
        self._refresh()

    def _request(self, other: str) -> FidelityRequest:
        document = self._document
        spec = (
            caffe_spec(self._choice.choice())
            if other == "caffe"
            else spec_of(EngineChoice(precision=other))
        )
        images = () if document.image_path is None else (document.image_path,)
        return FidelityRequest(self._engine.request(), spec, images, recipe=document.chosen_recipe)

    def _show(self, net: Net, found: Fidelity, name: str, source: str) -> None:
        panel, notes = self._page.engines, " ".join(found.notes)
        rows = found.rows
        panel.show_rows([_row(net, r) for r in rows], [r.value.layer for r in rows], source)
        if not rows:
            self._page.say("engines", "No layer of this net computes anything.", notes)
            return
        worst = min(range(len(rows)), key=lambda place: rows[place].cosine)
        largest = max(row.relative_difference for row in rows)
        panel.choose(worst)
        self._page.say(
            "engines",
            f"{name}: lowest cosine {rows[worst].cosine:.7f} at {rows[worst].value.layer}.",
            f"The largest difference is {largest:.1e} of the largest value of its layer. {notes}",
        )

    def _fail(self, error: AppError) -> None:
        self._page.say("engines", error.sentence, error.hint)


def _row(net: Net, found: LayerFidelity) -> FigureRow:
    words = found.value.layer
    for version in net.written(words) if net.has_layer(words) else ():
        words = value_words(version) if version.blob == found.value.top else words
    return FigureRow(
        (words, found.type, f"{found.cosine:.7f}", f"{found.relative_difference:.1e}"),
        layer_type(found.type).family,
        shares={3: min(1.0, found.relative_difference / _FULL_TINT)},
    )
